#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Kernel stacks: their ends are guarded, interrupts have their own, traces go from one to the other.
# And what modules see of the kernel's mappings. By a module that uses much of both: deep.c.

load ../lib/common

setup_file() {
	[ -f "$UML_BUILD/kernel/obj/.config" ] || skip "UML_KERNEL is not of this build"
	local compiler=gcc
	! command -v ccache >/dev/null || compiler="ccache gcc"
	cp "$UML_TESTS/kernel/deep.c" "$BATS_FILE_TMPDIR"
	echo 'obj-m := deep.o' >"$BATS_FILE_TMPDIR/Makefile"
	make -s -C "$UML_BUILD" --no-print-directory kernel-modules >&2 3>&-
	make -s -C "$UML_BUILD/kernel/source" ARCH=um O="$UML_BUILD/kernel/obj" CC="$compiler" \
		M="$BATS_FILE_TMPDIR" modules >&2 3>&-
	truncate -s %4096 "$BATS_FILE_TMPDIR/deep.ko"
	chmod -R a+rX "$BATS_FILE_TMPDIR"
}

# deep COMMAND [OPTION]...: boots a guest that has the module as deep.ko, and runs COMMAND.
deep() {
	local command=$1
	shift
	cp "$BATS_FILE_TMPDIR/deep.ko" "$guest_dir/deep.ko"
	printf '%s\n' 'cat /dev/ubdb >/tmp/deep.ko && cd /tmp || exit 9' "$command" 'exit $?' \
		>"$guest_dir/script"
	truncate -s %4096 "$guest_dir/script"
	guest_boot mem=256M ubd1r="$guest_dir/deep.ko" ubd2r="$guest_dir/script" "$@" \
		run=/bin/sh,/dev/ubdc
}

@test "a stack that overflows is reported as such, with a trace, and nothing is overwritten" {
	deep 'insmod deep.ko how=overflow'
	[ "$status" -eq 1 ]
	[[ $output == *"kernel stack overflow: the stack of a task"* ]]
	[[ $output == *"deep_recurse"* ]]
	[[ $output == *"Kernel panic - not syncing: kernel fault"* ]]
	guest_check_clean
}

@test "interrupts and softirqs have a stack of their own: two that are deep fit" {
	deep 'insmod deep.ko how=nested && dmesg | grep "deep: nested: 0"'
	[ "$status" -eq 0 ]
	[[ $output != *"Call Trace"* ]]
	guest_check_clean
}

@test "a trace in an interrupt goes on with what was interrupted" {
	deep 'insmod deep.ko how=trace && dmesg | sed -n "/Call Trace/,/do_syscall\|init_module/p"'
	[ "$status" -eq 0 ]
	for function in deep_trace deep_timer handle_irqs deep_wait deep_recurse deep_init; do
		[[ $output =~ $function\+0x ]]
	done
	guest_check_clean
}

@test "modules load and work when the host has no mapping left" {
	deep 'for n in 1 2 3; do insmod deep.ko how=pages count=3000 && rmmod deep || exit 1; done
		grep . /sys/module/kernel_map/parameters/*' kernel_map.limit=100
	[ "$status" -eq 0 ]
	[[ $output =~ parameters/evictions:[1-9][0-9][0-9] ]]
	[[ $output == *"more of it comes and goes by faults"* ]]
	guest_check_clean
}

@test "what a module may not write it cannot" {
	deep 'insmod deep.ko how=rodata'
	[ "$status" -eq 1 ]
	[[ $output == *"kernel fault: signal 11, code 2"* ]]
	guest_check_clean
}
