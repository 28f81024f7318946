#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Hosts that give little: containers, low limits, full disks. The kernel works there, or it ends
# with one line that names cause and remedy; a guest at a limit of the host gets EAGAIN or ENOMEM.
#
# Not tried here, because it is a setting of the whole host: vm.overcommit_memory=2. By hand:
#   sysctl vm.overcommit_memory=2; build/kernel/linux ...; sysctl vm.overcommit_memory=0

# shellcheck disable=SC2016 # what is in single quotes is for other shells
load ../lib/common

# A user of the host whose processes are those of one guest: limits count them all.
lone_user=61234
lone=(setpriv --reuid="$lone_user" --regid="$lone_user" --clear-groups --inh-caps=-all)
group=

# host_prepare COMMAND... kernel OPTION...: the guest's command, with the kernel run by COMMAND, as
# the lone user.
host_prepare() {
	local wrapper=() word command=()
	while [ "$1" != kernel ]; do
		wrapper+=("$1")
		shift
	done
	shift
	need_root "another user's limits"
	chown -R "$lone_user:$lone_user" "$guest_dir"
	guest_prepare "$@"
	for word in "${guest_command[@]}"; do
		[ "$word" != "$guest_kernel" ] || command+=("${wrapper[@]}")
		command+=("$word")
	done
	guest_command=("${command[@]}")
}

# host_boot COMMAND... kernel OPTION...: boots it to its end.
host_boot() {
	host_prepare "$@"
	run_logged "${guest_command[@]}" </dev/null
}

# Its own message of a limit: one line, that says what to do.
says_remedy() {
	[ "$(grep -ac '^linux: .*; .*\(ulimit\|limit\|mem=\)' <<<"$output")" -eq 1 ]
}

