#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# configure: what it finds, what it says when something is absent; builds outside the sources.

load ../lib/common

configure() {
	mkdir -p "$BATS_TEST_TMPDIR/build"
	cd "$BATS_TEST_TMPDIR/build" || return 1
	run_logged "$UML_SOURCE/configure" --cache-file="$BATS_FILE_TMPDIR/cache" "$@"
}

@test "a tarball that is not there is an error that names the Debian package" {
	configure --with-linux-source=/no/such.tar.xz
	[ "$status" -ne 0 ]
	[[ ${lines[-1]} == *"/no/such.tar.xz: no such readable tarball or folder"* ]]
	[[ ${lines[-1]} == *"Debian package linux-source-6.12"* ]]
}

@test "a folder without Linux 6.12 is an error that says so" {
	mkdir "$BATS_TEST_TMPDIR/linux"
	printf 'VERSION = 5\nPATCHLEVEL = 10\n' >"$BATS_TEST_TMPDIR/linux/Makefile"
	configure --with-linux-source="$BATS_TEST_TMPDIR/linux"
	[ "$status" -ne 0 ]
	[[ $output == *"not a source folder of Linux 6.12"*"linux-source-6.12"* ]]
}

@test "no tarball in /usr/src is an error that names the Debian package" {
	need_root "a mount namespace hides /usr/src"
	mkdir -p "$BATS_TEST_TMPDIR/build"
	cd "$BATS_TEST_TMPDIR/build"
	run_logged unshare -m sh -c "mount -t tmpfs none /usr/src && '$UML_SOURCE/configure'"
	[ "$status" -ne 0 ]
	[[ ${lines[-1]} == *"/usr/src/linux-source-6.12.tar."*"Debian package linux-source-6.12"* ]]
}

@test "--disable-kernel needs no kernel source; the summary says what is built" {
	configure --disable-kernel --with-linux-source=/no/such.tar.xz
	[ "$status" -eq 0 ]
	[[ $output == *"kernel source    not built (--disable-kernel)"* ]]
	run_logged make
	[ "$status" -eq 0 ]
	run_logged make install DESTDIR="$BATS_TEST_TMPDIR/dest"
	[ "$status" -eq 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/dest/usr/local/bin/linux" ]
}
