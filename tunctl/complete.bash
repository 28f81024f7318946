# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of tunctl: options, users, groups and the interfaces that it lists.

_tunctl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	case $before in
	-u | --owner) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
	-g | --group) mapfile -t COMPREPLY < <(compgen -g -- "$word") ;;
	-f | --device) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	-d | -t | --delete | --name)
		mapfile -t COMPREPLY < <(compgen -W \
			"$(tunctl --list 2>/dev/null | sed '1d; s/ .*//')" -- "$word")
		;;
	--mac | --address) ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W '--owner --group --name --tun --tap --brief
			--multi-queue --vnet-hdr --mac --address --up --delete --list --json --device
			--help --version' -- "$word")
		;;
	esac
}

complete -F _tunctl tunctl
