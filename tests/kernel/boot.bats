#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The kernel as a process of its host: it boots, takes options and ends, leaving nothing behind.

# shellcheck disable=SC2016 # what is in single quotes is for other shells
load ../lib/common

# UML_BOOTS boots in a row, half of them as an ordinary user.
boots=${UML_BOOTS:-10}

# Counts a fixed text in the console.
count() {
	grep -aoF -- "$1" <<<"$output" | wc -l
}

# usage_error OPTION...: the options are refused by one line and exit 1 before anything starts.
usage_error() {
	guest_limit_s=20
	guest_prepare "$@"
	run_logged "${guest_command[@]}" </dev/null
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "linux: "* ]]
	guest_check_clean
}

# ---- the executable -------------------------------------------------------------------------

@test "the kernel is one static executable without an interpreter" {
	run_logged readelf -hlW "$guest_kernel"
	[ "$status" -eq 0 ]
	[[ $output == *"Advanced Micro Devices X86-64"* ]]
	[[ $output != *INTERP* ]]
	run_logged bash -c "readelf -dW '$guest_kernel' | grep NEEDED"
	[ -z "$output" ]
}

@test "--help lists every option; --version and --showconfig tell what this is" {
	run_logged "$guest_kernel" --help
	[ "$status" -eq 0 ]
	for option in mem= ubd root= initrd= umid= uml_dir= noreboot quiet --help --version \
		--showconfig; do
		[[ $output == *"$option"* ]]
	done
	run_logged "$guest_kernel" --version
	[ "$status" -eq 0 ]
	[[ $output =~ ^6\.12\.[0-9]+ ]]
	run_logged "$guest_kernel" --showconfig
	[ "$status" -eq 0 ]
	[[ $output == *CONFIG_UML=y* ]]
	[[ $output == *CONFIG_EXT4_FS=y* ]]
}

# ---- boots ----------------------------------------------------------------------------------

@test "boots to init and powers off with 0" {
	guest_boot run=/bin/true
	[ "$status" -eq 0 ]
	[[ $output == *"run: /bin/true: exit status 0"* ]]
}

@test "boots as an ordinary user" {
	guest_as_user
	guest_boot run=/t/eval,id
	[ "$status" -eq 0 ]
	[[ $output == *"uid=0"* ]]
}

@test "$boots boots in a row, half as an ordinary user, leave nothing behind" {
	for ((i = 0; i < boots; i++)); do
		[ "$i" -ne $((boots / 2)) ] || guest_as_user
		guest_boot quiet run=/bin/true
		[ "$status" -eq 0 ]
		guest_check_clean
	done
}

@test "boots with an empty environment" {
	guest_prepare run=/bin/true
	run_logged "${guest_command[@]:0:5}" env -i "${guest_command[@]:8}" </dev/null
	[ "$status" -eq 0 ]
}

@test "boots where /dev/shm is read-only or absent" {
	need_root "a mount namespace"
	guest_prepare run=/bin/true
	run_logged unshare -m sh -c 'mount -t tmpfs -o ro none /dev/shm && exec "$@"' - \
		"${guest_command[@]}" </dev/null
	[ "$status" -eq 0 ]
	run_logged unshare -m sh -c 'exec 9</dev/null; mount -t tmpfs none /dev && exec "$@" <&9' - \
		"${guest_command[@]}"
	[ "$status" -eq 0 ]
}

