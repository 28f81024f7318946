#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# kernel/overlay.sh on a source folder of a few files.

load ../lib/common

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
