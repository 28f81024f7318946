# shellcheck shell=bash disable=SC2154 # variables are those of uml_mkroot and its other parts
# SPDX-License-Identifier: GPL-2.0-only
# The work folder, and the way from a tree of files in it to the finished image.
#
# The image is made under a temporary name beside OUT, so that OUT is either whole or not there.

work=
image=
# Runs a command as root of the tree: nothing for root, a user namespace for others.
as_root=()
no_room='No space left on device|Disk quota exceeded'

check_out() {
	[ -d "$1" ] || die "$out: $1 is not a folder; make it first, or choose another place"
	[ -w "$1" ] || die "$out: no permission to write in $1; choose another place"
	[ -e "$out" ] || return 0
	[ -f "$out" ] || die "$out: exists and is not an ordinary file; choose another name"
	[ -n "$force" ] || die "$out: exists already; choose another name, or replace it by --force"
}

# Makes the work folder: in $TMPDIR if it is set, else beside OUT, where the room must be anyway.
make_work() {
	local beside
	beside=$(dirname -- "$out")
	check_out "$beside"
	trap clean_up EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	work=$(mktemp -d "${TMPDIR:-$beside}/.$tool.XXXXXX") ||
		die "no work folder in ${TMPDIR:-$beside}: see above; name another place by TMPDIR"
	image=$out.new.$$
}

clean_up() {
	trap - EXIT
	trap '' HUP INT TERM
	step_end
	[ -z "$image" ] || rm -f -- "$image"
	[ -n "$work" ] || return 0
	# What --add brings may be read-only. What belongs to other ids of the user namespace only its
	# root can remove.
	"${as_root[@]}" chmod -R u+rwX -- "$work"
	"${as_root[@]}" rm -rf -- "$work"
}

die_of_room() {
	die "$1: no room left in $(dirname -- "$work") or $(dirname -- "$out"); free some, or name" \
		"another folder for the work by TMPDIR"
}

# Is less than 1 MiB left? The log, in the work folder, may then not tell.
disk_full() {
	df --output=avail -B 1M -- "$work" "$(dirname -- "$out")" 2>/dev/null | grep -qx ' *0'
}

# Ends the tool: $1 what failed, $2 the cause, $3 the remedy, unless the disk is full.
die_or_full() {
	! { log_has "$no_room" || disk_full; } || die_of_room "$1"
	die "$1: $2; $3"
}

# add_files ROOT: what --add names. Links inside a folder stay links: that of a modules' folder leads to a
# whole kernel tree.
add_files() {
	local pair from to
	for pair in "${added[@]}"; do
		from=${pair%%:/*}
		to=$1/${pair#*:/}
		if [ -d "$from" ]; then
			"${as_root[@]}" mkdir -p -- "$to" && "${as_root[@]}" cp -R -- "$from/." "$to/"
		else
			"${as_root[@]}" mkdir -p -- "${to%/*}" && "${as_root[@]}" cp -L -- "$from" "$to"
		fi >"$work/log" 2>&1 ||
			die_or_full "$from" "cannot be copied into the image: $(log_line)" "is it readable?"
	done
}

# make_ext4 ROOT LABEL MKE2FS-OPTION...: the file system of $size with what is in ROOT.
make_ext4() {
	local root=$1 label=$2
	shift 2
	truncate -s 0 -- "$image" >"$work/log" 2>&1 || die_or_full "$out" "cannot be made: $(log_line)" \
		"choose another place"
	step "file system" "${as_root[@]}" mke2fs -q -F -t ext4 -L "$label" "$@" -d "$root" \
		-E root_owner=0:0,assume_storage_prezeroed=1 "$image" "$size" && return
	! log_has 'Could not allocate|too small|not enough space' ||
		die "$out: $size is too small for $(tree_mib "$root") MiB of files;" \
			"give more by --size, or leave it out"
	die_or_full "$out" "mke2fs failed: $(log_line)" "try another --size"
}

# The size of a tree of files, MiB.
tree_mib() {
	"${as_root[@]}" du -sxm -- "$1" | cut -f1
}

# Puts the finished image in its place.
finish() {
	mv -f -- "$image" "$out" || die "$out: cannot be renamed from $image: see above; remove it"
	image=
}
