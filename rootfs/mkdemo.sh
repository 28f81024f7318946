#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes a bootable ext4 image from a static busybox, without root rights.
#
# Everything inside belongs to root: mke2fs copies the builder's ids, debugfs then sets those of
# each inode to 0.
set -eu
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

usage() {
	cat <<-EOT
	usage: mkdemo.sh [-b BUSYBOX] [-s SIZE] [-a FILE:DEST]... OUT

	Makes the ext4 image OUT with the busybox demo root.

	  -b BUSYBOX    statically linked busybox, default: the one on PATH
	  -s SIZE       size of the image as mke2fs takes it, default 64M (sparse)
	  -a FILE:DEST  also copies FILE, or what is in the folder FILE, to DEST
	EOT
}

die() {
	echo "mkdemo.sh: $*" >&2
	exit 1
}

bad_usage() {
	echo "mkdemo.sh: $*" >&2
	usage >&2
	exit 2
}

skeleton=$(dirname "$(readlink -f "$0")")/tree
busybox=
size=64M
extra=

while [ $# -gt 0 ]; do
	case $1 in
	--help) usage; exit 0 ;;
	-a | -b | -s)
		[ $# -ge 2 ] || bad_usage "$1: argument missing"
		case $1 in
		-a)
			case $2 in
			?*:/*) extra="$extra$2
" ;;
			*) bad_usage "-a $2: not FILE:DEST with an absolute DEST" ;;
			esac
			;;
		-b) busybox=$2 ;;
		-s) size=$2 ;;
		esac
		shift 2
		;;
	-*) bad_usage "$1: unknown option" ;;
	*) break ;;
	esac
done
[ $# -eq 1 ] || bad_usage "exactly one OUT is needed"
out=$1

[ -n "$busybox" ] || busybox=$(command -v busybox) ||
	die "busybox not found: install the Debian package busybox-static"
[ -x "$busybox" ] || die "$busybox: not executable; install the Debian package busybox-static"
for tool in mke2fs debugfs; do
	command -v "$tool" >/dev/null || die "$tool not found: install the Debian package e2fsprogs"
done

work=$(mktemp -d "${TMPDIR:-/tmp}/mkdemo.XXXXXX")
trap 'rm -rf "$work" "$out.new.$$"' EXIT
trap 'exit 1' HUP INT TERM
root=$work/root

populate() {
	umask 022
	mkdir -p "$root"
	for folder in bin sbin usr/bin usr/sbin usr/share dev etc proc sys tmp run root mnt home \
		lib var/tmp var/log; do
		mkdir -p "$root/$folder"
	done
	cp -R "$skeleton/." "$root/"
	cp "$busybox" "$root/bin/busybox"
	"$busybox" --list-full | while IFS= read -r applet; do
		path=$root/$applet
		mkdir -p "${path%/*}"
		[ -e "$path" ] || ln -s /bin/busybox "$path"
	done
	[ -e "$root/sbin/init" ] || ln -s /bin/busybox "$root/sbin/init"
	ln -sf /proc/mounts "$root/etc/mtab"
	chmod -R u=rwX,go=rX "$root"
	chmod 1777 "$root/tmp" "$root/var/tmp"
	chmod 0700 "$root/root"
}

add_extra() {
	printf '%s' "$extra" | while IFS= read -r pair; do
		from=${pair%%:/*}
		to=$root/${pair#*:/}
		[ -e "$from" ] || die "$from: no such file or folder"
		if [ -d "$from" ]; then
			mkdir -p "$to"
			cp -RL "$from/." "$to/"
		else
			mkdir -p "${to%/*}"
			cp -L "$from" "$to"
		fi
	done
}

# Commands for debugfs that give every inode to root.
own_by_root() {
	(cd "$root" && find . -mindepth 1) | while IFS= read -r path; do
		printf 'set_inode_field "%s" uid 0\nset_inode_field "%s" gid 0\n' \
			"${path#.}" "${path#.}"
	done
}

populate
add_extra
truncate -s 0 "$out.new.$$"
mke2fs -q -F -t ext4 -L demo -m 0 -d "$root" -E root_owner=0:0,lazy_itable_init=1 \
	"$out.new.$$" "$size" >"$work/log" 2>&1 ||
	die "$out: mke2fs failed: $(tail -n 1 "$work/log"); is $size too small or the disk full?"
own_by_root >"$work/commands"
debugfs -w -f "$work/commands" "$out.new.$$" >"$work/log" 2>&1 ||
	die "$out: debugfs failed: $(tail -n 1 "$work/log")"
mv "$out.new.$$" "$out"
