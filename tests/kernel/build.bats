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

@test "a file that is added or removed in kernel/arch/um is so in the prepared tree" {
	copy=$BATS_TEST_TMPDIR/repo
	mkdir -p "$copy/kernel/arch/um" "$BATS_TEST_TMPDIR/linux/arch"/{um,x86/um,arm/mm,arm/crypto} \
		"$BATS_TEST_TMPDIR/linux/fs/hostfs"
	touch "$BATS_TEST_TMPDIR"/linux/{Kconfig,Makefile,arch/Kconfig,arch/um/theirs,arch/x86/um/theirs}
	touch "$BATS_TEST_TMPDIR"/linux/{arch/arm/mm/theirs,arch/arm/crypto/Kconfig,fs/hostfs/theirs}
	cp "$UML_SOURCE/kernel/overlay.sh" "$copy/kernel/"
	touch "$copy/kernel/arch/um/first"
	overlay() {
		run_logged "$copy/kernel/overlay.sh" "$BATS_TEST_TMPDIR/linux" \
			"$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/obj"
		[ "$status" -eq 0 ]
	}
	tree=$BATS_TEST_TMPDIR/tree
	overlay
	[[ $output == *UNPACK* ]]
	[ "$tree/arch/um/first" -ef "$copy/kernel/arch/um/first" ]
	run_logged find "$tree" -name theirs
	[ -z "$output" ]
	[ -e "$tree/arch/Kconfig" ]
	[ -e "$tree/arch/arm/crypto/Kconfig" ]
	[ -e "$tree/fs/hostfs/Makefile" ]

	mkdir "$copy/kernel/arch/um/sub"
	mv "$copy/kernel/arch/um/first" "$copy/kernel/arch/um/sub/second"
	mkdir -p "$copy/kernel/fs/hostfs"
	echo ours >"$copy/kernel/fs/hostfs/Makefile"
	overlay
	[ -z "$output" ]
	[ ! -L "$tree/arch/um/first" ]
	[ "$tree/arch/um/sub/second" -ef "$copy/kernel/arch/um/sub/second" ]
	[ "$(cat "$tree/fs/hostfs/Makefile")" = ours ]
	[ -L "$tree/fs/hostfs/Makefile" ]
}

@test "a patch is applied once; when it changes the tree is made anew, the configuration stays" {
	copy=$BATS_TEST_TMPDIR/repo
	mkdir -p "$copy/kernel/arch/um" "$copy/kernel/patches" "$BATS_TEST_TMPDIR/linux" \
		"$BATS_TEST_TMPDIR/obj"
	cp "$UML_SOURCE/kernel/overlay.sh" "$copy/kernel/"
	echo old >"$BATS_TEST_TMPDIR/linux/Kconfig"
	touch "$BATS_TEST_TMPDIR/linux/Makefile"
	printf -- '--- a/Kconfig\n+++ b/Kconfig\n@@ -1 +1 @@\n-old\n+new\n' \
		>"$copy/kernel/patches/one.patch"
	overlay() {
		run_logged "$copy/kernel/overlay.sh" "$BATS_TEST_TMPDIR/linux" \
			"$BATS_TEST_TMPDIR/tree" "$BATS_TEST_TMPDIR/obj"
	}
	overlay
	[ "$status" -eq 0 ]
	[ "$(cat "$BATS_TEST_TMPDIR/tree/Kconfig")" = new ]
	mkdir -p "$BATS_TEST_TMPDIR/obj"
	touch "$BATS_TEST_TMPDIR/obj/"{.config,stale.o}
	overlay
	[ -z "$output" ]
	[ -e "$BATS_TEST_TMPDIR/obj/stale.o" ]
	sed -i s/new/newer/ "$copy/kernel/patches/one.patch"
	overlay
	[ "$status" -eq 0 ]
	[ "$(cat "$BATS_TEST_TMPDIR/tree/Kconfig")" = newer ]
	[ -e "$BATS_TEST_TMPDIR/obj/.config" ]
	[ ! -e "$BATS_TEST_TMPDIR/obj/stale.o" ]
	# One that does not apply: an error, and the tree of before is still there.
	sed -i s/old/other/ "$copy/kernel/patches/one.patch"
	overlay
	[ "$status" -eq 1 ]
	[[ $output == *"one.patch: does not apply"* ]]
	[ "$(cat "$BATS_TEST_TMPDIR/tree/Kconfig")" = newer ]
	run_logged find "$BATS_TEST_TMPDIR" -maxdepth 1 -name 'tree.new*'
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

@test "make install puts the kernel under DESTDIR and prefix" {
	run_logged make -C "$UML_BUILD" -s install DESTDIR="$BATS_TEST_TMPDIR/dest" prefix=/opt/x
	[ "$status" -eq 0 ]
	cmp "$UML_BUILD/kernel/linux" "$BATS_TEST_TMPDIR/dest/opt/x/bin/linux"
	run_logged make -C "$UML_BUILD" -s uninstall DESTDIR="$BATS_TEST_TMPDIR/dest" prefix=/opt/x
	[ "$status" -eq 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/dest/opt/x/bin/linux" ]
}
