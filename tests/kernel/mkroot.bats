#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Images of uml_mkroot boot.

load ../lib/common

@test "a busybox image boots: its name, its files, its exit status" {
	printf '#!/bin/sh\nhostname\nexit 7\n' >"$guest_dir/job"
	chmod +x "$guest_dir/job"
	run_logged "$UML_BUILD/rootfs/uml_mkroot" -q --busybox --hostname box \
		--add "$guest_dir/job:/opt/job" "$guest_dir/image"
	[ "$status" -eq 0 ]
	guest_boot ubd0r="$guest_dir/image" root=/dev/ubda ro quiet run=/opt/job
	[ "$status" -eq 7 ]
	[[ $output == *box* ]]
}

@test "what is in an added folder comes along, links as links, the folder itself by a link" {
	mkdir "$guest_dir/folder"
	printf '#!/bin/sh\nreadlink /opt/job/again && exec /opt/job/again one\n' >"$guest_dir/folder/job"
	# shellcheck disable=SC2016 # the guest's shell
	printf '#!/bin/sh\necho "again $1"\n' >"$guest_dir/folder/other"
	chmod +x "$guest_dir/folder/"*
	ln -s other "$guest_dir/folder/again"
	ln -s /nowhere "$guest_dir/folder/dangling"
	ln -s folder "$guest_dir/link"
	run_logged "$UML_BUILD/rootfs/uml_mkroot" -q --busybox --add "$guest_dir/link:/opt/job" "$guest_dir/image"
	[ "$status" -eq 0 ]
	guest_boot ubd0r="$guest_dir/image" root=/dev/ubda ro quiet run=/opt/job/job
	[ "$status" -eq 0 ]
	[[ $output == *other*"again one"* ]]
}

@test "a busybox image gives a shell on the console" {
	run_logged "$UML_BUILD/rootfs/uml_mkroot" -q --busybox "$guest_dir/image"
	[ "$status" -eq 0 ]
	guest_start ubd0="$guest_dir/image" root=/dev/ubda rw quiet
	guest_expect 60 'demo:.*[#$]'
	guest_send 'tty; mount | grep " / "'
	guest_expect 30 '^/dev/tty0'
	guest_expect 30 ' / type ext4 \(rw'
	guest_send exit
	guest_wait 60
	[ "$status" -eq 0 ]
}
