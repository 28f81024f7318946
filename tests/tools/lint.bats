#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# What other programs find in the sources: shellcheck in the scripts, gcc, clang and its analyzer in the
# host tools.

load ../lib/common

# The tree's own files; not what builds and autoreconf put there.
own_files() {
	find . \( -path './build*' ! -path './build-aux*' -o -path './.git' -o -name autom4te.cache \
		-o -path './user-mode-linux-*' -o -path './kernel/source' -o -path './kernel/obj' \
		-o -name '.*.cmd' \) -prune -o -type f ! -path './configure*' \
		! -path './build-aux/ar-lib' ! -path './build-aux/compile' \
		! -path './build-aux/depcomp' ! -path './build-aux/install-sh' \
		! -path './build-aux/missing' ! -path './build-aux/test-driver' "$@" -print
}

# configure_in FOLDER ASSIGNMENT...: a build of the tools alone, warnings are errors.
configure_in() {
	local folder=$BATS_TEST_TMPDIR/$1
	shift
	mkdir "$folder"
	cd "$folder" || return 1
	"${analyzer[@]}" "$UML_SOURCE/configure" --disable-kernel --enable-werror "$@" >log 2>&1 || {
		cat log
		return 1
	}
}

@test "shellcheck is clean on every script" {
	cd "$UML_SOURCE"
	mapfile -t scripts < <(own_files ! -name '*.bats' ! -name '*.[18]' -exec grep -qE -m 1 \
		'^#!(/bin/|/usr/bin/env )(ba)?sh|^# shellcheck shell' {} \;)
	[ "${#scripts[@]}" -gt 8 ]
	log "${#scripts[@]} scripts"
	run_logged shellcheck "${scripts[@]}"
	[ "$status" -eq 0 ]
	# What load brings into a bats file is not followed; a test is a subshell by design; the
	# options of a guest have commas.
	mapfile -t scripts < <(own_files -name '*.bats')
	[ "${#scripts[@]}" -gt 8 ]
	run_logged shellcheck -e SC2034,SC2154,SC2030,SC2031,SC2054 "${scripts[@]}"
	[ "$status" -eq 0 ]
}

@test "gcc builds the tools without a warning, and clang's analyzer finds nothing in them" {
	local analyzer=(scan-build --status-bugs --use-cc=gcc -o "$BATS_TEST_TMPDIR/reports")
	# A compiler cache would keep the sources from the analyzer.
	configure_in gcc CCACHE=no
	run_logged "${analyzer[@]}" make -j "$(nproc)"
	[ "$status" -eq 0 ]
	[[ $output == *"No bugs found"* ]]
	# It has looked: a mistake that it knows is found.
	cat >mistake.c <<-'EOT'
	int mistake(int *place) { return place ? 1 : *place; }
	EOT
	run_logged "${analyzer[@]}" gcc -c mistake.c
	[ "$status" -ne 0 ]
}

@test "clang builds the tools without a warning" {
	local analyzer=()
	configure_in clang CC=clang
	run_logged make -j "$(nproc)" all
	[ "$status" -eq 0 ]
	[[ $output != *warning:* ]]
}
