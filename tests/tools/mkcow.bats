#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# uml_mkcow: the files that the one of Debian's uml-utilities makes, byte by byte; what it refuses.
# shellcheck disable=SC2016,SC2030,SC2031

load ../lib/common
load ../lib/tools

setup() {
	guest_setup
	mkcow=$(tool uml_mkcow)
	moo=$(tool uml_moo)
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	local pid
	for pid in "${started[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
}

# Fails unless the last split failed as a tool should.
failed_with() {
	[ "$status" -eq 1 ]
	[ -z "$out" ]
	[ "$(wc -l <<<"$err")" -eq 1 ]
	[[ $err == "uml_mkcow: "*"$1"*";"* ]]
}

# same_cow BACKING: ours and the peer's for it are the same; both at c, for the path in the header.
same_cow() {
	rm -f c
	"$peer" c "$1"
	mv c peers
	split "$mkcow" c "$1"
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	[ "$(stat -c %s c)" -eq "$(stat -c %s peers)" ]
	# Holes of terabytes take cmp hours: what is there is compared.
	cmp -n 4194304 c peers
	[ "$(du -k c | cut -f 1)" -le "$(du -k peers | cut -f 1)" ]
}

@test "the same file as the peer's, byte by byte, for sizes from one byte to 4 TiB" {
	local peer size
	peer=$(peer_tool uml_mkcow)
	for size in 1 511 512 513 4096 1048576 10000000 16777216 4294967295 4294967296 4294967808 \
		4398046511104; do
		log "$size"
		rm -f b
		truncate -s "$size" b
		touch -d @1000000000 b
		same_cow b
	done
	cmp -n 9000000 c peers
	# The peer's layout is wrong where 32 bits with a sign do not hold the bitmap's end.
	truncate -s 8T b
	touch -d @1000000000 b
	"$mkcow" -f c b
	[ "$(stat -c %s c)" -eq $(((8 << 40) + (2 << 30) + 8192)) ]
	[ "$(stat -c %b c)" -le 16 ]
	[[ $("$moo" --check c) == *"data offset: 2147491840"* ]]
}

@test "the same file as the peer's for names: relative, absolute, in folders, through links" {
	local peer name
	peer=$(peer_tool uml_mkcow)
	mkdir -p "sub/with blank"
	truncate -s 1M b
	cp b "sub/with blank/b b"
	ln -s sub link
	ln -s ../b sub/b
	for name in b ./b "$PWD/b" "sub/with blank/b b" "link/with blank/../../b" link/b sub/b; do
		same_cow "$name"
		"$moo" --check c
	done
}

@test "the mode by the umask, as the peer's" {
	local peer
	peer=$(peer_tool uml_mkcow)
	truncate -s 1M b
	(umask 027 && "$mkcow" ours b && "$peer" peers b)
	[ "$(stat -c %a ours)" = "$(stat -c %a peers)" ]
}

@test "an existing file is refused as the peer does; -f makes it anew, without the old changes" {
	local peer old
	peer=$(peer_tool uml_mkcow)
	truncate -s 1M b
	touch -d @1000000000 b
	"$mkcow" fresh b
	"$UML_TESTS/lib/cowfile.py" make c b set=0-2000
	cp c c.before
	split "$peer" c b
	[ "$status" -eq 1 ]
	split "$mkcow" c b
	failed_with "File exists"
	[[ $err == *" -f" ]]
	cmp c c.before
	for old in c fresh; do
		split "$mkcow" -f "$old" b
		[ "$status" -eq 0 ]
		[ -z "$out$err" ]
	done
	cmp c fresh
	# A link stays one.
	ln -s c link
	"$mkcow" --force link b
	[ -L link ]
	cmp c fresh
}

@test "-f replaces neither the backing file, nor what a guest uses, nor what is no regular file" {
	truncate -s 1M b
	ln b hard
	ln -s b link
	for name in b hard link; do
		split "$mkcow" -f "$name" b
		failed_with "backing file itself"
		split "$mkcow" "$name" b
		failed_with "File exists"
	done
	[ "$(stat -c %s b)" -eq 1048576 ]
	mkfifo fifo
	mkdir folder
	for name in fifo folder /dev/null; do
		split timeout 10 "$mkcow" -f "$name" b
		failed_with "no regular file"
	done
	"$mkcow" c b
	mkfifo hold
	"$UML_TESTS/lib/cowfile.py" lock c write ready <hold 3>&- &
	started+=($!)
	exec 6>hold
	wait_until 10 test -e ready
	split "$mkcow" -f c b
	failed_with "in use by process ${started[-1]}"
	exec 6>&-
	wait "${started[-1]}"
	"$mkcow" -f c b
}

