#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A kernel with debug information and the helpers for gdb that come with Linux: tasks, log and
# modules of a running guest.

# shellcheck disable=SC2016 # what is in single quotes is for the guest's shell
load ../lib/common
load common

setup() {
	debug_setup gdb
}

@test "a kernel with debug information and gdb's helpers is built" {
	debug_build debug-info MODULES=y CRC7=m
	[ -e "$objects/vmlinux-gdb.py" ]
}

# The guest's shell runs one more process, loads a module and waits.
@test "lx-ps, lx-dmesg, lx-lsmod and lx-symbols on a running guest" {
	cat >"$guest_dir/commands" <<-EOT
		set pagination off
		set confirm off
		source $objects/vmlinux-gdb.py
		lx-version
		lx-ps
		lx-dmesg
		lx-lsmod
		lx-symbols $objects/lib
		info symbol crc7_be
		print crc7_be
		print \$lx_current().pid
		detach
	EOT
	cat >"$guest_dir/script" <<-'EOT'
		cd /tmp && tar -xf /dev/ubdc && insmod crc7.ko || exit 9
		sleep 1234 &
		echo wait""ing
		read line
		exit 3
	EOT
	truncate -s %4096 "$guest_dir/script"
	tar -cf "$guest_dir/files.tar" -C "$objects/lib" crc7.ko
	guest_start mem=256M ubd2r="$guest_dir/files.tar" ubd15r="$guest_dir/script" \
		run=/bin/sh,/dev/ubdp
	guest_expect 60 '^waiting'
	run_logged timeout 120 gdb -nx -batch -iex "add-auto-load-safe-path $objects" \
		-x "$guest_dir/commands" -p "$(guest_kernel_pid)" "$objects/vmlinux"
	[ "$status" -eq 0 ]
	grep -E '^0x[0-9a-f]+ +1 +init' <<<"$output"
	grep -E '^0x[0-9a-f]+ +[0-9]+ +sleep' <<<"$output"
	[[ $output == *"Linux version 6.12"* ]]
	grep -E '^0x[0-9a-f]+ crc7 ' <<<"$output"
	[[ $output == *"crc7_be in section .text of $objects/lib/crc7.ko"* ]]
	[[ $output == *"u8 (u8, const u8 *, size_t)"* ]]
	grep -E '^\$2 = [0-9]+$' <<<"$output"
	guest_send ''
	guest_wait 20
	[ "$status" -eq 3 ]
}
