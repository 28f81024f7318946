# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of uml_mconsole in bash: options, umids, commands.

# compgen -W expands its words as the shell does, and anybody can name a folder in /tmp/uml.
_uml_mconsole_umids() {
	local socket
	for socket in ~/.uml/*/mconsole "${TMPDIR:-/tmp}"/uml/*/mconsole /tmp/uml/*/mconsole; do
		[ -S "$socket" ] || continue
		socket=${socket%/mconsole}
		socket=${socket##*/}
		[[ $socket =~ ^[[:alnum:]_.-]+$ ]] && printf '%s\n' "$socket"
	done
}

_uml_mconsole_commands() {
	uml_mconsole --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\).*/\1/p'
}

_uml_mconsole() {
	local word=${COMP_WORDS[COMP_CWORD]} words=() before i
	COMPREPLY=()

	# The words before the one that is completed, options left out.
	for ((i = 1; i < COMP_CWORD; i++)); do
		before=${COMP_WORDS[i]}
		case $before in
		-t | --timeout)
			# What is written --timeout=3 comes as three words.
			i=$((i + 1))
			[ "${COMP_WORDS[i]}" != = ] || i=$((i + 1))
			;;
		-*) [ "${#words[@]}" -eq 0 ] || words+=("$before") ;;
		*) words+=("$before") ;;
		esac
	done

	if [ "${#words[@]}" -eq 0 ] && [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '--list --json --timeout --force --clean --help
			--version' -- "$word")
	elif [ "${#words[@]}" -eq 0 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_uml_mconsole_umids)
			$(_uml_mconsole_commands)" -- "$word"; [[ $word != */* ]] || compgen -f -- "$word")
	elif [ "${#words[@]}" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_uml_mconsole_commands)" -- "$word")
	else
		case ${words[-1]} in
		switch) mapfile -t COMPREPLY < <(compgen -W "$(_uml_mconsole_umids)" -- "$word") ;;
		log) mapfile -t COMPREPLY < <(compgen -W '-f' -- "$word"; compgen -f -- "$word") ;;
		*) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
		esac
	fi
}

complete -F _uml_mconsole uml_mconsole
