#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# How uml_moo can end: killed before any of its calls, with any of them failing, on full disks.
# shellcheck disable=SC2016,SC2154

load ../lib/common
load ../lib/tools
load ../lib/cow

setup() {
	guest_setup
	moo=$(tool uml_moo)
	cd "$BATS_TEST_TMPDIR" || return 1
}

# What changes files.
changing=pwrite64,io_submit,write,fsync,utimensat,fallocate,ftruncate,linkat,renameat2

# each_call CALLS COMMAND...: the calls that the command makes to its files, `CALL:when=N` each.
each_call() {
	traced -y -o trace -e trace="$1" "${@:2}" 2>/dev/null
	awk -F '(' '/^[a-z0-9]+[(]/ { n[$1]++; if ($0 !~ /[.]so|std/) print $1 ":" n[$1] }' trace |
		sed 's/:/ /' | uniq
}

# broken CALL NUMBER KIND COMMAND...: runs it, its NUMBERth CALL fails or kills as KIND says.
broken() {
	split traced -o /dev/null -e trace="$1" -e inject="$1:$3:when=$2" "${@:4}"
}

@test "-d killed before each of its calls: the same command completes it" {
	local call n count=0
	backing 204800
	cowfile make c b set=0-9,50,60-70,200-300 wanted=wanted
	cp -p b b.before
	cp -p c c.before
	each_call $changing "$moo" -d c >calls
	[ "$(wc -l <calls)" -ge 11 ]
	while read -r call n; do
		cp -p b.before b
		cp -p c.before c
		broken "$call" "$n" signal=KILL "$moo" -d c
		[ "$status" -eq 137 ]
		count=$((count + 1))
		# Killed again on the way.
		broken pwrite64 $((count % 4 + 1)) signal=KILL "$moo" -d c
		# The last call may have been made already: then nothing is left to be done.
		if ! cmp -s c c.before || ! cmp -s b wanted; then
			split "$moo" -d c
			[ "$status" -eq 0 ]
		fi
		cmp b wanted
		cmp c c.before
	done <calls
}

@test "-d whose calls fail: status 1, the same command completes it" {
	local call n
	backing 204800
	cowfile make c b set=0-9,50,60-70,200-300 wanted=wanted
	cp -p b b.before
	cp -p c c.before
	each_call pwrite64,fsync,utimensat,pread64 "$moo" -d c >calls
	[ "$(wc -l <calls)" -ge 15 ]
	while read -r call n; do
		cp -p b.before b
		cp -p c.before c
		broken "$call" "$n" error=EIO "$moo" -d c
		[ "$status" -eq 1 ]
		[ "$(wc -l <<<"$err")" -eq 1 ]
		[[ $err == *": Input/output error; "* ]]
		# Where only the header was left to be restored all is merged.
		[[ $err == *"merged, but"* ]] || "$moo" -d c
		cmp b wanted
	done <calls
}

@test "-d: the mark is on the disk before the first change, the changes before the mark goes" {
	backing 204800
	cowfile make c b set=0-9,60-70
	traced -y -o trace -e trace=pwrite64,io_submit,fsync,utimensat "$moo" -d c
	# Both ways to write were taken.
	grep -q '^io_submit(.*<.*/b>' trace
	sed -n -e 's/^io_submit(.*aio_fildes=/pwrite64(/' \
		-e 's/^\([a-z0-9]*\)([0-9]*<[^>]*\/\([^>]*\)>.*/\1 \2/p' trace | uniq >order
	log "$(cat order)"
	diff order - <<-EOT
	pwrite64 c
	utimensat c
	fsync c
	pwrite64 b
	fsync b
	pwrite64 c
	utimensat c
	fsync c
	EOT
}

@test "-d that broke off: a changed COW or backing file is not taken for the same one" {
	backing 204800
	cowfile make c b set=0-9,60-70
	cp -p c c.before
	broken fsync 2 signal=KILL "$moo" -d c
	[ "$status" -eq 137 ]
	touch b
	split "$moo" --check c
	[ "$status" -eq 0 ]
	[[ $out == *"state: merge begun"* ]]
	# A guest wrote to it since.
	cp -p c c.marked
	touch c
	split "$moo" -d c
	failed_with "mtime mismatch"
	# Another file under the name of the backing file.
	cp -p c.marked c
	touch -r c.marked c
	cp b b2
	split "$moo" -b b2 -d c
	failed_with "mtime mismatch"
	split "$moo" -d c
	[ "$status" -eq 0 ]
	cmp c c.before
	# Once complete, it is not merged again.
	split "$moo" -d c
	failed_with "mtime mismatch"
}

@test "-d of a COW file that may only be read is done, with a word" {
	backing
	chmod 755 .
	cowfile make c b set=1
	cowfile merge c b wanted
	chmod 644 c
	chmod 666 b
	split as_user "$moo" -d -b b c
	[ "$status" -eq 0 ]
	[[ $err == *"repeat it with --force"* ]]
	cmp b wanted
}

