#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What all tools have in common: --help, --version, wrong usage, messages, manual, completion.

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

@test "each tool: -h is --help where it is nothing else" {
	local manual name
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
		[ "$name" != port-helper ] || continue
		split "$(tool "$name")" -h
		[ "$status" -eq 0 ]
		[ -z "$err" ]
		[ "$out" = "$("$(tool "$name")" --help)" ]
	done
	# There it is the name of a host, as login(1) has it.
	split "$(tool port-helper)" -h
	[ "$status" -eq 2 ]
}

@test "each tool: help that can not be written is a failure, exit 1" {
	local manual name
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
		for option in --help --version; do
			log "$name $option"
			status=0
			"$(tool "$name")" "$option" >/dev/full 2>"$BATS_TEST_TMPDIR/full" || status=$?
			[ "$status" -eq 1 ]
			[ "$(cat "$BATS_TEST_TMPDIR/full")" = \
				"$name: cannot print the ${option#--}: No space left on device" ]
		done
	done
}

@test "each tool: bytes that a terminal would obey do not get into its messages" {
	local manual name program effect locale all
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
		split "$(tool "$name")" $'--\e[31mred\nline'
		[ "$status" -eq 2 ]
		[[ $err != *$'\e'* ]]
		[[ $(sed -n 2p <<<"$err") == "usage: $name"* ]]
		program=$(tool "$name") all=
		for effect in "${terminal_effects[@]}"; do
			for locale in C C.UTF-8; do
				split env LC_ALL="$locale" "$program" "--x$effect"
				[ "$status" -eq 2 ]
				[[ $err == *--x* ]]
				all+=$err$'\n'
			done
		done
		has_no_effect "$all"
		# Letters are shown where the terminal has them. uml_net believes no environment.
		[ "$name" != uml_net ] || continue
		split env LC_ALL=C.UTF-8 "$program" "--xäÛ€漢"
		[[ $err == *"--xäÛ€漢"* ]]
		split env LC_ALL=C "$program" "--xäÛ€漢"
		LC_ALL=C grep -q '^[ -~]*$' <<<"$(head -n 1 <<<"$err")"
	done
}

@test "each tool: the manual has each option of --help and no other" {
	local manual name letter
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
		log "$manual"
		sed 's/\\-/-/g; s/\\f[BIRP]//g' "$manual" |
			sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' >"$BATS_TEST_TMPDIR/options"
		diff <("$(tool "$name")" --help | long_options) \
			<(long_options <"$BATS_TEST_TMPDIR/options")
		for letter in $("$(tool "$name")" --help | sed -n 's/^  -\([A-Za-z0-9]\).*/\1/p'); do
			log "-$letter"
			grep -qE -- "(^|[^-[:alnum:]])-$letter([^[:alnum:]]|\$)" "$BATS_TEST_TMPDIR/options"
		done
	done
}

@test "each tool has a manual, each manual a tool; all sections are there and format cleanly" {
	local manual name
	diff <(make -s --no-print-directory -C "$UML_BUILD" list-tools | sort) \
		<(for manual in $(manuals); do basename "${manual%.*}"; done | sort)
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
		log "$manual"
		[[ $(lexgrog "$manual") == *": \"$name - "* ]]
		split env MANWIDTH=80 man --warnings -E UTF-8 -l "$manual"
		[ "$status" -eq 0 ]
		[ -z "$err" ]
		for section in NAME SYNOPSIS DESCRIPTION OPTIONS "EXIT STATUS" EXAMPLES "SEE ALSO"; do
			log "$section"
			grep -qE "^\.SH \"?$section\"?\$" "$manual"
		done
	done
}

@test "each tool has a completion that offers its options" {
	local manual name
	for manual in $(manuals); do
		name=$(basename "${manual%.*}")
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

# complete TOOL WORD...: what the tool's completion offers for the last word.
complete_word() {
	bash -c '
		. "$1/$2/complete.bash"
		shift 2
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		function=$(complete -p "$1" | sed "s/.*-F \([^ ]*\).*/\1/")
		$function "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' - "$UML_SOURCE" "$@"
}

@test "uml_net and port-helper: a request is completed word by word, files where they stand" {
	cd "$BATS_TEST_TMPDIR"
	touch policy.conf
	[ "$(complete_word uml_net uml_net 4 '' | xargs)" = "tuntap add del" ]
	[ "$(complete_word uml_net uml_net 4 tuntap d)" = down ]
	[ "$(complete_word uml_net uml_net --config = pol)" = policy.conf ]
	[ "$(complete_word uml_net uml_net --config = '' | grep policy)" = policy.conf ]
	[ "$(complete_word uml_net uml_net --check --con)" = --config ]
	[ "$(complete_word port-helper port-helper --uml-socket pol)" = policy.conf ]
	[ "$(complete_word port-helper port-helper --uml-socket = pol)" = policy.conf ]
	[ -z "$(complete_word port-helper port-helper --uml-socket no-such)" ]
}
