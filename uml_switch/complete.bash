# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of uml_switch in bash: options, tap devices, kinds of ports, settings of ports.

_uml_switch_ports() {
	local device
	printf '%s\n' all unix seqpacket stream tap uid: umid:
	for device in /sys/class/net/*/tun_flags; do
		[ -e "$device" ] || continue
		device=${device%/tun_flags}
		printf '%s\n' "${device##*/}"
	done
}

# What stands behind the last comma of a rule.
_uml_switch_settings() {
	local rule=$1 setting
	for setting in vlan= trunk= native= isolated sticky rate= pps= flood= mac-limit= mirror; do
		printf '%s,%s\n' "${rule%,*}" "$setting"
	done
}

_uml_switch() {
	local word=${COMP_WORDS[COMP_CWORD]} before=
	COMPREPLY=()
	[ "$COMP_CWORD" -eq 0 ] || before=${COMP_WORDS[COMP_CWORD - 1]}
	# What is written --port=x comes as three words.
	if [ "$word" = = ]; then
		word=
	elif [ "$before" = = ] && [ "$COMP_CWORD" -ge 2 ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $before in
	-port | --port | -mirror | --mirror)
		if [[ $word == *,* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_uml_switch_settings "$word")" -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -W "$(_uml_switch_ports)" -- "$word")
		fi
		;;
	-tap | --tap)
		mapfile -t COMPREPLY < <(compgen -W "$(_uml_switch_ports)" -- "$word")
		;;
	-group | --group) mapfile -t COMPREPLY < <(compgen -g -- "$word") ;;
	-user | --user) mapfile -t COMPREPLY < <(compgen -u -- "$word") ;;
	-mac-age | --mac-age | -mac-limit | --mac-limit | -max-ports | --max-ports | -max-frame | \
		--max-frame | -mode | --mode) ;;
	*)
		if [[ $word == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W '--unix --hub --tap --daemon --compat-v0
				--seqpacket --stream --connect --port --mac-age --mac-limit --max-ports
				--max-frame --pcap --mirror --mode --group --user --syslog --status --json
				--help --version' -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		fi
		;;
	esac
}

complete -F _uml_switch uml_switch