@test "a merge into NEW killed before each of its calls leaves nothing, the old file as it was" {
	local call n
	backing 204800
	cowfile make c b set=0-9,50,60-70,200-300
	echo old >new
	each_call $changing "$moo" c new >calls
	[ "$(wc -l <calls)" -ge 6 ]
	while read -r call n; do
		echo old >new
		broken "$call" "$n" signal=KILL "$moo" c new
		[ "$status" -eq 137 ]
		# Only the very last one, the sync of the folder, comes after the new name.
		[ "$(head -c 3 new)" = old ] || [ "$call" = fsync ]
		# Only between link and rename it has a temporary name.
		[ "$call" = renameat2 ] || [ -z "$(find . -name '.uml_cow.*')" ]
		find . -name '.uml_cow.*' -delete
	done <calls
}

@test "a merge into NEW whose calls fail: status 1, nothing left, the old file as it was" {
	local call n
	backing 204800
	cowfile make c b set=0-9,50,60-70,200-300
	echo old >new
	each_call pread64,pwrite64,fsync,ftruncate,linkat,renameat2 "$moo" c new >calls
	[ "$(wc -l <calls)" -ge 15 ]
	while read -r call n; do
		echo old >new
		broken "$call" "$n" error=EIO "$moo" c new
		[ "$status" -eq 1 ]
		[[ $err == "uml_moo: "*": Input/output error; "* ]]
		[ "$(head -c 3 new)" = old ] || [ "$call" = fsync ]
		[ -z "$(find . -name '.uml_cow.*')" ]
	done <calls
}

@test "without unnamed files NEW has a temporary name, which each signal removes" {
	local inject=-einject=openat:error=EOPNOTSUPP:when=
	backing 204800
	cowfile make c b set=0-9,50,60-70,200-300
	cowfile merge c b wanted
	traced -f -o trace -e trace=openat "$moo" c new
	inject+=$(grep -n O_TMPFILE trace | cut -d: -f1)
	rm new
	split traced -f -o trace -e trace=openat "$inject" "$moo" c new
	[ "$status" -eq 0 ]
	grep -q '\.uml_cow\.' trace
	cmp new wanted
	rm new
	local signal
	for signal in HUP INT QUIT USR1 USR2 ALRM TERM VTALRM PROF PWR RTMIN RTMAX; do
		split traced -f -o trace -e trace=openat,pwrite64 "$inject" \
			-e inject=pwrite64:signal="$(kill -l "$signal")":when=1 "$moo" c new
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		[[ $err == *"interrupted"* ]]
		files_are b c c.key wanted trace
		# What the caller ignores is ignored.
		(trap "" "$signal" && traced -f -o trace -e trace=openat,pwrite64 "$inject" \
			-e inject=pwrite64:signal="$(kill -l "$signal")":when=1 "$moo" c new)
		cmp new wanted
		rm new
	done
}

@test "a full disk: one line, and nothing left on it" {
	need_root "a small file system"
	backing 1048576
	head -c 1048576 /dev/urandom >b
	cowfile make c b set=0-1000
	mkdir full
	split unshare -m sh -c 'mount -t tmpfs -o size=256k none full && "$1" c full/new
		echo $? >status; ls -A full >left; rm -f full/*; "$1" -z c full/new; echo $? >>status
		ls -A full >>left' - "$moo"
	[ "$(cat status)" = "1
1" ]
	[ ! -s left ]
	[ "$(grep -c 'No space left on device; make room there' <<<"$err")" -ge 1 ]
	[ "$(wc -l <<<"$err")" -eq 2 ]
	split sh -c 'ulimit -f 50 && exec "$1" c new' - "$moo"
	failed_with "File too large"
	[ ! -e new ]
}

@test "long stretches past the page cache: also where the host cannot, and where the disk fills up" {
	need_root "a small file system"
	local call
	truncate -s 24M b
	head -c 16M /dev/urandom | dd of=b conv=notrunc status=none
	touch -d @1000000000 b
	cowfile make c b set=0-9,9000-9999,40000-40003 wanted=wanted
	traced -o trace -e trace=io_submit "$moo" c new
	[ "$(grep -c 'io_submit(.*= [1-9][0-9]*$' trace)" -ge 4 ]
	cmp new wanted
	for call in io_setup:error=ENOSYS:when=1 io_submit:error=EAGAIN:when=2 \
		fcntl:error=EINVAL:when=3; do
		split traced -o trace -e trace="${call%%:*}" -e inject="$call" "$moo" c new
		grep -q INJECTED trace
		[ "$status" -eq 0 ]
		cmp new wanted
	done
	truncate -s 12M disk
	mke2fs -q -t ext4 -F disk
	mkdir mnt
	split unshare -m sh -c 'mount -o loop disk mnt && "$1" c mnt/new; echo $?; ls mnt' - "$moo"
	[ "$out" = $'1\nlost+found' ]
	[[ $err == "uml_moo: mnt/new: "*": No space left on device; make room there" ]]
}
