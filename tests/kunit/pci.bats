#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The PCI bus, with Linux's driver for test devices and its own test program: BARs, interrupts of
# all three kinds, memory access by the device. The kernel is that of kunit.bats with a few more
# options, built in $UML_BUILD/kunit.

# shellcheck disable=SC2016 # what is in single quotes is for the guest's shell
load ../lib/common

virtio_id=1234

setup() {
	guest_setup
	objects=$UML_BUILD/kunit
	guest_kernel=$objects/linux
}

# A kernel with all that the test image needs; what is built already is kept.
build_kernel() {
	local option options=() compiler=gcc
	! command -v ccache >/dev/null || compiler="ccache gcc"
	for option in BLK_DEV_UBD BINFMT_SCRIPT DEVTMPFS DEVTMPFS_MOUNT MULTIUSER PCI_ENDPOINT_TEST \
		PROC_FS SYSFS TMPFS UNIX UNIX98_PTYS; do
		options+=("--kconfig_add=CONFIG_$option=y")
	done
	cd "$UML_BUILD/kernel/source" || return
	run_logged python3 tools/testing/kunit/kunit.py build --alltests --arch=um \
		--build_dir="$objects" --jobs="$(nproc)" --make_options="CC=$compiler" "${options[@]}"
	[ "$status" -eq 0 ]
}

# Serves a device, and starts a guest that runs TEXT with the test program as $pcitest.
pci_start() {
	"$UML_BUILD/tests/bin/pcitest" "$guest_dir/pci" >"$guest_dir/pci.log" 2>&1 3>&- &
	device=$!
	started+=("$device")
	wait_until 10 test -S "$guest_dir/pci"
	gcc -static -O2 -o "$guest_dir/pcitest" "$UML_BUILD/kernel/source/tools/pci/pcitest.c"
	printf '%s\n' 'cp /dev/ubdb /tmp/pcitest; chmod +x /tmp/pcitest; pcitest=/tmp/pcitest' "$1" \
		'exit $?' >"$guest_dir/script"
	guest_start ubd1r="$guest_dir/pcitest" ubd15r="$guest_dir/script" run=/bin/sh,/dev/ubdp \
		virtio_uml.device="$guest_dir/pci:$virtio_id" um_pci.virtio_id="$virtio_id" kunit.enable=0
}

@test "a kernel with the driver of test devices" {
	build_kernel
}

@test "BARs, interrupts by pin, MSI and MSI-X, memory read and written by the device" {
	pci_start '
		{
			for bar in 0 2 4; do $pcitest -b $bar; done
			$pcitest -i 0; $pcitest -l
			for size in 1 1024 1025 1024000; do
				$pcitest -r -s $size; $pcitest -w -s $size; $pcitest -c -s $size
			done
			$pcitest -i 1
			for vector in 1 2 16 32; do $pcitest -m $vector; done
			$pcitest -c -s 4096
			$pcitest -i 2
			for vector in 1 2 16; do $pcitest -x $vector; done
			$pcitest -c -s 4096
		} >/tmp/result
		cat /tmp/result /proc/interrupts /proc/ioports
		grep -E "NOT|FAILED" /tmp/result && exit 3
		[ "$(grep -c OKAY /tmp/result)" = 28 ] || exit 4
		grep -q "1000-10ff : 0000:00:00.0" /proc/ioports || exit 5
	'
	guest_wait 60
	log "$(cat "$guest_dir/pci.log")"
	[ "$status" -eq 0 ]
}

@test "the device's program dies: reads give all bits set, the guest lives" {
	pci_start '
		$pcitest -b 2
		echo ready
		read line
		$pcitest -b 2
		[ "$(od -An -tx1 -N4 /sys/bus/pci/devices/0000:00:00.0/config)" = " ff ff ff ff" ] || exit 3
		echo "still alive"
	'
	guest_expect 30 '^ready'
	kill -KILL "$device"
	guest_expect 30 'has gone'
	guest_send go
	guest_wait 60
	[ "$status" -eq 0 ]
	[[ $output == *"still alive"* ]]
}
