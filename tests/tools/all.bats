#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What all tools have in common: --help, --version, wrong usage, manual, completion.

load ../lib/common
load ../lib/tools

# Manuals in the source folder, one a tool.
manuals() {
	find "$UML_SOURCE" -maxdepth 2 -name '*.[18]' ! -path '*/build*' ! -path '*/.*' \
		! -path '*/autom4te.cache/*' | sort
}

# The long options that a text names.
long_options() {
	grep -oE -- '--[a-z][a-z0-9-]*' | sort -u
}

@test "each tool: --help and --version exit 0 and print on stdout alone" {
	local manual name
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
		split "$(tool "$name")" --help
		[ "$status" -eq 0 ]
		[[ $out == "usage: $name"* ]]
		[ -z "$err" ]
		split "$(tool "$name")" --version
		[ "$status" -eq 0 ]
		[[ $out == "$name (user-mode-linux) "* ]]
		[ -z "$err" ]
	done
}

@test "each tool: an unknown option prints one line and the usage on stderr, exit 2" {
	local manual name
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
		split "$(tool "$name")" --no-such-option
		[ "$status" -eq 2 ]
		[ -z "$out" ]
		[[ $(head -n 1 <<<"$err") == "$name: unknown "*"'--no-such-option'" ]]
		[[ $(sed -n 2p <<<"$err") == "usage: $name"* ]]
	done
}

@test "each tool: the manual has each option of --help and no other, and formats cleanly" {
	local manual name
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
		log "$manual"
		grep -q '^\.SH EXIT STATUS' "$manual"
		diff <("$(tool "$name")" --help | long_options) \
			<(sed 's/\\-/-/g; s/\\f[BIRP]//g' "$manual" |
				sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' | long_options)
	done
}

@test "each tool has a completion that offers its options" {
	local manual name
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
		case $name in port-helper | uml_net) continue ;; esac
		grep -rqs "^COMPLETIONS += $name:" "$UML_SOURCE"/*/Makemodule.am
		diff <("$(tool "$name")" --help | long_options) <(PATH="$(dirname "$(tool "$name")"):$PATH" \
			bash -c '
				file=$(sed -n "s/^COMPLETIONS += $1://p" "$2"/*/Makemodule.am)
				. "$2/$file"
				COMP_WORDS=("$1" --) COMP_CWORD=1
				function=$(complete -p "$1" | sed "s/.*-F \([^ ]*\).*/\1/")
				$function "$1" -- "$1"
				printf "%s\n" "${COMPREPLY[@]}"' - "$name" "$UML_SOURCE" | long_options)
	done
}
