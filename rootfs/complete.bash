# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Completion of uml_mkroot's arguments.

_uml_mkroot() {
	local word=$2 previous=$3
	case $previous in
	--debian)
		mapfile -t COMPREPLY < <(compgen -W "bookworm trixie forky sid" -- "$word")
		return
		;;
	--program | -b | --ssh-key | --add | -a)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--size | -s | --hostname | --include | --mirror)
		return
		;;
	esac
	case $word in
	-*) mapfile -t COMPREPLY < <(compgen -W "--busybox --debian --size --hostname --add --force
		--quiet --help --version --program --include --no-password --ssh-key --mirror" \
		-- "$word") ;;
	*) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	esac
}
complete -o filenames -F _uml_mkroot uml_mkroot
