# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the tests of debug kernels share, besides ../lib/common: a kernel with fragments of
# kernel/arch/um/configs, built in $UML_BUILD/debug-NAME, and what such a kernel does.

# shellcheck disable=SC2034,SC2154 # variables of ../lib/common and of bats

source=$UML_BUILD/kernel/source
# One program of tests/guest may take as long as this: an instrumented kernel is slow.
program_limit_s=300

# What no kernel may say: reports of each debugging aid, warnings, call traces.
complaints='BUG:|WARNING:|INFO: |UBSAN:|possible .*deadlock|Call Trace|kernel fault|suspected memory leak'

# debug_setup NAME: guests of this file run that kernel. For setup().
debug_setup() {
	guest_setup
	[ -f "$source/Makefile" ] || skip "no kernel tree in this build"
	objects=$UML_BUILD/debug-$1
	guest_kernel=$objects/linux
}

# debug_make TARGET...: the kernel's make for that kernel.
debug_make() {
	local compiler=gcc
	! command -v ccache >/dev/null || compiler="ccache gcc"
	run make -s -C "$source" ARCH=um O="$objects" CC="$compiler" -j "$(nproc)" "$@" 3>&-
	log "$(tail -n 20 <<<"$output")"
	[ "$status" -eq 0 ]
}

# debug_build "FRAGMENT..." [OPTION=VALUE]...: the default configuration without what is in
# small.config, the fragments, and the options, which the test needs to see that the aids work. Each
# line of these must come into effect.
debug_build() {
	local fragments=("$UML_TESTS/debug/small.config") name line
	for name in $1; do
		fragments+=("$UML_SOURCE/kernel/arch/um/configs/$name.config")
	done
	shift
	printf 'CONFIG_%s\n' "$@" >"$BATS_TEST_TMPDIR/test.config"
	fragments+=("$BATS_TEST_TMPDIR/test.config")
	mkdir -p "$objects"
	debug_make defconfig
	(cd "$objects" && "$source/scripts/kconfig/merge_config.sh" -m -O "$objects" .config \
		"${fragments[@]}") >/dev/null
	debug_make olddefconfig
	while read -r line; do
		grep -qx "$line" "$objects/.config" || {
			log "$line is not in effect"
			return 1
		}
	done < <(grep -h '^CONFIG.*=[^n]' "${fragments[@]}")
	debug_make all
}

# debug_script TEXT [FILE]...: boots a guest that runs TEXT with debugfs mounted and the FILEs in
# /tmp. What TEXT writes to /dev/ubdb is in $guest_dir/result afterwards.
debug_script() {
	local text=$1 file
	shift
	: >"$guest_dir/files.tar"
	for file; do
		tar -rf "$guest_dir/files.tar" -C "$(dirname "$file")" "$(basename "$file")"
	done
	truncate -s %4096 "$guest_dir/files.tar"
	printf '%s\n' 'mount -t debugfs none /sys/kernel/debug' 'cd /tmp' \
		"${1:+tar -xf /dev/ubdc || exit 9}" "$text" 'exit $?' >"$guest_dir/script"
	truncate -s 256M "$guest_dir/result"
	guest_boot mem=1G ubd1="$guest_dir/result" ${1:+ubd2r="$guest_dir/files.tar"} \
		ubd15r="$guest_dir/script" run=/bin/sh,/dev/ubdp
}

# The text that the script wrote; after it the disk is null bytes.
debug_result() {
	tr -d '\0' <"$guest_dir/result"
}

# absent REGEX: fails, and shows them, if lines of standard input match.
absent() {
	local found
	found=$(grep -aE -- "$1") || return 0
	log "$found"
	return 1
}

# debug_programs [TEXT]: all programs of tests/guest pass, then TEXT succeeds; the kernel has
# nothing to say.
debug_programs() {
	local programs=$guest_dir/programs count
	count=$(find "$UML_SOURCE/tests/guest" -name '*.c' | wc -l)
	guest_limit_s=1800
	debug_script "sh /t/guest/run.sh -t $program_limit_s /t/guest >/dev/ubdb 2>&1; ${1:-true}"
	debug_result >"$programs"
	log "$(grep -a '^FAIL\|: exit ' "$programs")"
	[ "$status" -eq 0 ]
	[ "$(grep -ac ': exit 0$' "$programs")" -eq "$count" ]
	absent '^FAIL' <"$programs"
	absent "$complaints" <<<"$output"
}