# The test's own folder is in /tmp, and the build's may be: they are carried over into the empty
# /tmp by descriptors.
@test "leaves nothing in /tmp, /var/tmp and /dev/shm" {
	need_root "a mount namespace"
	mkdir -p "$guest_dir/vartmp"
	cat >"$guest_dir/session" <<-'EOT'
		dir=$1 build=$2
		shift 2
		carry() {
			[ "$2/." -ef "/proc/self/fd/$1/." ] && return
			mkdir -p "$2" && mount --no-canonicalize --bind "/proc/self/fd/$1" "$2"
		}
		listing() {
			find /tmp /var/tmp /dev/shm -xdev -mindepth 1 | sort
		}
		cd / && exec 8<"$build" 9<"$dir" && mount -t tmpfs none /dev/shm &&
			mount -t tmpfs none /var/tmp && mount -t tmpfs none /tmp &&
			carry 9 "$dir" && carry 8 "$build" || exit
		before=$(listing)
		"$@" || exit
		[ "$(listing)" = "$before" ] || listing
	EOT
	unset TMPDIR
	guest_prepare run=/bin/true
	# Without HOME and TMPDIR of its own it may think of /tmp.
	guest_command=("${guest_command[@]:0:5}" env -u HOME -u TMPDIR "${guest_command[@]:8}")
	run_logged unshare -m sh "$guest_dir/session" "$BATS_RUN_TMPDIR" "$UML_BUILD" \
		"${guest_command[@]}" </dev/null
	[ "$status" -eq 0 ]
	[[ $output == *"run: /bin/true: exit status 0"* ]]
	[[ ${lines[-1]} != /* ]]
}

@test "boots where ptrace and io_uring are refused" {
	guest_prepare run=/bin/true
	run_logged "$UML_BUILD/tests/bin/refuse" \
		ptrace,process_vm_readv,process_vm_writev,io_uring_setup,io_uring_enter \
		"${guest_command[@]}" </dev/null
	[ "$status" -eq 0 ]
}

@test "a shell on the console: what is typed runs, exit ends with 0" {
	guest_start quiet
	guest_expect 60 'demo:.*[#$]'
	guest_send 'echo $((6 * 7))'
	guest_expect 30 '^42'
	guest_send exit
	guest_wait 60
	[ "$status" -eq 0 ]
}

# ---- options --------------------------------------------------------------------------------

@test "mem= gives the guest that much memory" {
	for pair in 64M:64 131072k:128 1G:1024; do
		guest_boot "mem=${pair%:*}" quiet run=/t/eval,grep,MemTotal,/proc/meminfo
		[ "$status" -eq 0 ]
		total_mb=$(($(sed -n 's/.*MemTotal: *\([0-9]*\) kB.*/\1/p' <<<"$output") / 1024))
		[ "$total_mb" -le "${pair#*:}" ]
		[ "$total_mb" -ge $((${pair#*:} * 7 / 10)) ]
	done
}

@test "mem= is 256M when it is not given" {
	guest_boot quiet run=/t/eval,grep,MemTotal,/proc/meminfo
	total_mb=$(($(sed -n 's/.*MemTotal: *\([0-9]*\) kB.*/\1/p' <<<"$output") / 1024))
	[ "$total_mb" -le 256 ]
	[ "$total_mb" -ge 200 ]
}

# Memory that the guest's processes use on the host, in MB; shared pages count once a mapping part.
guest_host_mb() {
	local pid total_kb=0
	for pid in $(guest_pids); do
		total_kb=$((total_kb + $(sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' \
			"/proc/$pid/smaps_rollup" 2>/dev/null || echo 0)))
	done
	echo $((total_kb / 1024))
}

@test "an idle guest with mem=4G uses a small part of it on the host" {
	guest_start quiet mem=4G
	guest_expect 60 'demo:.*[#$]'
	used_mb=$(guest_host_mb)
	log "$used_mb MB"
	[ "$used_mb" -gt 0 ]
	[ "$used_mb" -lt 512 ]
	guest_send poweroff
	guest_wait 60
	[ "$status" -eq 0 ]
}

@test "wrong numbers and sizes are one clear line and exit 1" {
	usage_error mem=12Q
	usage_error mem=
	usage_error mem=1k
	usage_error mem=99999999G
}

@test "wrong disks are one clear line and exit 1" {
	usage_error ubd0=/no/such/file
	usage_error ubd0="$guest_dir"
	usage_error ubd0y="$guest_image"
	usage_error ubd0=
	usage_error ubd9999="$guest_image"
}

@test "an unwritable image is refused unless it is opened for reading" {
	guest_as_user
	cp --sparse=always "$guest_image" "$guest_dir/disk"
	chmod 444 "$guest_dir/disk"
	usage_error ubd0="$guest_dir/disk"
	guest_boot ubd0r="$guest_dir/disk" root=/dev/ubda ro run=/bin/true
	[ "$status" -eq 0 ]
}

@test "a missing initrd is one clear line and exit 1" {
	usage_error initrd=/no/such/file
}

@test "umid= names the instance; its pid file is there while it runs and gone afterwards" {
	guest_start quiet umid=name-of-mine
	guest_expect 60 'demo:.*[#$]'
	[ "$(cat "$guest_dir/uml/name-of-mine/pid")" = "$(guest_kernel_pid)" ]
	guest_send poweroff
	guest_wait 60
	[ "$status" -eq 0 ]
	guest_check_clean
}

@test "a umid that is no name is refused" {
	usage_error umid=a/b
	usage_error umid=..
}

@test "quiet shows less than a boot without it, and init's console either way" {
	guest_boot run=/bin/true
	[[ $output == *"Linux version 6.12."* ]]
	[ "$(count 'run: /bin/true')" -eq 1 ]
	guest_boot quiet run=/bin/true
	[[ $output != *"Linux version 6.12."* ]]
	[ "$(count 'run: /bin/true')" -eq 1 ]
}

@test "options that the kernel does not know go to init" {
	guest_boot quiet someword=value run=/t/eval,cat,/proc/cmdline
	[ "$status" -eq 0 ]
	[[ $output == *someword=value* ]]
}

@test "what is written to a disk is there on the next boot" {
	disk=$(guest_disk disk)
	guest_boot ubd0="$disk" root=/dev/ubda rw run=/t/eval,echo,kept,'>/kept'
	[ "$status" -eq 0 ]
	run_logged e2fsck -fn "$disk"
	[ "$status" -eq 0 ]
	guest_boot ubda="$disk" root=/dev/ubda rw run=/t/eval,cat,/kept
	[ "$status" -eq 0 ]
	[[ $output == *kept* ]]
}

@test "a disk with flag r cannot be written" {
	disk=$(guest_disk disk)
	before=$(cksum <"$disk")
	guest_boot quiet ubd1r="$disk" run=/t/eval,dd,if=/dev/zero,of=/dev/ubdb,bs=4096,count=1
	[ "$status" -ne 0 ]
	[[ $output == *"run: /t/eval: exit status"* ]]
	[ "$(cksum <"$disk")" = "$before" ]
}

@test "initrd= boots an archive of files" {
	mkdir "$guest_dir/initramfs"
	cp "$(command -v busybox)" "$guest_dir/initramfs/busybox"
	printf '#!/busybox sh\necho init of the archive\n/busybox poweroff -f\n' \
		>"$guest_dir/initramfs/init"
	chmod 755 "$guest_dir/initramfs/init"
	mkdir "$guest_dir/initramfs/dev"
	(cd "$guest_dir/initramfs" && find . | busybox cpio -o -H newc | gzip >"$guest_dir/initrd.gz")
	guest_boot quiet initrd="$guest_dir/initrd.gz"
	[ "$status" -eq 0 ]
	[[ $output == *"init of the archive"* ]]
}
