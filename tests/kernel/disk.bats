#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ubd disks: what the guest writes is in the host's file and the other way round, in any size and
# order; errors and limits of the host are errors of that request; nobody writes to a disk in use.

# shellcheck disable=SC2016 # what is in single quotes is for the guest's shell
load ../lib/common

# guest_script TEXT OPTION...: boots a guest that runs TEXT, a shell script on a disk of its own,
# and ends with its status.
guest_script() {
	local text=$1
	shift
	printf '%s\nexit $?\n' "$text" >"$guest_dir/script"
	guest_boot quiet ubd15r="$guest_dir/script" run=/bin/sh,/dev/ubdp "$@"
}

random_file() {
	head -c "$2" /dev/urandom >"$guest_dir/$1"
	echo "$guest_dir/$1"
}

# KiB that a file takes on the host.
allocated_kib() {
	du -k "$1" | cut -f 1
}

@test "reads and writes of all sizes arrive, many at once" {
	source=$(random_file source 25165824)
	target=$guest_dir/target
	truncate -s 25165824 "$target"
	guest_script '
		sum=$(sha256sum </dev/ubdb)
		copy() {
			dd if=/dev/ubdb of=/dev/ubdc bs=$1 skip=$2 seek=$2 count=$3 conv=notrunc 2>/dev/null
		}
		copy 512 0 8192 &
		copy 4096 1024 1024 &
		copy 65536 128 128 &
		copy 1048576 16 8 &
		wait
		sync
		[ "$sum" = "$(sha256sum </dev/ubdc)" ] || exit 3
		echo 3 >/proc/sys/vm/drop_caches
		[ "$sum" = "$(sha256sum </dev/ubdc)" ] || exit 4
	' ubd1r="$source" ubd2="$target"
	[ "$status" -eq 0 ]
	cmp "$source" "$target"
}

@test "direct reads and writes of the guest" {
	source=$(random_file source 8388608)
	target=$guest_dir/target
	truncate -s 8388608 "$target"
	guest_script '
		dd if=/dev/ubdb of=/dev/ubdc bs=1536 iflag=direct oflag=direct conv=notrunc 2>/dev/null ||
			dd if=/dev/ubdb of=/dev/ubdc bs=512 2>/dev/null
		dd if=/dev/ubdb of=/dev/ubdc bs=2M iflag=direct oflag=direct skip=1 seek=1 conv=notrunc
		sync
	' ubd1r="$source" ubd2="$target"
	[ "$status" -eq 0 ]
	cmp "$source" "$target"
}

@test "partitions" {
	disk=$guest_dir/disk
	truncate -s 16M "$disk"
	# A partition table by hand: 8192 sectors from 2048, 4096 from 10240.
	printf '\0\0\0\0\203\0\0\0\0\10\0\0\0\40\0\0\0\0\0\0\203\0\0\0\0\50\0\0\0\20\0\0' |
		dd of="$disk" bs=1 seek=446 conv=notrunc status=none
	printf '\125\252' | dd of="$disk" bs=1 seek=510 conv=notrunc status=none
	head -c 512 /dev/urandom >"$guest_dir/sector"
	dd if="$guest_dir/sector" of="$disk" bs=512 seek=10240 conv=notrunc status=none
	guest_script '
		cat /proc/partitions
		[ "$(blockdev --getsz /dev/ubdb1)" = 8192 ] || exit 3
		[ "$(blockdev --getsz /dev/ubdb2)" = 4096 ] || exit 4
		dd if=/dev/ubdb2 of=/dev/ubdb1 bs=512 count=1 conv=notrunc 2>/dev/null
		sync
	' ubd1="$disk"
	[ "$status" -eq 0 ]
	cmp -n 512 "$guest_dir/sector" <(tail -c +$((2048 * 512 + 1)) "$disk")
}

@test "a file that is no multiple of a sector: all of it is there, zeroes follow" {
	disk=$(random_file disk 1000)
	cp "$disk" "$guest_dir/before"
	guest_script '
		mount -t tmpfs none /mnt
		head -c 24 /dev/zero >/mnt/zeroes
		[ "$(blockdev --getsz /dev/ubdb)" = 2 ] || exit 3
		tail -c 24 /dev/ubdb | cmp - /mnt/zeroes || exit 4
		cat /dev/ubdb >/mnt/copy
		dd if=/mnt/copy of=/dev/ubdb conv=notrunc 2>/dev/null || exit 5
		sync
	' ubd1="$disk"
	[ "$status" -eq 0 ]
	cmp -n 1000 "$disk" "$guest_dir/before"
}

