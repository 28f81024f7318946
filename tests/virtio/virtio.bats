#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Virtio devices that vhost-user programs serve: disks of qemu-storage-daemon, a folder of
# virtiofsd. What they do to the guest when they are slow, gone or not there.

# shellcheck disable=SC2016 # what is in single quotes is for the guest's shell
load ../lib/common

# serve NAME FILE [OPTION]: serves FILE as a disk on the socket NAME.
serve() {
	local name=$1 file=$2 option=${3:-writable=on}
	qemu-storage-daemon --blockdev driver=file,node-name=file,filename="$file",discard=unmap \
		--export "type=vhost-user-blk,id=disk,node-name=file,addr.type=unix,addr.path=$guest_dir/$name,$option" \
		</dev/null >"$guest_dir/$name.log" 2>&1 3>&- &
	server=$!
	started+=("$server")
	wait_until 10 test -S "$guest_dir/$name"
}

disk() {
	echo "virtio_uml.device=$guest_dir/$1:2"
}

# guest_script TEXT OPTION...: boots a guest that runs TEXT and ends with its status.
guest_script() {
	local text=$1
	shift
	printf '%s\nexit $?\n' "$text" >"$guest_dir/script"
	guest_boot quiet ubd15r="$guest_dir/script" run=/bin/sh,/dev/ubdp "$@"
}

# script_start TEXT OPTION...: the same in the background.
script_start() {
	local text=$1
	shift
	printf '%s\nexit $?\n' "$text" >"$guest_dir/script"
	guest_start quiet ubd15r="$guest_dir/script" run=/bin/sh,/dev/ubdp "$@"
}

random_file() {
	head -c "$2" /dev/urandom >"$guest_dir/$1"
	echo "$guest_dir/$1"
}

@test "a disk of another program is read and written, many requests at once" {
	source=$(random_file source 16777216)
	truncate -s 16777216 "$guest_dir/target"
	serve sock "$guest_dir/target"
	guest_script '
		copy() {
			dd if=/dev/ubdb of=/dev/vda bs=$1 skip=$2 seek=$2 count=$3 conv=notrunc 2>/dev/null
		}
		copy 512 0 8192 &
		copy 4096 1024 1024 &
		copy 65536 128 128 &
		wait
		sync
		echo 3 >/proc/sys/vm/drop_caches
		[ "$(sha256sum </dev/ubdb)" = "$(sha256sum </dev/vda)" ] || exit 4
		dd if=/dev/vda of=/dev/null bs=1M iflag=direct 2>/dev/null || exit 5
		[ "$(readlink /sys/block/vda/device/subsystem)" ] || exit 6
		dmesg | grep -iE "warn|error|fail|gone" && exit 7
		exit 0
	' ubd1r="$source" "$(disk sock)"
	[ "$status" -eq 0 ]
	cmp "$source" "$guest_dir/target"
}