@test "backing files that are missing, empty, folders, FIFOs, character devices" {
	: >empty
	mkfifo fifo
	mkdir folder
	for name in missing empty fifo folder /dev/zero folder/missing; do
		split timeout 10 "$mkcow" c "$name"
		failed_with "$name"
		[ ! -e c ]
	done
	truncate -s 1M b
	for name in none/c folder/; do
		split "$mkcow" "$name" b
		failed_with "$name"
	done
	# Nothing is left where it fails late.
	split sh -c 'ulimit -f 1 && exec "$1" c b' - "$mkcow"
	failed_with "File too large"
	[ "$(find . -name c -o -name '.uml_cow.*' | wc -l)" -eq 0 ]
}

@test "names: as long as the header has room for, and longer" {
	local deep name peer
	peer=$(peer_tool uml_mkcow)
	name=$(printf 'n%.0s' {1..200})
	mkdir -p "$name"
	truncate -s 1M "$name/b"
	# The peer's own limit is 256 bytes for the folder.
	split "$mkcow" c "$name/b"
	[ "$status" -eq 0 ]
	"$moo" c new
	cmp new "$name/b"
	deep=$PWD
	while [ ${#deep} -lt 4000 ]; do
		deep+=/$name
		(cd "${deep%/*}" && mkdir -p "$name")
	done 2>/dev/null || true
	(cd "$deep" 2>/dev/null || exit 0
		truncate -s 1M "$(printf 'l%.0s' {1..150})"
		split "$mkcow" "$BATS_TEST_TMPDIR/long" "$(printf 'l%.0s' {1..150})"
		failed_with "longer than 4095 bytes")
	[ ! -e long ]
}

@test "--size: a device larger than the backing file, zeros behind it; told that others refuse it" {
	head -c 1000000 /dev/urandom >b
	touch -d @1000000000 b
	split "$mkcow" --size 2M c b
	[ "$status" -eq 0 ]
	[[ $err == *"truncate(1)"* ]]
	split "$moo" --check c
	[ "$status" -eq 0 ]
	[[ $out == *"backing size: 1000000"*"device size: 2097152"* ]]
	"$moo" c new
	[ "$(stat -c %s new)" -eq 2097152 ]
	cmp -n 1000000 new b
	cmp -i 1000000:0 -n 1097152 new /dev/zero
	# A backing file of the device's size is another one.
	cp -p b b2
	truncate -s 2M b2
	touch -d @1000000000 b2
	split "$moo" -b b2 c new
	[ "$status" -eq 1 ]
	[[ $err == *"size mismatch"* ]]
	# In place the backing file grows; also if that breaks off.
	cp c c.before
	split env ASAN_OPTIONS=detect_leaks=0 strace -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL:when=2 "$moo" -d c
	[ "$status" -eq 137 ]
	[ "$(stat -c %s b)" -eq 2097152 ]
	"$moo" -d c
	cmp b new
	cmp c c.before
	# The sizes.
	split "$mkcow" -f -s 2M c b
	[ "$status" -eq 0 ]
	[ -z "$err" ]
	split "$mkcow" -f --size=2097151 c b
	failed_with "is larger than --size"
	split "$mkcow" -f --size=8388607T c b
	[ "$status" -eq 1 ]
	for size in 0 -1 2X 2MB 9223372036854775808 ""; do
		split "$mkcow" -f --size="$size" c b
		[ "$status" -eq 2 ]
	done
}

@test "a backing file that is a COW file is told, one older than 1970 is refused" {
	truncate -s 1M b
	"$mkcow" c b
	split "$mkcow" c2 c
	[ "$status" -eq 0 ]
	[[ $err == *"is itself a COW file"* ]]
	touch -d @-1 b
	split "$mkcow" c3 b
	[ "$status" -eq 1 ]
	[[ $err == "uml_mkcow: b: its mtime does not fit into a header; change it with touch(1)" ]]
	[ ! -e c3 ]
}

@test "wrong usage: one line, the usage, status 2" {
	truncate -s 1M b
	for words in "" c "c b more" "-x c b" "--size" "-s c b"; do
		# shellcheck disable=SC2086
		split "$mkcow" $words
		[ "$status" -eq 2 ]
		[ -z "$out" ]
		[[ $err == "uml_mkcow: "*$'\n'"usage: uml_mkcow"* ]]
	done
	[ ! -e c ]
}
