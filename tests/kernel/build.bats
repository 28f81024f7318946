#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's build: what an untouched tree rebuilds, the kernel targets, the prepared tree.

load ../lib/common

build() {
	run_logged make -C "$UML_BUILD" --no-print-directory "$@"
}

setup() {
	guest_setup
	[ -f "$UML_BUILD/kernel/obj/.config" ] || skip "UML_KERNEL is not of this build"
}

@test "with nothing touched nothing is linked, unpacked or configured again" {
	build
	[ "$status" -eq 0 ]
	before=$(stat -c '%n %i %Y' "$UML_BUILD"/kernel/{linux,obj/vmlinux,obj/.config,source/Makefile})
	build
	[ "$status" -eq 0 ]
	[ "$(stat -c '%n %i %Y' "$UML_BUILD"/kernel/{linux,obj/vmlinux,obj/.config,source/Makefile})" = "$before" ]
	[[ $output != *UNPACK* && $output != *"  LD "* && $output != *"  CC "* ]]
}

@test "kernel/linux is what the kernel's own build made" {
	[ "$UML_BUILD/kernel/linux" -ef "$UML_BUILD/kernel/obj/linux" ] ||
		[ "$UML_BUILD/kernel/linux" -ef "$UML_BUILD/kernel/obj/vmlinux" ]
}

@test "the prepared tree has no port but ours, as links, and no object" {
	source=$UML_BUILD/kernel/source
	[ ! -e "$source/arch/x86/um" ]
	run_logged find "$source/arch/um" -type f
	[ -z "$output" ]
	[ "$source/arch/um/Kconfig" -ef "$UML_SOURCE/kernel/arch/um/Kconfig" ]
	run_logged find "$source" -name '*.o' -print -quit
	[ -z "$output" ]
}

@test "make kernel-config without or with a missing FRAGMENT says how to use it" {
	build kernel-config
	[ "$status" -ne 0 ]
	[[ $output == *"use FRAGMENT=FILE"* ]]
	build kernel-config FRAGMENT=/no/such/file
	[ "$status" -ne 0 ]
	[[ $output == *"cannot read /no/such/file"* ]]
}

@test "plain make ARCH=um with O= works in the prepared tree" {
	run_logged make -s -C "$UML_BUILD/kernel/source" O="$BATS_TEST_TMPDIR/obj" ARCH=um defconfig
	[ "$status" -eq 0 ]
	run_logged diff "$BATS_TEST_TMPDIR/obj/.config" "$UML_BUILD/kernel/obj/.config.default"
	[ "$status" -eq 0 ]
}

@test "the smallest configuration builds, with hardly any of what the default has" {
	tiny=$BATS_TEST_TMPDIR/tiny
	run_logged make -s -C "$UML_BUILD/kernel/source" O="$tiny" ARCH=um tinyconfig
	[ "$status" -eq 0 ]
	compiler=gcc
	! command -v ccache >/dev/null || compiler="ccache gcc"
	run_logged make -s -C "$UML_BUILD/kernel/source" O="$tiny" ARCH=um CC="$compiler" -j "$(nproc)" all
	[ "$status" -eq 0 ]
	[[ $output != *warning:* ]]
	[ "$(stat -L -c %s "$tiny/linux")" -lt "$(stat -L -c %s "$UML_BUILD/kernel/linux")" ]
}

# What the port cannot do is refused before anything is compiled, by name.
@test "a configuration under which page tables are not safe does not build" {
	obj=$BATS_TEST_TMPDIR/obj
	run_logged make -s -C "$UML_BUILD/kernel/source" O="$obj" ARCH=um tinyconfig
	[ "$status" -eq 0 ]
	run_logged make -s -C "$UML_BUILD/kernel/source" O="$obj" ARCH=um prepare
	[ "$status" -eq 0 ]
	echo CONFIG_PREEMPT=y >"$BATS_TEST_TMPDIR/preempt.config"
	(cd "$obj" && "$UML_BUILD/kernel/source/scripts/kconfig/merge_config.sh" -m -O "$obj" .config \
		"$BATS_TEST_TMPDIR/preempt.config") >/dev/null
	run_logged make -s -C "$UML_BUILD/kernel/source" O="$obj" ARCH=um olddefconfig
	grep -qx CONFIG_PREEMPTION=y "$obj/.config"
	run_logged make -s -C "$UML_BUILD/kernel/source" O="$obj" ARCH=um prepare
	[ "$status" -ne 0 ]
	[[ $output == *"CONFIG_PREEMPTION: page tables are not safe"* ]]
	# The others by the header alone, with what the options would define.
	for option in SMP:1 PREEMPT_RT:1 NR_CPUS:8 PAGE_SHIFT:14 PGTABLE_LEVELS:5 HIGHPTE:1; do
		run_logged gcc -E -DCONFIG_NR_CPUS=1 -DCONFIG_PAGE_SHIFT=12 -DCONFIG_PGTABLE_LEVELS=4 \
			-U"CONFIG_${option%:*}" -D"CONFIG_${option%:*}=${option#*:}" \
			"$UML_SOURCE/kernel/arch/um/include/asm/supported.h"
		[ "$status" -ne 0 ]
		[[ $output == *"CONFIG_${option%:*}"* ]]
	done
}

@test "the kernel tree's kunit.py finds the options of all its tests" {
	cd "$UML_BUILD/kernel/source"
	run_logged python3 tools/testing/kunit/kunit.py config --alltests --arch=um \
		--build_dir="$BATS_TEST_TMPDIR/kunit"
	[ "$status" -eq 0 ]
	[[ $output != *Missing* ]]
}

@test "make install puts the kernel under DESTDIR and prefix" {
	run_logged make -C "$UML_BUILD" -s install DESTDIR="$BATS_TEST_TMPDIR/dest" prefix=/opt/x
	[ "$status" -eq 0 ]
	cmp "$UML_BUILD/kernel/linux" "$BATS_TEST_TMPDIR/dest/opt/x/bin/linux"
	run_logged make -C "$UML_BUILD" -s uninstall DESTDIR="$BATS_TEST_TMPDIR/dest" prefix=/opt/x
	[ "$status" -eq 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/dest/opt/x/bin/linux" ]
}
