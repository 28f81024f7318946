#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# uml_moo: merges, beside the one of Debian's uml-utilities and beside a plain merge in Python;
# what it refuses. moo-ending.bats: how it can end.

# Options of sh -c stand in single quotes, and each test is a subshell.
# shellcheck disable=SC2016,SC2030,SC2031

load ../lib/common
load ../lib/tools
load ../lib/cow

setup() {
	guest_setup
	moo=$(tool uml_moo)
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "versions, byte orders, sector sizes, alignments: as a plain merge, and as the peer's" {
	local peer shape
	peer=$(peer_tool uml_moo)
	backing 20480
	for shape in version=1,order=little version=2 version=3 version=3,padded=1 \
		align=512 align=512,padded=1 align=1 align=3000 align=65536 align=1048576 \
		version=2,sector=1024 sector=1024 sector=4096 sector=520 \
		version=1,order=big version=2,order=little version=3,order=little \
		version=3,order=little,padded=1; do
		log "$shape"
		# shellcheck disable=SC2086
		cowfile make c b ${shape//,/ } set=0-1,4 wanted=wanted
		rm -f new
		split "$moo" c new
		[ "$status" -eq 0 ]
		[ -z "$out$err" ]
		cmp new wanted
		case $shape in *order=*sector* | version=1,order=big | *[23],order=little* | sector=520) continue ;; esac
		"$peer" c peers
		cmp new peers
	done
}

@test "the last sectors: also in part, and where the bitmap of versions 1 and 2 lacks their bits" {
	local bytes version
	for bytes in 20992 20993 21503 700; do
		for version in 1 2 3; do
			log "$bytes bytes, version $version"
			backing "$bytes"
			cowfile make c b version="$version" order=little \
				set=0,$(((bytes - 1) / 512)) wanted=wanted
			"$moo" c new
			cmp new wanted
		done
	done
	# 3908 sectors of version 2: 488 bytes of bitmap end where the data begin, sector 0 is "cow".
	backing $((3908 * 512))
	cowfile make c b version=2 set=0
	"$moo" c new
	cmp -n $((3904 * 512 - 512)) -i 512:512 new b
	cmp -i $((3904 * 512)):$((3904 * 512)) new b
}

@test "random COW files: as a plain merge, and as the peer's, into a new file and in place" {
	local peer n
	peer=$(peer_tool uml_moo)
	cowfile random 20
	for n in {1..20}; do
		"$moo" "c$n" new
		cmp new "wanted$n"
		"$peer" "c$n" peers 2>/dev/null
		cmp new peers
		cp -p "b$n" b.ours
		cp -p "b$n" b.peers
		cp -p "c$n" c.before
		"$moo" -b b.ours -d "c$n"
		"$peer" -d -b b.peers "c$n" 2>/dev/null
		cmp b.ours "wanted$n"
		cmp b.peers "wanted$n"
		cmp "c$n" c.before
		[ "$(stat -c %y "c$n")" = "$(stat -c %y c.before)" ]
	done
}

@test "-b before and after -d, relative names from the current folder, then from the COW's" {
	mkdir sub other
	backing
	mv b sub/
	cowfile make sub/c sub/b name=b set=3
	cowfile merge sub/c sub/b wanted
	(cd sub && "$moo" c ../new1)
	"$moo" sub/c new2
	(cd other && "$moo" ../sub/c ../new3)
	(cd other && "$moo" -b ../sub/b ../sub/c ../new4)
	cmp new1 wanted
	cmp new2 wanted
	cmp new3 wanted
	cmp new4 wanted
	cp -p sub/b sub/b2
	"$moo" -b sub/b2 -d sub/c
	cmp sub/b2 wanted
	"$moo" -d --backing=sub/b sub/c
	cmp sub/b wanted
	cowfile make c sub/b name=missing
	split "$moo" c new
	failed_with "cannot open missing: No such file or directory"
	[[ $err == *"-b"* ]]
}

@test "another size or mtime of the backing file is refused as the peer does; --force merges" {
	local peer shape
	peer=$(peer_tool uml_moo)
	backing 20480
	for shape in mtime=1000000001 size=24576 size=16384; do
		cowfile make c b $shape set=0,31
		cowfile merge c b wanted
		split "$peer" c peers
		[ "$status" -eq 1 ]
		for command in "c new" "-d c"; do
			# shellcheck disable=SC2086
			split "$moo" $command
			failed_with " mismatch: "
			[[ $err == *"--force" ]]
		done
		files_are b c c.key wanted
		"$moo" --force c new
		cmp new wanted
		cp -p b b2
		"$moo" --force -b b2 -d c
		cmp -n "$(stat -c %s wanted)" b2 wanted
		rm -f new b2 wanted
	done
	# Nothing was touched by what was refused.
	[ "$(stat -c %Y b)" -eq 1000000000 ]
}

@test "NEW is sparse where data are zero, in the COW file and in the backing file" {
	truncate -s 64M b
	dd if=/dev/zero of=b bs=1M count=8 conv=notrunc status=none
	printf 'x' | dd of=b bs=1 seek=9000000 conv=notrunc status=none
	touch -d @1000000000 b
	cowfile make c b set=100000-100100
	dd if=/dev/zero of=c bs=512 seek=$((($(stat -c %s c) - 64 * 1024 * 1024) / 512 + 100000)) \
		count=50 conv=notrunc status=none
	cowfile merge c b wanted
	"$moo" c new
	cmp new wanted
	[ "$(stat -c %s new)" -eq 67108864 ]
	[ "$(du -k new | cut -f 1)" -le 128 ]
	# In place, too: what has become zero is given back.
	cp -p --sparse=never b b2
	cowfile make c2 b set=0-8191
	dd if=/dev/zero of=c2 bs=512 seek=$((($(stat -c %s c2) - 64 * 1024 * 1024) / 512)) \
		count=8192 conv=notrunc status=none
	cowfile merge c2 b2 wanted
	"$moo" -b b2 -d c2
	cmp b2 wanted
	[ "$(du -k b2 | cut -f 1)" -le $((60 * 1024 + 64)) ]
}

@test "NEW: mode by the umask, kept from a file that is replaced, links are followed" {
	backing
	cowfile make c b set=1
	(umask 027 && "$moo" c new)
	[ "$(stat -c %a new)" = 640 ]
	echo old >old
	chmod 604 old
	ln -s old link
	exec 7<old
	"$moo" c link
	[ -L link ]
	cmp old new
	[ "$(stat -c %a old)" = 604 ]
	# Who had the old file open keeps it.
	[ "$(cat <&7)" = old ]
	exec 7<&-
}

# as_owner FILE: makes it, or the link that it is, the ordinary user's.
as_owner() {
	chown -h nobody "$@"
}

@test "NEW: another user's links and files in a shared folder lead and tell nothing" {
	need_root "another user's files"
	backing
	cowfile make c b set=1
	mkdir -m 1777 shared
	mkdir victims
	echo precious >victims/file
	local path
	ln -s "$PWD/victims/file" shared/link
	ln -s "$PWD/victims" shared/folder
	ln -s "$PWD/victims/none" shared/none
	ln -s ../shared/link shared/twice
	as_owner shared/link shared/folder shared/none
	for path in shared/link shared/folder/file shared/folder/new shared/none shared/twice \
		"$PWD/shared/../shared/link"; do
		split "$moo" c "$path"
		failed_with "cannot create $path: a symbolic link on the way is another user's"
		split "$moo" -z c "$path"
		failed_with "another user's"
		split "$(tool uml_mkcow)" -f "$path" b
		[ "$status" -eq 1 ]
		[ "$(wc -l <<<"$err")" -eq 1 ]
		[ "$(ls victims)" = file ]
		[ "$(cat victims/file)" = precious ]
	done
	# Links of one's own, and of root, are followed, wherever they are.
	ln -s ../victims/own shared/own
	touch victims/own
	"$moo" c shared/own
	cmp -n 512 victims/own b
	as_owner victims/own
	# Whoever made the file beforehand gets neither the data nor the rights.
	echo old >shared/new
	chmod 666 shared/new
	as_owner shared/new
	(umask 077 && "$moo" c shared/new)
	[ "$(stat -c '%U %a' shared/new)" = "root 600" ]
	echo old >shared/new.cow
	chmod 666 shared/new.cow
	as_owner shared/new.cow
	(umask 077 && "$(tool uml_mkcow)" -f shared/new.cow b)
	[ "$(stat -c '%U %a' shared/new.cow)" = "root 600" ]
	# In a folder where only that user could have made it, root keeps it the user's.
	mkdir theirs
	echo old >theirs/new
	chmod 640 theirs/new
	as_owner theirs theirs/new
	"$moo" c theirs/new
	[ "$(stat -c '%U %a' theirs/new)" = "nobody 640" ]
}

@test "NEW: a folder that is exchanged during the merge does not get it" {
	backing $((1 << 20))
	cowfile make c b set=1
	mkdir there away
	# The file has its place from the beginning; strace stops the tool before it writes.
	traced -f -o trace -e inject=ftruncate:signal=SIGSTOP "$moo" c there/new 3>&- &
	local pid=$!
	started+=("$pid")
	stopped() {
		grep -q 'stopped by SIGSTOP' trace
	}
	wait_until 20 stopped
	mv there moved
	ln -s away there
	kill -CONT "$(sed -n '1s/ .*//p' trace)"
	wait "$pid"
	[ "$(ls moved)" = new ]
	[ -z "$(ls away)" ]
}

@test "NEW must be neither COW nor backing file, and what exists a file or block device" {
	backing
	cowfile make c b set=1
	cp c c.before
	cp b b.before
	mkfifo fifo
	mkdir folder
	ln -s nowhere dangling
	ln b hard
	for new in c b hard fifo folder dangling /dev/null none/new folder/; do
		split timeout 10 "$moo" c "$new"
		failed_with "$(basename "$new")"
	done
	cmp c c.before
	cmp b b.before
	[ -p fifo ]
	[ -c /dev/null ]
}

@test "hostile COW files: each is refused by one line, nothing is written" {
	backing
	cowfile make good b set=1
	make_bad() {
		cp good c
		[ $# -eq 0 ] || cowfile poke c "$@"
	}
	expect_bad() {
		split timeout 20 "$moo" c new
		failed_with "$1"
		[ ! -e new ]
		split timeout 20 "$moo" --force -d c
		failed_with "$1"
		split timeout 20 "$moo" --check c
		[ "$status" -eq 1 ]
	}
	make_bad 0 00
	expect_bad "not a COW file"
	make_bad 4 00000004
	expect_bad "version 4"
	make_bad 4 ffffffff
	expect_bad "version 4294967295"
	for size in ffffffffffffffff fffffffffffff000 8000000000000000 7fffffffffffffff; do
		make_bad 12 "$size"
		expect_bad "no file can hold"
	done
	make_bad 20 00000000
	expect_bad "sector size 0"
	make_bad 24 00000000
	expect_bad "alignment 0"
	make_bad 28 00000001
	expect_bad "format 1"
	make_bad 32 "$(printf 2f%.0s {1..4096})"
	expect_bad "has no end"
	for length in 0 3 7 8 40 4127; do
		make_bad
		truncate -s "$length" c
		split timeout 20 "$moo" c new
		[ "$status" -eq 1 ]
	done
	: >c
	expect_bad "not a COW file"
	# Another backing file than the header has: then the name does not matter.
	make_bad 32 "$(printf 2f%.0s {1..4096})"
	cowfile merge good b wanted
	"$moo" -b b c new
	cmp new wanted
}

@test "COW files that are cut short, claim much or have stray bits" {
	backing
	cowfile make c b set=0,40
	cp c.key cut.key
	cp c cut
	truncate -s $((12288 + 40 * 512 + 100)) cut
	split "$moo" cut new
	failed_with "cut short: 32868 bytes of 33280"
	split "$moo" --force cut new
	[ "$status" -eq 0 ]
	cowfile merge cut b wanted
	cmp new wanted
	# The bitmap of an enormous device lies beyond the end of the file.
	cowfile make huge b size=1000000000000000000 set=
	truncate -s 8300 huge
	split timeout 20 "$moo" --force -b b huge new2
	[ "$status" -eq 1 ]
	[[ $err == *"new2: cannot make it 1000000000000000000 bytes long: "* ]]
	[ ! -e new2 ]
	split timeout 20 "$moo" huge new2
	failed_with "cut short"
	# Alignments that are no powers of two, or near 2^32.
	cowfile make far b align=4294967295
	split timeout 20 "$moo" --check far
	[ "$status" -eq 0 ]
	# A bit behind the last sector.
	cowfile poke c 8197 ff
	cowfile merge c b wanted
	"$moo" c new
	cmp new wanted
	split "$moo" --check c
	[ "$status" -eq 1 ]
	[[ $out == *"problem: "*"beyond the device's end"* ]]
}

@test "COW and backing file that are FIFOs, folders, character devices, or one and the same" {
	backing
	mkfifo fifo
	mkdir folder
	for bad in fifo folder /dev/zero missing; do
		split timeout 10 "$moo" "$bad" new
		failed_with "$bad"
		cowfile make c b name="$(readlink -m "$bad")" set=1
		for command in "c new" "-d c"; do
			# shellcheck disable=SC2086
			split timeout 10 "$moo" $command
			failed_with "$(basename "$bad")"
		done
		split timeout 10 "$moo" -b "$bad" c new
		failed_with "$bad"
	done
	cowfile make c b name="$PWD/c" set=1
	ln -s c link
	for command in "c new" "-d c" "-b link -d c" "-b c c new"; do
		# shellcheck disable=SC2086
		split "$moo" --force $command
		failed_with "COW file itself"
	done
	[ ! -e new ]
}

@test "block devices: as backing file, as NEW, merged into" {
	need_root "loop devices"
	local loop
	backing 1048576
	cowfile make c b set=0-100,1000
	cowfile merge c b wanted
	truncate -s 2M disk
	tr '\0' '\377' <disk >disk2
	loop=$(losetup -f --show disk2)
	started_loop=$loop
	split "$moo" c "$loop"
	losetup -d "$loop"
	[ "$status" -eq 0 ]
	cmp -n 1048576 disk2 wanted
	loop=$(losetup -f --show b)
	started_loop=$loop
	cowfile make c2 b name="$loop" mtime="$(stat -c %Y "$loop")" set=0-100,1000
	split "$moo" c2 new
	[ "$status" -eq 0 ]
	cmp new wanted
	split "$moo" -d --force c2
	blockdev --flushbufs "$loop"
	losetup -d "$loop"
	started_loop=
	[ "$status" -eq 0 ]
	cmp b wanted
	# Too small a device.
	truncate -s 64k disk
	loop=$(losetup -f --show disk)
	started_loop=$loop
	touch -d @1000000000 b
	split "$moo" c "$loop"
	losetup -d "$loop"
	started_loop=
	failed_with "too few"
}

@test "-z: what gzip reads" {
	backing 3000320
	cowfile make c b set=0-9,5000-5100
	cowfile merge c b wanted
	split "$moo" -z c new.gz
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	gzip -t new.gz
	gzip -dc new.gz | cmp - wanted
	[ "$(stat -c %s new.gz)" -lt 1000000 ]
	"$moo" -z c again.gz
	cmp new.gz again.gz
}

@test "a file system that shares blocks: NEW takes up little, changed parts are shared too" {
	need_root "a file system of its own"
	command -v mkfs.xfs >/dev/null || skip "needs the Debian package xfsprogs"
	truncate -s 400M xfs
	mkfs.xfs -q xfs
	mkdir mnt
	cat >inside <<-'EOT'
	set -e
	mount -o loop xfs mnt
	cd mnt
	head -c 67108864 /dev/urandom >b
	touch -d @1000000000 b
	"$cowfile" make c b set=1000-9000,131071
	"$cowfile" merge c b ../wanted
	sync -f .
	before=$(df -k --output=used . | tail -n 1)
	ASAN_OPTIONS=detect_leaks=0 strace -f -o ../trace -e trace=ioctl,copy_file_range "$moo" c new
	sync -f .
	after=$(df -k --output=used . | tail -n 1)
	echo "$((after - before))" >../used
	cmp new ../wanted
	# A size that the header has, not the backing file.
	"$moo" -f -b c c new2 && cmp -s b c && exit 1
	cp --reflink=always b b2
	truncate -s +1M b2
	touch -d @1000000000 b2
	"$moo" -f -b b2 c new3
	cmp new3 ../wanted
	EOT
	split env moo="$moo" cowfile="$UML_TESTS/lib/cowfile.py" unshare -m sh inside
	[ "$status" -eq 0 ]
	grep -q 'FICLONE.*= 0$' trace
	grep -q 'copy_file_range(.*= [1-9]' trace
	log "$(cat used) KiB"
	[ "$(cat used)" -lt 4096 ]
}

@test "a progress bar on terminals alone" {
	truncate -s 64M b
	head -c 10M /dev/urandom | dd of=b conv=notrunc status=none
	touch -d @1000000000 b
	cowfile make c b set=0-9
	split script -qec "$moo -z c new" /dev/null
	[ "$status" -eq 0 ]
	[[ $out == *" of 64 MiB"* ]]
	split script -qec "$moo -q -z c new" /dev/null
	[ -z "$out" ]
	split "$moo" c new
	[ -z "$out$err" ]
}

@test "--check: what the header says, in lines and as JSON; status 1 where something is wrong" {
	local json
	backing
	cowfile make c b version=2 set=0,8-39
	split "$moo" --check c
	[ "$status" -eq 0 ]
	diff <(echo "$out") - <<-EOT
	version: 2
	byte order: big
	layout: packed
	backing file: $PWD/b
	backing mtime: 1000000000 (2001-09-09T01:46:40Z)
	device size: 20992
	sector size: 512
	alignment: 512
	bitmap offset: 4120
	bitmap size: 6
	data offset: 4608
	changed sectors: 33
	changed bytes: 16896
	state: whole
	EOT
	json='import json, sys; d = json.load(sys.stdin); sys.exit(not eval(sys.argv[1]))'
	split "$moo" --check --json c
	[ "$status" -eq 0 ]
	python3 -c "$json" 'd["ok"] and not d["problems"] and d["changed_sectors"] == 33' <<<"$out"
	cowfile make c3 b mtime=6 padded=1 order=little name="$PWD"/$'b\033[2J\n"\xff' set=1
	split "$moo" --json --check c3
	[ "$status" -eq 1 ]
	python3 -c "$json" '(not d["ok"] and len(d["problems"]) == 1 and d["layout"] == "padded"
		and d["byte_order"] == "little" and d["backing_file"].endswith("\ufffd"))' <<<"$out"
	split "$moo" --check c3
	[ "$status" -eq 1 ]
	[[ $out == *'b\x1b[2J\x0a"'* ]]
	local effect
	for effect in "${terminal_effects[@]}"; do
		cowfile make c4 b name="$PWD/b$effect" set=1
		for option in --check --json; do
			split env LC_ALL=C.UTF-8 "$moo" --check "$option" c4
			[ "$status" -eq 1 ]
			has_no_effect "$out$err"
		done
		split env LC_ALL=C.UTF-8 "$moo" c4 new4
		[ "$status" -eq 1 ]
		has_no_effect "$err"
	done
	split "$moo" --check -b b c3
	[[ $out == *"problem: b: mtime mismatch: changed on 2001-09-09 01:46:40 UTC, but on 1970-01-01 00:00:06 UTC by the header of c3; "*": touch -d @6 b" ]]
	split sh -c '"$1" --check -b b c3 >/dev/full' - "$moo"
	failed_with "cannot write the output"
}

@test "files that a guest uses: -d is refused, a merge into NEW told" {
	backing
	cowfile make c b set=1
	mkfifo hold
	lock() {
		"$UML_TESTS/lib/cowfile.py" lock "$1" "$2" ready <hold 3>&- &
		started+=($!)
		exec 6>hold
		wait_until 10 test -e ready
	}
	unlock() {
		exec 6>&-
		wait "${started[-1]}"
		rm ready
	}
	lock c write
	split "$moo" -d c
	failed_with "c: in use by process ${started[-1]}"
	split "$moo" c new
	[ "$status" -eq 0 ]
	[[ $err == "uml_moo: c: in use by process "*"; NEW is made all the same, and sound if nothing is written meanwhile" ]]
	unlock
	# Guests only read the backing file, and many may.
	lock b read
	split "$moo" c new
	[ "$status" -eq 0 ]
	[ -z "$err" ]
	split "$moo" -d c
	failed_with "b: in use by process"
	[ "$(stat -c %Y b)" -eq 1000000000 ]
	unlock
	split "$moo" -d c
	[ "$status" -eq 0 ]
}

@test "a stranger's COW file does not lead root to files that the stranger could not use" {
	need_root "files of several users"
	backing
	chmod 600 b
	cowfile make c b set=1
	chown 65534 c
	for command in "c new" "-d c"; do
		# shellcheck disable=SC2086
		split "$moo" $command
		failed_with "does not own it"
	done
	[ ! -e new ]
	"$moo" -b b c new
	# What all may read is no secret, but still not the stranger's to change.
	chmod 644 b
	"$moo" c new
	split "$moo" -d c
	failed_with "does not own it"
	chown 65534 b
	"$moo" -d c
}

@test "a device of 8 TiB with few changes: seconds, and less than 64 MiB of memory" {
	truncate -s 8T b
	touch -d @1000000000 b
	cowfile make c b set=1-9,17179869175-17179869183 2>/dev/null
	for command in "c new" "-d c" "--force --check c"; do
		[[ $command != *check* ]] || command="--check c"
		[[ $command != "-d c" ]] || touch -d @1000000000 b
		# shellcheck disable=SC2086
		split timeout 60 python3 -c 'import resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak, "KiB", file=sys.stderr)
sys.exit(3 if peak > 65536 else status)' "$moo" $command
		[[ $command == *check* ]] || [ "$status" -eq 0 ]
		[ "$status" -ne 3 ]
	done
	[ "$(stat -c %s new)" -eq 8796093022208 ]
	[ "$(du -k new | cut -f 1)" -lt 1024 ]
	cmp -i $((8796093022208 - 4096)) new b
	cmp -n 1000000 new b
}

@test "wrong usage: one line, the usage, status 2" {
	backing
	cowfile make c b set=1
	for words in "" c "c new more" "-d" "-d c new" "-z -d c" "--json c new" "--check" \
		"--check -d c" "--check c new" "-b" "-x c new"; do
		# shellcheck disable=SC2086
		split "$moo" $words
		[ "$status" -eq 2 ]
		[ -z "$out" ]
		[[ $err == "uml_moo: "*$'\n'"usage: uml_moo"* ]]
	done
	files_are b c c.key
}

teardown() {
	local pid
	[ -z "${started_loop:-}" ] || losetup -d "$started_loop" 2>/dev/null || true
	for pid in "${started[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
}