@test "two disks, one of them read-only" {
	first=$(random_file first 1048576)
	second=$(random_file second 2097152)
	serve a "$first" writable=off
	serve b "$second"
	guest_script '
		[ "$(cat /sys/block/vda/size /sys/block/vda/ro)" = "2048
1" ] || exit 3
		[ "$(cat /sys/block/vdb/size /sys/block/vdb/ro)" = "4096
0" ] || exit 4
		dd if=/dev/vda of=/dev/vdb bs=64k conv=notrunc 2>/dev/null && sync
	' "$(disk a)" "$(disk b)"
	[ "$status" -eq 0 ]
	cmp -n 1048576 "$first" "$second"
}

@test "the root on such a disk; a reboot connects again" {
	root=$(guest_disk root)
	serve sock "$root"
	guest_boot quiet ubd0r="$guest_image" root=/dev/vda rw "$(disk sock)" \
		run=/t/once,reboot,-f
	[ "$status" -eq 7 ]
	[[ $output == *"second boot"* ]]
}

# By a program of ours: not every qemu-storage-daemon tells that a disk has grown.
@test "a disk that grows grows in the guest too" {
	truncate -s 1M "$guest_dir/disk"
	mkfifo "$guest_dir/commands"
	python3 "$UML_TESTS/lib/vhost-disk.py" "$guest_dir/sock" "$guest_dir/disk" \
		<"$guest_dir/commands" 3>&- &
	started+=("$!")
	exec 7>"$guest_dir/commands"
	wait_until 10 test -S "$guest_dir/sock"
	script_start '
		echo "size $(cat /sys/block/vda/size)"
		until [ "$(cat /sys/block/vda/size)" = 8192 ]; do sleep 0.1; done
		dd if=/dev/zero bs=1M count=4 2>/dev/null | tr "\0" x >/dev/vda && sync
	' "$(disk sock)"
	guest_expect 30 '^size 2048'
	echo "resize 4194304" >&7
	guest_wait 60
	[ "$status" -eq 0 ]
	[ "$(tr -d x <"$guest_dir/disk" | wc -c)" -eq 0 ]
	[ "$(stat -c %s "$guest_dir/disk")" -eq 4194304 ]
}

@test "the program dies: the disk gives errors, the guest lives" {
	truncate -s 8M "$guest_dir/disk"
	serve sock "$guest_dir/disk"
	script_start '
		echo ready
		until dmesg | grep -q "has gone"; do sleep 0.1; done
		echo 3 >/proc/sys/vm/drop_caches
		dd if=/dev/vda of=/dev/null bs=4k count=1 2>/dev/null && exit 3
		dd if=/dev/zero of=/dev/vda bs=4k count=1 conv=fsync 2>/dev/null && exit 4
		echo "still alive"
	' "$(disk sock)"
	guest_expect 30 '^ready'
	kill -KILL "$server"
	guest_wait 60
	[ "$status" -eq 0 ]
	[[ $output == *"still alive"* ]]
}

@test "a program that never answers does not stop the guest" {
	# It takes the connection, and that is all.
	python3 - "$guest_dir/sock" 3>&- <<-'PY' &
		import socket, sys, time
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen()
		c = s.accept()
		time.sleep(300)
	PY
	started+=("$!")
	wait_until 10 test -S "$guest_dir/sock"
	guest_script '
		dmesg | grep -q "virtio_uml.*cannot add the device" || exit 3
		[ ! -e /sys/block/vda ] || exit 4
	' "$(disk sock)"
	[ "$status" -eq 0 ]
}

@test "a program that answers nonsense does not stop the guest" {
	python3 - "$guest_dir/sock" 3>&- <<-'PY' &
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.bind(sys.argv[1])
		s.listen()
		c = s.accept()[0]
		c.send(os.urandom(65536))
		while c.recv(4096):
		    pass
	PY
	started+=("$!")
	wait_until 10 test -S "$guest_dir/sock"
	guest_script 'dmesg | grep -q "virtio_uml.*cannot add the device"' "$(disk sock)"
	[ "$status" -eq 0 ]
}

@test "a folder of the host through virtiofsd" {
	need_root "virtiofsd's sandbox"
	mkdir "$guest_dir/shared"
	random_file shared/from-host 300000
	for daemon in /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd ""; do
		[ -z "$daemon" ] || [ ! -x "$daemon" ] || break
	done
	[ -n "$daemon" ] || skip "no virtiofsd on this host"
	case $daemon in
	*libexec*) set -- --shared-dir "$guest_dir/shared" --sandbox none ;;
	*) set -- -o source="$guest_dir/shared" ;;
	esac
	"$daemon" --socket-path="$guest_dir/fs" "$@" >"$guest_dir/fs.log" 2>&1 3>&- &
	started+=("$!")
	wait_until 10 test -S "$guest_dir/fs"
	guest_script '
		mount -t virtiofs fs /mnt || exit 3
		sha256sum </mnt/from-host >/mnt/sum || exit 4
		mkdir /mnt/folder && ln -s ../sum /mnt/folder/link && cat /mnt/folder/link || exit 5
		umount /mnt
	' virtio_uml.device="$guest_dir/fs:26"
	log "$(cat "$guest_dir/fs.log")"
	[ "$status" -eq 0 ]
	[ "$(cat "$guest_dir/shared/folder/link")" = "$(sha256sum <"$guest_dir/shared/from-host")" ]
}

@test "wrong options: one line and exit 1, before anything starts" {
	while IFS='|' read -r option message; do
		guest_boot "virtio_uml.device=$option"
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == "linux: virtio_uml.device=$option: "*"$message"* ]]
	done <<-EOT
		|no such form
		/tmp/socket|no such form
		/tmp/socket:0|no such form
		/tmp/socket:65536|no such form
		/tmp/socket:two|no such form
		:2|no such form
		$guest_dir/none:2|start the program that serves the device first
		$guest_dir:2|Connection refused
		/dev/null:2|Connection refused
		$guest_dir/$(printf 'x%.0s' {1..120}):2|at most 107 characters
	EOT
	serve sock "$(random_file file 4096)"
	guest_boot "$(disk sock):3" "$(disk sock):3"
	[ "$status" -eq 1 ]
	[[ $output == *"number 3 is taken"* ]]
}
