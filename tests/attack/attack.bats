#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Hostile programs inside a guest: whatever they do, only they suffer. The guest looks after itself
# in attack.sh; here the host does: its canary lives and is unchanged, and nothing is left behind.
#
# From the environment: UML_ATTACK_ROUNDS multiplies the rounds of each program (1), UML_FUZZ_S is
# how long the fuzzer runs (60), UML_FUZZ_SEED where it begins (1). tests/attack/nightly sets them.
# From 10 rounds on nothing is left out, and what is big is of full size.

load ../lib/common

rounds=${UML_ATTACK_ROUNDS:-1}
fuzz_s=${UML_FUZZ_S:-60}
fuzz_seed=${UML_FUZZ_SEED:-1}
guest_limit_s=$((600 * rounds + 2 * fuzz_s))
full=$((rounds >= 10))

setup_file() {
	: >"$BATS_FILE_TMPDIR/attempts"
}

# The host's canary, of the same user as the guest's processes.
canary_start() {
	local ready=$BATS_TEST_TMPDIR/canary.ready
	chmod 1777 "$BATS_TEST_TMPDIR"
	${guest_user:+setpriv --reuid=65534 --regid=65534 --clear-groups --} \
		"$UML_BUILD/tests/bin/attack/canary" "$ready" 3>&- &
	canary=$!
	started+=("$canary")
	wait_until 10 test -e "$ready"
}

canary_intact() {
	local canary_status=0
	kill -TERM "$canary" || {
		log "the host's canary has died"
		return 1
	}
	wait "$canary" || canary_status=$?
	[ "$canary_status" -eq 0 ]
}

