# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Sourced by what runs in place of init: mounts what a system has, and ends the guest in the end.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C
mountpoint -q /proc || mount -t proc proc /proc
mount -t sysfs sysfs /sys
mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm /dev/mqueue
ln -sfT /proc/self/fd /dev/fd
for number in 0:stdin 1:stdout 2:stderr; do
	ln -sfT "/proc/self/fd/${number%:*}" "/dev/${number#*:}"
done
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t debugfs debugfs /sys/kernel/debug
mount -t mqueue mqueue /dev/mqueue
ip link set lo up
hostname guest
ulimit -c 0

# What is mounted read-write is written back before the kernel ends.
# shellcheck disable=SC2317 # called by trap
the_end() {
	sync
	mount -o remount,ro / 2>/dev/null
	echo o >/proc/sysrq-trigger
	while :; do sleep 1; done
}
trap the_end EXIT

# stressors CLASS...: the names of stress-ng's classes, which it prints where a class ends with a question mark.
stressors() {
	local class
	for class; do
		stress-ng --class "$class?" 2>&1 | sed -n "s/^class '[a-z-]*' stressors: //p"
	done
}
