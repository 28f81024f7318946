# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the benchmarks share: finding the kernels, building the programs and the image.
# shellcheck disable=SC2034 # the scripts that load this use the variables

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_dir=${UML_BUILD:-$source_dir/build}
kernel=${UML_KERNEL:-$build_dir/kernel/linux}
peer=${UML_PEER:-/usr/bin/linux.uml}
# What starts it on every host, made by make check-programs.
[ ! -x "$peer" ] || [ ! -x "$build_dir/tests/bin/stock" ] || peer=$build_dir/tests/bin/stock
# What the peer needs to have its console on standard input and output.
peer_options=('con0=fd:0,fd:1' 'con=null')
tool=${0##*/}
work=

die() {
	echo "$tool: $*" >&2
	exit 1
}

bad_usage() {
	echo "$tool: $*" >&2
	usage >&2
	exit 2
}

# A folder that every user may enter, removed at the end.
make_work() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/$tool.XXXXXX")
	chmod 755 "$work"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 1' HUP INT TERM
}

# build_program SOURCE: a static program in the work folder, also without a configured build.
build_program() {
	local name
	name=$(basename "$1" .c)
	"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O2 -static -pthread -o "$work/$name" \
		"$source_dir/$1" || die "$1: does not compile; install gcc and libc6-dev"
}

# make_image FILE:DEST...: the demo root with those files.
make_image() {
	local options=() pair
	for pair; do
		options+=(-a "$pair")
	done
	"$source_dir/rootfs/mkdemo.sh" "${options[@]}" "$work/root.ext4" ||
		die "no root image"
	chmod a+r "$work/root.ext4"
}

need_kernel() {
	[ -x "$1" ] || die "$1: no such kernel; $2"
}