# attack PROGRAM[:ARGUMENT]...: boots a guest that runs them. Sets options first: the array guest.
guest=(mem=512M)
attack() {
	local job=/t/attack/attack.sh program sum attempts
	for program; do
		job=$job,$program
	done
	[ -n "${canary:-}" ] || canary_start
	truncate -s 256M "$guest_dir/swap"
	[ -z "$guest_user" ] || [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$guest_dir/swap"
	sum=$(cksum <"$guest_image")
	# What the kernel does not know init finds in its environment.
	guest_boot quiet ubd1="$guest_dir/swap" "${guest[@]}" LIMIT_S=$((guest_limit_s - 60)) run="$job"
	canary_intact
	[ "$status" -eq 0 ]
	[[ "$output" == *"attack.sh: all attacks held"* ]]
	[[ "$output" != *FAIL* ]]
	# The guest had it for reading only.
	[ "$(cksum <"$guest_image")" = "$sum" ]
	attempts=$(sed -n 's/^attack.sh: \([0-9]*\) attempts\r*$/\1/p' <<<"$output")
	[ "$attempts" -gt 0 ]
	echo "$attempts" >>"$BATS_FILE_TMPDIR/attempts"
	guest_check_clean
}

@test "the programs refuse to run on the host" {
	for program in "$UML_BUILD"/tests/bin/attack/attack-*; do
		[[ $program != *.sh ]] || continue
		run_logged "$program" --inside
		[ "$status" -eq 2 ]
		[[ "$output" == *"only inside a guest"* ]]
	done
}

@test "system calls and jumps on a host that lets one call of the stub through" {
	guest+=(nofsgsbase)
	attack attack-calls attack-jumps:1 attack-stub
}

@test "every system call number, by every way into the kernel" {
	attack attack-calls
}

@test "jumps to every byte of the host layer's code" {
	attack attack-jumps:$((2 * rounds))
}

@test "system calls from the host layer's own call instructions" {
	attack attack-stub
}

@test "forged signal frames" {
	attack attack-sigreturn:$((1500 * rounds))
}

@test "those four as an ordinary user of the host, one after the other" {
	guest_as_user
	attack attack-sigreturn:300 attack-stub attack-jumps:1 attack-calls
}

@test "a thread's frames are rewritten by its siblings" {
	guest_as_user
	attack attack-threads:$((150 * rounds))
}

@test "pages are used that their program gives away" {
	guest_as_user
	attack attack-pages:$((30 * rounds))
}

@test "acknowledgements are forged" {
	guest_as_user
	attack attack-acks:$((6 * rounds))
}

@test "programs end in a forged report, and leave nothing to the next" {
	guest_as_user
	attack attack-recycle:$((300 * rounds))
}

@test "programs that are taken for dead, and run on" {
	guest_as_user
	attack attack-ghost:$((full ? 1 : 24)):1
}

@test "pages are taken from programs that have as many mappings as the host allows" {
	guest_as_user
	attack attack-lost:$((full * 3))
}

@test "programs that are about to report for ever" {
	guest_as_user
	guest_limit_s=$((120 * rounds))
	attack attack-hang:"$rounds"
}

@test "SIGTERM ends a guest in order in which a program is about to report for ever" {
	guest_start quiet ubd0="$(guest_disk disk)" root=/dev/ubda rw mem=512M \
		run=/t/attack/attack.sh,attack-hang:0:1000
	guest_expect 60 '^hanging'
	kill -TERM "$(guest_kernel_pid)"
	guest_wait 60
	[ "$status" -eq 0 ]
	[[ $output == *"The system is going down"* ]]
}

@test "the calls at fixed addresses obey filters and tracers" {
	guest_as_user
	attack attack-vsyscall:"$rounds":$((100000 * rounds))
}

@test "selectors are not inherited from another user's program" {
	guest_as_user
	attack attack-segments:$((200 * rounds))
}

@test "programs never give up the processor, or want all of everything" {
	guest_as_user
	attack attack-loops:$((8 * rounds))
}

@test "calls, faults and preemption in an unusual state" {
	guest_as_user
	attack attack-state:$((1500 * rounds))
}

@test "mappings where none may be, and more than the host can hold" {
	guest_as_user
	guest=(mem=768M)
	attack attack-maps:"$rounds"
}

@test "the kernel maps more memory for itself than the host has mappings for" {
	guest_as_user
	guest=(mem=1400M)
	attack attack-vmalloc:"$rounds"
}

@test "the same with a handful of mappings, all of the time" {
	guest_as_user
	guest=(mem=400M kernel_map.limit=500)
	attack attack-vmalloc:"$rounds"
}

@test "processes in every state are looked at" {
	guest_as_user
	attack attack-proc:$((3 * rounds))
}

# The secret is in the kernel's environment, and in the guest only in two halves.
@test "nothing of the kernel's, the host's or other programs' can be read" {
	guest_as_user
	export UML_TEST_SECRET=h0stSecretPartOneh0stSecretPartTwo
	attack attack-scan:h0stSecretPartOne:h0stSecretPartTwo
}

# Memory that the guest's processes use on the host, in MB; shared pages count once a mapping part.
used_mb() {
	local pid total_kb=0
	for pid in $(guest_pids); do
		total_kb=$((total_kb + $(sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' \
			"/proc/$pid/smaps_rollup" 2>/dev/null || echo 0)))
	done
	echo $((total_kb / 1024))
}

@test "guest programs cannot make the host spend memory beyond mem=" {
	guest_start quiet mem=64M run=/t/attack/attack.sh,attack-fill:6:1000
	guest_expect 60 '^filled by 6 processes'
	used=$(used_mb)
	log "$used MB"
	[ "$used" -gt 10 ]
	[ "$used" -lt 128 ]
	kill -KILL "$(guest_kernel_pid)"
	guest_wait 30
	[ "$status" -eq 137 ]
}

# Host mappings of all guest programs: of their agents, the only ones of them with descriptors. Each
# agent's carriers share its memory.
programs_maps() {
	local pid total=0 agents=0
	for pid in $(guest_pids); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = uml-guest ] || continue
		[ -n "$(ls "/proc/$pid/fd" 2>/dev/null)" ] || continue
		agents=$((agents + 1))
		total=$((total + $(wc -l <"/proc/$pid/maps")))
	done
	[ "$agents" -gt 3 ] && echo "$total $agents"
}

# mappings_bounded KIND PROCESSES PAGES MB: a guest of so much memory in which they map as many as they
# can: at no time there are too many.
mappings_bounded() {
	local most=$(($4 * 256)) total agents highest=0 deadline=$((SECONDS + 60 * rounds))
	need_root "to read the maps of processes that are not dumpable"
	guest_start quiet mem="$4"M \
		run=/t/attack/attack.sh,attack-mappings:"$2:$3:1000:$1" LIMIT_S=2000
	# As many as the host allows one process, or one for each page of guest RAM; and what each
	# agent has anyway.
	[ "$most" -gt 65536 ] || most=65536
	until grep -aq '^mapped by ' "$guest_log"; do
		[ "$SECONDS" -lt "$deadline" ]
		read -r total agents <<<"$(programs_maps)" || true
		[ -n "$total" ] || continue
		[ "$total" -le "$highest" ] || highest=$total
		[ "$total" -le $((most + 256 * agents)) ] || break
	done
	log "up to $highest host mappings, $total of $agents programs; $most and 256 for each are permitted"
	read -r total agents <<<"$(programs_maps)"
	[ "$highest" -gt 10000 ]
	[ "$highest" -le $((most + 256 * agents)) ]
	guest_kill
}

guest_kill() {
	kill -KILL "$(guest_kernel_pid)"
	guest_wait 30
	[ "$status" -eq 137 ]
}

@test "guest programs cannot make the host keep a mapping for each of their pages" {
	if ((full)); then
		mappings_bounded pages 40 39000 128
	else
		mappings_bounded pages 2 39000 64
	fi
}

@test "nor by holes in what they map" {
	mappings_bounded holes $((full ? 8 : 3)) 78000 192
}

@test "nor by pages with other rights than their neighbours" {
	mappings_bounded rights $((full ? 8 : 3)) 64000 192
}

# What the guest costs the host: its processes, the kernel's descriptors, KiB of the memory by which the
# kernel and the guest's processes talk, KiB of page tables. Of processes that share memory only the agent
# counts for these.
costs() {
	local kernel pid fd fds processes=0 control=0 tables=0
	kernel=$(guest_kernel_pid)
	for pid in $(ps -o pid= --ppid "$kernel"); do
		processes=$((processes + 1))
		[ -n "$(ls "/proc/$pid/fd" 2>/dev/null)" ] || continue
		tables=$((tables + $(sed -n 's/^VmPTE:[^0-9]*\([0-9]*\) kB/\1/p' \
			"/proc/$pid/status" 2>/dev/null || echo 0)))
	done
	for fd in /proc/"$kernel"/fd/*; do
		[[ $(readlink "$fd") != */memfd:uml-control* ]] ||
			control=$(($(stat -L -c %b "$fd") / 2))
	done
	fds=(/proc/"$kernel"/fd/*)
	echo "$processes ${#fds[@]} $control $tables"
}

# costs_within PROCESSES DESCRIPTORS CONTROL TABLES: no more than that.
costs_within() {
	local now i limit=("$@")
	read -ra now <<<"$(costs)"
	for i in "${!limit[@]}"; do
		((now[i] <= limit[i])) || return 1
	done
}

# costs_return WHAT PROCESSES DESCRIPTORS CONTROL TABLES: the guest has said WHAT, and then costs no more
# than that. What is to go may take a moment.
costs_return() {
	local within
	need_root "to see the descriptors of processes that are not dumpable"
	guest_expect $((60 * rounds)) "^$1"
	wait_until 10 costs_within "${@:2}" && within=yes || within=no
	log "processes, descriptors, KiB of control memory and of page tables: $(costs)"
	[ "$within" = yes ]
	guest_kill
}

# Each of these processes may keep eight, and has an agent and one that runs; 36 KiB for each of them, and
# what lists of operations have used.
@test "threads that have ended leave the host what they have cost" {
	local processes=$((full ? 20 : 4))
	guest_start quiet mem=256M \
		run=/t/attack/attack.sh,attack-starve:ended:$processes:300:1000 LIMIT_S=2000
	costs_return 'looked at' $((10 * processes + 60)) $((12 * processes + 100)) \
		$((10 * 36 * processes + 4096)) 16384
}

@test "the page tables of programs that have ended leave the host" {
	local programs=$((full ? 12 : 6))
	guest_start quiet mem=256M run=/t/attack/attack.sh,attack-tables:$programs:4000:1000 LIMIT_S=2000
	costs_return 'ended' 200 300 8192 16384
}

@test "at a limit of open files: threads that have ended take nothing from others" {
	ulimit -n 200
	attack attack-starve:ended:$((6 * rounds)):100
}

@test "at a limit of open files: programs start, or their starter is told; none is killed" {
	ulimit -n 100
	attack attack-starve:running:1:300
}

@test "programs learn nothing of faults of those before" {
	guest_as_user
	attack attack-remains:$((100 * rounds)):faults
}

@test "programs learn nothing of registers of those before" {
	guest_as_user
	attack attack-remains:$((100 * rounds)):registers
}

@test "the clocks of time namespaces, by the kernel's pages and by call" {
	guest_as_user
	attack attack-clocks:$((10 * rounds))
}

# The host's process ids are known: the canary's, the tests', and the first one's.
@test "vsyscalls, debuggers, changing code, and process numbers of the host" {
	guest_as_user
	canary_start
	attack attack-odd:1:"$canary:$$:$PPID"
}

@test "what the guest's root can try" {
	guest_as_user
	attack attack-root
}

@test "$fuzz_s s of random calls, jumps, frames, mappings, code and registers" {
	guest_as_user
	attack attack-fuzz:"$fuzz_seed:$fuzz_s"
}

@test "the sum of all attempts" {
	sum=0
	while read -r attempts; do
		sum=$((sum + attempts))
	done <"$BATS_FILE_TMPDIR/attempts"
	echo "# $sum attempts, 0 escapes, 0 kernel crashes" >&3
	[ "$sum" -gt 0 ]
}