# Works, or ends with that line. A guest that has been told EAGAIN may find no way to power off: its
# time is short here, and the line must be there.
works_or_says() {
	[ "$status" -ne 125 ]
	[ "$status" -eq 0 ] || says_remedy
	[[ $output != *"Kernel panic"* ]] || says_remedy
	[ "$status" -ne 124 ] || rm -rf "$guest_dir/uml"/*
	guest_check_clean
}

# ---- containers -----------------------------------------------------------------------------

@test "under the system call filter of containers: boots, and answers every call itself" {
	guest_limit_s=300
	host_boot "${lone[@]}" "$UML_BUILD/tests/bin/contained" kernel quiet mem=256M \
		run=/t/attack/attack.sh,attack-calls
	[ "$status" -eq 0 ]
	[[ $output == *"attack.sh: all attacks held"* ]]
	guest_check_clean
}

@test "under that filter the guest's root may what the filter refuses" {
	host_boot "${lone[@]}" "$UML_BUILD/tests/bin/contained" kernel quiet mem=256M \
		run=/t/eval,mount,-t,tmpfs,none,/mnt,'&&',unshare,-m,umount,/mnt,'&&',hostname,name
	[ "$status" -eq 0 ]
}

@test "under that filter programs of the guest behave as on the host" {
	for program in proc-fork sig-basic thr-basic mem-map ptrace-basic proc-seccomp; do
		host_boot "${lone[@]}" "$UML_BUILD/tests/bin/contained" kernel quiet mem=256M \
			run=/bin/sh,/t/guest/run.sh,/t/guest,$program
		[ "$status" -eq 0 ]
		[[ $output == *"$program: exit 0"* ]]
		[[ $output != *FAIL* ]]
	done
}

@test "without /proc, and with 64 MB of noexec /dev/shm" {
	cat >"$guest_dir/session" <<-'EOT'
		mount -t tmpfs none /proc
		mount -t tmpfs -o size=64m,noexec none /dev/shm
		exec "$@"
	EOT
	host_boot unshare -m sh "$guest_dir/session" "${lone[@]}" kernel quiet mem=512M \
		run=/t/eval,dd,if=/dev/zero,of=/tmp/x,bs=1M,count=200
	[ "$status" -eq 0 ]
	[[ $output == *"200+0 records out"* ]]
	guest_check_clean
}

# ---- limits of processes and files ----------------------------------------------------------

@test "any limit of processes: works or says what to do" {
	guest_limit_s=15
	for limit in 1 2 3 5 8 12 16 20 24 40; do
		host_boot "${lone[@]}" prlimit --nproc="$limit" kernel quiet mem=128M run=/bin/true
		works_or_says
	done
}

@test "any limit of open files: works or says what to do" {
	guest_limit_s=15
	for limit in 3 6 8 12 16 24 32 63 64 80; do
		host_boot "${lone[@]}" prlimit --nofile="$limit:$limit" kernel quiet mem=128M \
			run=/bin/true
		works_or_says
	done
}

# at_limit: the guest met it, was told so, and what had ended was free again.
at_limit() {
	[ "$status" -eq 0 ]
	[[ $output == *" processes, then "* ]]
	[[ $output != *FAIL* ]]
	[[ $output != *" processes, then enough"* ]]
	says_remedy
	guest_check_clean
}

@test "a guest at the limit of processes gets EAGAIN or ENOMEM" {
	host_boot "${lone[@]}" prlimit --nproc=60 kernel quiet mem=256M \
		run=/t/attack/limits,300
	at_limit
}

@test "a guest at the limit of open files gets EAGAIN or ENOMEM" {
	host_boot "${lone[@]}" prlimit --nofile=128:128 kernel quiet mem=256M \
		run=/t/attack/limits,300
	at_limit
}

# begins_with TASKS: what the guest begins with is for so many tasks that the host has room for.
begins_with() {
	log "tasks the host has room for: $1"
	[ "$status" -eq 0 ]
	[[ $output =~ threads-max=([0-9]+)" user="([0-9]+) ]]
	[ "${BASH_REMATCH[1]}" -eq $(($1 + 256)) ]
	[ "${BASH_REMATCH[2]}" -eq $(($1 / 2)) ]
	guest_check_clean
}

show_limits='run=/t/eval,echo,threads-max=$(cat,/proc/sys/kernel/threads-max),user=$(ulimit,-u)'

@test "threads-max and each user's processes begin with what the host has room for" {
	host_boot "${lone[@]}" prlimit --nproc=400:400 kernel quiet mem=512M "$show_limits"
	begins_with $(((400 - 16) / 2))
	host_boot "${lone[@]}" prlimit --nofile=300:300 kernel quiet mem=512M "$show_limits"
	begins_with $(((300 - 32) / 2))
}

@test "one user of the guest cannot use up the processes that the host has for it" {
	for limit in --nproc=200:200 --nofile=250:250; do
		host_boot "${lone[@]}" prlimit "$limit" kernel quiet mem=256M \
			run=/t/attack/limits,1000,1000
		[ "$status" -eq 0 ]
		[[ $output == *"ok another user can make processes"* ]]
		[[ $output != *FAIL* ]]
		guest_check_clean
	done
}

# ---- control groups -------------------------------------------------------------------------

# cgroup_make CONTROLLER: a group of our own below ours; sets group and version.
cgroup_make() {
	local own
	own=$(sed -n "s/^[0-9]*:$1:\(.*\)/\1/p" /proc/self/cgroup)
	if [ -n "$own" ]; then
		version=1
		group=/sys/fs/cgroup/$1${own%/}/uml-test-$$
	else
		version=2
		own=$(sed -n 's/^0::\(.*\)/\1/p' /proc/self/cgroup)
		group=/sys/fs/cgroup${own%/}/uml-test-$$
	fi
	mkdir "$group" 2>/dev/null || {
		group=
		skip "no control group of $1 can be made here"
	}
}

# cgroup_set FILE VALUE: a limit, if the group has it.
cgroup_set() {
	echo "$2" >"$group/$1" || skip "the control group has no $1"
}

# In the group: COMMAND.
in_group=(sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' -)

# The common teardown ends whoever is left in it.
eval "common_$(declare -f teardown)"
teardown() {
	local failed=0
	common_teardown || failed=1
	[ -z "$group" ] || wait_until 10 rmdir "$group" || failed=1
	return "$failed"
}

@test "a guest at the limit pids.max of its control group gets EAGAIN or ENOMEM" {
	need_root "a control group"
	cgroup_make pids
	cgroup_set pids.max 60
	host_boot "${in_group[@]}" "$group" "${lone[@]}" kernel quiet mem=256M \
		run=/t/attack/limits,300
	at_limit
}

@test "threads-max begins with what pids.max of the control group has room for" {
	need_root "a control group"
	cgroup_make pids
	cgroup_set pids.max 300
	host_boot "${in_group[@]}" "$group" "${lone[@]}" kernel quiet mem=512M "$show_limits"
	begins_with $(((300 - 16) / 2))
}

@test "any pids.max: works or says what to do" {
	need_root "a control group"
	cgroup_make pids
	guest_limit_s=15
	for limit in 2 3 5 8 12 20 40; do
		cgroup_set pids.max "$limit"
		host_boot "${in_group[@]}" "$group" "${lone[@]}" kernel quiet mem=128M run=/bin/true
		works_or_says
	done
}

@test "a control group with less memory than mem=: works as long as it is not used" {
	need_root "a control group"
	cgroup_make memory
	[ "$version" -eq 1 ] && file=memory.limit_in_bytes || file=memory.max
	cgroup_set "$file" $((160 << 20))
	host_boot "${in_group[@]}" "$group" "${lone[@]}" kernel quiet mem=512M \
		run=/t/eval,dd,if=/dev/zero,of=/tmp/x,bs=1M,count=20
	[ "$status" -eq 0 ]
	says_remedy
	# Using it is the end, of a guest process or of all, and the line stands above.
	host_boot "${in_group[@]}" "$group" "${lone[@]}" kernel quiet mem=512M \
		run=/t/eval,dd,if=/dev/zero,of=/tmp/x,bs=1M,count=300
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	[ "$status" -ne 125 ]
	says_remedy
	guest_check_clean
}

# ---- other limits ---------------------------------------------------------------------------

@test "limits of address space, file size, pending signals and data: works or says what to do" {
	for limit in as=1000000000 as=100000000 fsize=1000000 sigpending=0 data=8000000 memlock=0 \
		stack=200000 core=0; do
		host_boot "${lone[@]}" prlimit --"$limit" kernel quiet mem=128M run=/bin/true
		works_or_says
	done
}

# ---- disks ----------------------------------------------------------------------------------

@test "a full disk under an image is errors of those writes" {
	need_root "a mount namespace"
	mkdir "$guest_dir/small"
	cat >"$guest_dir/session" <<-'EOT'
		folder=$1 && shift
		mount -t tmpfs -o size=24m,mode=1777 none "$folder" &&
			truncate -s 200M "$folder/disk" && mke2fs -q -t ext4 "$folder/disk" &&
			chmod 666 "$folder/disk" && exec "$@"
	EOT
	text='/t/eval mount /dev/ubdb /mnt; cd /dev; '
	text+='dd if=zero of=/mnt/x bs=1M count=100 conv=fsync && exit 3; '
	text+='dd if=zero of=ubdb bs=1M count=100 seek=50 conv=fsync && exit 4; '
	text+='echo and it goes on'
	host_boot unshare -m sh "$guest_dir/session" "$guest_dir/small" "${lone[@]}" kernel quiet \
		ubd1="$guest_dir/small/disk" run="${text// /,}"
	[ "$status" -eq 0 ]
	[[ $output == *"space allocation error, dev ubdb"* ]]
	[[ $output == *"and it goes on"* ]]
}
