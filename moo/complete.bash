# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of uml_moo and uml_mkcow: their options, else file names.

_uml_cow() {
	local words word=${COMP_WORDS[COMP_CWORD]}

	case $1 in
	*uml_moo) words='--backing --in-place --gzip --force --quiet --check --json --help --version' ;;
	*) words='--force --size --help --version' ;;
	esac
	COMPREPLY=()
	case $word in
	-*) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
	esac
}

complete -o default -F _uml_cow uml_moo uml_mkcow
