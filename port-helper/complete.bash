# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of port-helper: options, and the sockets that --uml-socket may name.

_port_helper() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	# What is written --uml-socket=PATH comes as three words.
	if [[ $before == = || $word == = ]]; then
		before=--uml-socket word=${word#=}
	fi
	case $before in
	--uml-socket | -uml-socket) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W '--uml-socket --telnet --help --version' \
			-- "$word")
		;;
	esac
}

complete -F _port_helper port-helper
