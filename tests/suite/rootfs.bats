#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# rootfs/mkdemo.sh: the demo image, made without root rights.

load ../lib/common

mkdemo() {
	run_logged as_user env TMPDIR="$guest_dir/tmp" "$UML_SOURCE/rootfs/mkdemo.sh" "$@"
}

setup() {
	guest_setup
	guest_as_user
	command -v busybox mke2fs debugfs || skip "needs busybox-static and e2fsprogs"
}

@test "an ordinary user makes a sound image in which all belongs to root" {
	mkdemo "$guest_dir/image"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run_logged e2fsck -fn "$guest_dir/image"
	[ "$status" -eq 0 ]
	for path in / /bin/busybox /etc/inittab /sbin/init /root /tmp; do
		run_logged debugfs -R "stat $path" "$guest_dir/image"
		[[ $output =~ User:\ +0\ +Group:\ +0 ]]
	done
	run_logged debugfs -R "stat /tmp" "$guest_dir/image"
	[[ $output == *"Mode:  01777"* ]]
	guest_check_clean
}

@test "-s sets the size, the file is sparse" {
	mkdemo -s 512M "$guest_dir/image"
	[ "$status" -eq 0 ]
	[ "$(stat -c %s "$guest_dir/image")" -eq $((512 << 20)) ]
	[ "$(du -k "$guest_dir/image" | cut -f1)" -lt $((64 << 10)) ]
}

@test "-a copies files and folders, names with blanks too" {
	mkdir "$guest_dir/folder"
	echo inner >"$guest_dir/folder/a file"
	chmod -R a+rX "$guest_dir/folder"
	mkdemo -a "$guest_dir/folder:/opt/x" -a /etc/hostname:/opt/name "$guest_dir/image"
	[ "$status" -eq 0 ]
	run_logged debugfs -R 'cat "/opt/x/a file"' "$guest_dir/image"
	[[ $output == *inner* ]]
	run_logged debugfs -R 'stat "/opt/x/a file"' "$guest_dir/image"
	[[ $output =~ User:\ +0\ +Group:\ +0 ]]
	run_logged debugfs -R 'cat /opt/name' "$guest_dir/image"
	[[ $output == *"$(cat /etc/hostname)"* ]]
}

@test "wrong usage exits 2, a failure 1; nothing is left behind" {
	mkdemo
	[ "$status" -eq 2 ]
	mkdemo -x "$guest_dir/image"
	[ "$status" -eq 2 ]
	mkdemo -a nowhere "$guest_dir/image"
	[ "$status" -eq 2 ]
	mkdemo -a /no/such/file:/x "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"/no/such/file: no such file or folder"* ]]
	mkdemo -s 1M "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"is 1M too small"* ]]
	mkdemo -b /no/busybox "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"install the Debian package busybox-static"* ]]
	[ ! -e "$guest_dir/image" ]
	run_logged bash -c "ls '$guest_dir' | grep image.new"
	[ -z "$output" ]
	guest_check_clean
}
