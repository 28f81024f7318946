#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes the kernel tree that is built: generic Linux from the source package, our port laid over it.
#
# usage: overlay.sh SOURCE TREE OBJ
#
#   SOURCE  tarball or folder of Linux 6.12
#   TREE    the tree to make, for example build/kernel/source
#   OBJ     the object folder that is built from TREE
#
# Unpacking happens once. It is done again when SOURCE, a patch in kernel/patches or this script
# is another one than last time; objects are then dropped (their times say nothing about the new
# files) and only the configuration is kept. It goes to a temporary name first, so that a tree
# that exists is a whole one.
#
# Upstream's arch/um, arch/x86/um and fs/hostfs never get into TREE. Ours stand there as folders
# of symbolic links to kernel/arch and kernel/fs: an edit there is seen by the next make, and a
# build inside TREE leaves its objects in TREE. The links are brought up to date on every run.
set -eu
export LC_ALL=C

die() {
	echo "overlay.sh: $*" >&2
	exit 1
}

[ $# -eq 3 ] || { echo "usage: overlay.sh SOURCE TREE OBJ" >&2; exit 2; }
source=$1 tree=$2 obj=$3
self=$(readlink -f "$0")
ours=$(dirname "$self")

# What TREE was made from: one line a file, with size and time for SOURCE, a checksum for the rest.
identity() {
	if [ -d "$source" ]; then
		stat -c '%n %s %Y' "$source/Makefile"
	else
		stat -c '%n %s %Y' "$source"
	fi
	cksum <"$self"
	for patch in "$ours"/patches/*.patch; do
		[ ! -f "$patch" ] || cksum "$patch"
	done
}

# Of other architectures only what crypto/Kconfig reads by name is kept.
exclude() {
	printf -- '--exclude=%s\n' \
		'*/arch/[a-tvwyz]*/[!c]*' '*/arch/[a-tvwyz]*/co*' '*/arch/[a-tvwyz]*/crypto/[!K]*' \
		'*/arch/xtensa' '*/arch/um' '*/arch/x86/um' '*/fs/hostfs' '*/.git'
}

unpack() {
	new=$tree.new.$$
	trap 'rm -rf "$new"' EXIT
	trap 'exit 1' HUP INT TERM
	rm -rf "$tree".new.*
	mkdir -p "$new"
	set -f
	# shellcheck disable=SC2046 # the patterns of exclude are words without blanks
	if [ -d "$source" ]; then
		tar -cf - -C "$(dirname "$source")" --anchored --wildcards \
			--no-wildcards-match-slash $(exclude) "$(basename "$source")" |
			tar -xf - -C "$new" --strip-components=1
	else
		tar -xf "$source" -C "$new" --strip-components=1 --anchored --wildcards \
			--no-wildcards-match-slash $(exclude)
	fi
	set +f
	[ -f "$new/Kconfig" ] || die "$source: holds no Linux source"
	rm -rf "$new/arch/um" "$new/arch/x86/um" "$new/fs/hostfs"
	for patch in "$ours"/patches/*.patch; do
		[ -f "$patch" ] || continue
		patch -d "$new" -p1 -s -i "$patch" || die "$patch: does not apply to $source"
	done
	identity >"$new/.overlay"
	drop_objects
	rm -rf "$tree"
	mv "$new" "$tree"
	trap - EXIT HUP INT TERM
}

drop_objects() {
	[ -d "$obj" ] || return 0
	if [ -f "$obj/.config" ]; then
		cp -p "$obj/.config" "$obj.config.$$"
	fi
	rm -rf "$obj"
	if [ -f "$obj.config.$$" ]; then
		mkdir -p "$obj"
		mv "$obj.config.$$" "$obj/.config"
	fi
}

# lay FROM TO: TO becomes a folder of links to the files of FROM.
lay() {
	from=$1 to=$2
	mkdir -p "$to"
	# Links to files that are gone, then folders that are left empty by that.
	find "$to" -type l ! -exec test -e {} \; -delete
	find "$to" -mindepth 1 -type d -empty -delete
	(cd "$from" && find . -type d) | while IFS= read -r folder; do
		mkdir -p "$to/$folder"
	done
	(cd "$from" && find . -type f ! -name '*~' ! -name '.*.sw?' \
		! -name '*.o' ! -name .dirstamp ! -path '*/.deps/*') | while IFS= read -r file; do
		link=$from/${file#./}
		[ "$(readlink "$to/$file")" = "$link" ] || ln -sf "$link" "$to/$file"
	done
}

if [ "$(identity)" != "$(cat "$tree/.overlay" 2>/dev/null)" ]; then
	echo "  UNPACK  $source"
	unpack
fi

lay "$ours/arch/um" "$tree/arch/um"
for fs in "$ours"/fs/*/; do
	[ ! -d "$fs" ] || lay "${fs%/}" "$tree/fs/$(basename "$fs")"
done
# fs/Makefile of generic Linux enters this folder whether or not the port has a hostfs.
if [ ! -e "$tree/fs/hostfs/Makefile" ]; then
	mkdir -p "$tree/fs/hostfs"
	echo '# No hostfs in this tree.' >"$tree/fs/hostfs/Makefile"
fi