@test "what the guest discards is given back to the host, unless the flag t says no" {
	disk=$(random_file disk 16777216)
	guest_script 'blkdiscard -o 4194304 -l 8388608 /dev/ubdb && sync' ubd1="$disk"
	[ "$status" -eq 0 ]
	[ "$(allocated_kib "$disk")" -lt 12288 ]
	cmp -n 8388608 <(tail -c +4194305 "$disk") /dev/zero
	disk=$(random_file disk 4194304)
	cp "$disk" "$guest_dir/before"
	guest_script '! blkdiscard /dev/ubdb' ubd1t="$disk"
	[ "$status" -eq 0 ]
	cmp "$disk" "$guest_dir/before"
}

@test "zeroing a range zeroes it and nothing else" {
	disk=$(random_file disk 4194304)
	cp "$disk" "$guest_dir/before"
	guest_script '
		mount -t tmpfs none /mnt && cat /dev/ubdc >/mnt/blkzero && chmod +x /mnt/blkzero || exit 3
		/mnt/blkzero /dev/ubdb 1048576 2097152 && sync
	' ubd1="$disk" ubd2r="$UML_BUILD/tests/bin/lib/blkzero"
	[ "$status" -eq 0 ]
	cmp -n 2097152 <(tail -c +1048577 "$disk") /dev/zero
	cmp -n 1048576 "$disk" "$guest_dir/before"
	cmp <(tail -c 1048576 "$disk") <(tail -c 1048576 "$guest_dir/before")
}

@test "flags r, s, d and c: read only, no write cache, data, shared" {
	disk=$(random_file disk 65536)
	guest_script '
		cd /sys/block
		cat ubd?/ro ubd?/queue/write_cache
		[ "$(cat ubdb/ro ubdc/ro | tr -d "\n")" = 10 ] || exit 3
		[ "$(cat ubdc/queue/write_cache)" = "write through" ] || exit 4
		[ "$(cat ubdd/queue/write_cache)" = "write back" ] || exit 5
		! dd if=/dev/zero of=/dev/ubdb count=1 2>/dev/null || exit 6
		dd if=/dev/zero of=/dev/ubdc count=1 conv=notrunc || exit 7
		sync
	' ubd1rc="$disk" ubd2sc="$disk" ubd3dc="$disk"
	[ "$status" -eq 0 ]
	cmp -n 512 "$disk" /dev/zero
}

@test "a write that the host refuses is an error of that write, and the guest goes on" {
	disk=$guest_dir/disk
	truncate -s 600M "$disk"
	cat >"$guest_dir/script" <<-'EOT'
		echo ready; read -r go
		try() {
			dd if=/dev/zero of=/dev/ubdb bs=65536 count=4 seek=$1 conv=notrunc,fsync 2>/dev/null
		}
		try 0 || exit 3
		! try 8000 || exit 4
		try 100 || exit 5
		! dd if=/dev/zero of=/dev/ubdb bs=4096 count=1 seek=128000 conv=fsync,notrunc || exit 6
		exit 0
	EOT
	guest_start quiet ubd15r="$guest_dir/script" ubd1="$disk" run=/bin/sh,/dev/ubdp
	guest_expect 60 '^ready'
	# Files of at most 400 MiB: a write behind that is refused by the host.
	prlimit --pid "$(guest_kernel_pid)" --fsize=$((400 << 20))
	guest_send go
	guest_wait 60
	[ "$status" -eq 0 ]
	[[ $output == *"I/O error, dev ubdb, sector "* ]]
	[ "$(stat -c %s "$disk")" -eq $((600 << 20)) ]
}

@test "a disk in use is refused, naming the process; readers share" {
	disk=$(guest_disk disk)
	guest_start quiet ubd1="$disk"
	guest_expect 60 'demo:.*[#$]'
	for option in ubd0 ubd0r; do
		run_logged timeout 20 "$guest_kernel" uml_dir="$guest_dir/uml" "$option=$disk"
		[ "$status" -eq 1 ]
		[[ $output == "linux: $option=$disk: in use by process $(guest_kernel_pid);"* ]]
	done
	guest_send poweroff
	guest_wait 60
	guest_start quiet ubd1r="$disk"
	guest_expect 60 'demo:.*[#$]'
	guest_script 'cat /dev/ubdb >/dev/null' ubd1r="$disk"
	[ "$status" -eq 0 ]
}
