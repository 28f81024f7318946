# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of uml_net: options, the words of a request, interfaces.

# The names of the host's interfaces that tell what kind they are: bridges and taps.
_uml_net_interfaces() {
	local file
	for file in /sys/class/net/*/"$1"; do
		[ ! -e "$file" ] || { file=${file%/*} && printf '%s\n' "${file##*/}"; }
	done
}

_uml_net() {
	local word=${COMP_WORDS[COMP_CWORD]} words=''

	COMPREPLY=()
	# What is written --config=FILE comes as three words.
	if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --config || ${COMP_WORDS[*]:COMP_CWORD-2:2} == '--config =' ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "${word#=}")
		return
	fi
	case $COMP_CWORD:${COMP_WORDS[*]:1:COMP_CWORD-1} in
	1:) words='4 --check --config --help --version' ;;
	'2:4') words='tuntap add del' ;;
	'3:4 tuntap') words='up down' ;;
	'4:4 tuntap up') words=$(_uml_net_interfaces bridge) ;;
	'4:4 tuntap down' | '3:4 add' | '3:4 del') words=$(_uml_net_interfaces tun_flags) ;;
	*:--*) words='--check --config --help --version' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _uml_net uml_net
