#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# COW files between uml_mkcow, uml_moo and the kernel of Debian's package user-mode-linux: what ours
# makes boots there, and what that kernel wrote both tools of that name merge to the same image.
# shellcheck disable=SC2034,SC2154 # the common files use and set them

load ../lib/common
load ../lib/tools

setup_file() {
	command -v linux.uml >/dev/null || skip "needs the Debian package user-mode-linux"
	cat >"$BATS_FILE_TMPDIR/write" <<-'EOT'
	#!/bin/sh
	# Changes files all over the disk.
	set -e
	echo "$1" >/marker
	cp /bin/busybox "/copy-$1"
	rm -f /etc/motd
	mkdir -p /d/e/f
	seq 100000 >/d/e/numbers
	sync
	cmp /bin/busybox "/copy-$1"
	rm -r /d/e/f
	EOT
	cat >"$BATS_FILE_TMPDIR/wait" <<-'EOT'
	#!/bin/sh
	echo is-up
	read -r line
	echo "got $line"
	EOT
	chmod +x "$BATS_FILE_TMPDIR/write" "$BATS_FILE_TMPDIR/wait"
	"$UML_SOURCE/rootfs/mkdemo.sh" -s 32M -a "$BATS_FILE_TMPDIR/write:/t/write" \
		-a "$BATS_FILE_TMPDIR/wait:/t/wait" "$BATS_FILE_TMPDIR/root.ext4"
	touch -d @1000000000 "$BATS_FILE_TMPDIR/root.ext4"
}

setup() {
	command -v linux.uml >/dev/null || skip "needs the Debian package user-mode-linux"
	guest_setup
	guest_kernel=$BATS_SUITE_TMPDIR/stock
	UML_KERNEL_OPTIONS="con0=fd:0,fd:1 con=null mem=128M"
	mkcow=$(tool uml_mkcow)
	moo=$(tool uml_moo)
	cd "$BATS_TEST_TMPDIR" || return 1
	cp -p --sparse=always "$BATS_FILE_TMPDIR/root.ext4" b
}

# A kernel that panics leaves its umid folder.
remove_umids() {
	find "$guest_dir/uml" "$guest_dir/home" -mindepth 1 -delete
}

# write_in_guest DISK MARKER: boots from the disk, changes it, ends.
write_in_guest() {
	guest_boot ubd0="$1" root=/dev/ubda rw run=/t/write,"$2"
	stock_ended_well
	[[ $output == *"run: /t/write: exit status 0"* ]]
}

# merged_is_sound COW MARKER: both merges agree, and hold a sound file system with the marker.
merged_is_sound() {
	local peer
	peer=$(peer_tool uml_moo)
	"$moo" "$1" new
	"$peer" "$1" peers 2>/dev/null
	cmp new peers
	e2fsck -fn new
	[ "$(debugfs -R 'cat /marker' new 2>/dev/null)" = "$2" ]
	debugfs -R "dump /copy-$2 copy" new 2>/dev/null
	cmp copy "$(command -v busybox)"
	"$moo" --check "$1"
}

@test "a COW file of our uml_mkcow boots, is written to, and merges to a sound image" {
	"$mkcow" c b
	write_in_guest "$PWD/c" first
	merged_is_sound c first
	cmp b "$BATS_FILE_TMPDIR/root.ext4"
	# Once more: the guest goes on where it was.
	write_in_guest "$PWD/c" second
	merged_is_sound c second
	debugfs -R 'stat /copy-first' new 2>/dev/null | grep -q 'Type: regular'
	# In place, and the result boots by itself.
	cp -p b b2
	"$moo" -b b2 -d c
	cmp b2 new
	write_in_guest "$PWD/b2" third
	e2fsck -fn b2
}

@test "a COW file that the kernel makes has the bytes of ours, and merges" {
	write_in_guest "$PWD/k,$PWD/b" own
	merged_is_sound k own
	"$mkcow" c b
	[ "$(stat -c %s c)" -eq "$(stat -c %s k)" ]
	# Header up to the end of the name; behind it the kernel leaves what its memory held.
	cmp -n $((32 + ${#PWD} + 3)) c k
}

@test "our COW file and another backing file: the kernel switches, and the merge agrees" {
	"$mkcow" c b
	cp -p b moved
	write_in_guest "$PWD/c,$PWD/moved" switched
	rm b
	merged_is_sound c switched
}

@test "versions 1 and 2, padded and small alignment: the kernel writes, the merge agrees" {
	local shape
	for shape in version=1,order=little version=2,name=b padded=1,align=512; do
		# shellcheck disable=SC2086
		"$UML_TESTS/lib/cowfile.py" make c b ${shape//,/ }
		write_in_guest "$PWD/c" old
		merged_is_sound c old
	done
}

@test "what the kernel refuses we refuse: another size, another mtime; and a device that grew" {
	"$mkcow" c b
	touch -d @1000000001 b
	guest_boot ubd0="$PWD/c" root=/dev/ubda ro
	[ "$status" -ne 0 ]
	[[ $output == *"mtime mismatch"* ]]
	remove_umids
	split "$moo" c new
	[ "$status" -eq 1 ]
	touch -d @1000000000 b
	split "$mkcow" -f --size 40M c b
	[[ $err == *"want a backing file of the device's size"* ]]
	guest_boot ubd0="$PWD/c" root=/dev/ubda ro
	[ "$status" -ne 0 ]
	[[ $output == *"Size mismatch"* ]]
	remove_umids
	# The way that the message names.
	truncate -s 40M b
	"$mkcow" -f c b
	guest_boot ubd0="$PWD/c" root=/dev/ubda ro run=/bin/cat,/sys/block/ubda/size
	stock_ended_well
	[[ $output == *81920* ]]
}

@test "while a guest runs its COW file is not merged in place nor made anew" {
	"$mkcow" c b
	guest_start ubd0="$PWD/c" root=/dev/ubda rw run=/t/wait
	guest_expect 60 is-up
	split "$moo" -d c
	[ "$status" -eq 1 ]
	[[ $err == *"in use by process "* ]]
	split "$mkcow" -f c b
	[ "$status" -eq 1 ]
	[[ $err == *"in use by process "* ]]
	cmp b "$BATS_FILE_TMPDIR/root.ext4"
	guest_send over
	guest_wait 60
	stock_ended_well
	[[ $output == *"got over"* ]]
	"$moo" -d c
	e2fsck -fn b
}
