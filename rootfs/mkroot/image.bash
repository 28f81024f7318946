# shellcheck shell=bash disable=SC2154 # variables are those of uml_mkroot and its other parts
# SPDX-License-Identifier: GPL-2.0-only
# The work folder, and the way from a tree of files in it to the finished image.
#
# The image is made in a folder of its own beside OUT, so that OUT is either whole or not there. Where
# OUT goes others may write too: that folder, and the one around it, are held open, and reached by
# their descriptors. A name that is exchanged meanwhile leads nobody astray, and a link that is OUT is
# replaced, not followed.

# The folder around OUT, the one beside OUT, and what is in there; "work" may be elsewhere.
folder_fd=
stage_fd=
stage=
work=
work_place=
image=
# Runs a command as root of the tree: nothing for root, a user namespace for others.
as_root=()
no_room='No space left on device|Disk quota exceeded'

check_out() {
	[ -d "$1" ] || die "$out: $1 is not a folder; make it first, or choose another place"
	[ -w "$1" ] || die "$out: no permission to write in $1; choose another place"
	[ -e "$out" ] || [ -L "$out" ] || return 0
	[ -f "$out" ] || die "$out: exists and is not an ordinary file; choose another name"
	[ -n "$force" ] || die_of_out
}

die_of_out() {
	die "$out: exists already; choose another name, or replace it by --force"
}

# The folder around OUT.
out_folder() {
	local beside
	case $out in
	*/*)
		beside=${out%/*}
		printf '%s' "${beside:-/}"
		;;
	*) printf '%s' . ;;
	esac
}

# Makes the work folder: in $TMPDIR if it is set, else beside OUT, where the room must be anyway.
make_work() {
	local beside problem=
	beside=$(out_folder; echo .) beside=${beside%?}
	check_out "$beside"
	trap clean_up EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	{ exec {folder_fd}<"$beside"; } 2>/dev/null ||
		die "$out: $beside cannot be read; choose another place"
	make_stage || die "$out: no folder can be made in $beside: $problem; choose another place"
	image=/proc/self/fd/$stage_fd/image
	work_place=${TMPDIR:-$beside}
	if [ -n "${TMPDIR:-}" ]; then
		work=$(mktemp -d "$TMPDIR/.$tool.XXXXXX") ||
			die "no work folder in $TMPDIR: see above; name another place by TMPDIR"
	else
		work=/proc/self/fd/$stage_fd/work
		mkdir -m 700 "$work" || die "no work folder in $beside: see above"
	fi
}

# What was opened is what was made: a folder of ours alone with nothing in it.
make_stage() {
	stage=$(mktemp -d "/proc/self/fd/$folder_fd/.$tool.XXXXXX" 2>&1) || {
		problem=${stage##*: } stage=
		return 1
	}
	problem="it was exchanged for another"
	{ exec {stage_fd}<"$stage"; } 2>/dev/null || return
	[ "$(find "/proc/self/fd/$stage_fd/" -maxdepth 1 -printf '%U %m %y\n')" = "$(id -u) 700 d" ]
}

clean_up() {
	trap - EXIT
	trap '' HUP INT TERM
	step_end
	[ -z "$image" ] || rm -f -- "$image"
	if [ -n "$work" ]; then
		# What --add brings may be read-only. What belongs to other ids of the user namespace
		# only its root can remove.
		"${as_root[@]}" chmod -R u+rwX -- "$work"
		"${as_root[@]}" rm -rf -- "$work"
	fi
	# Where it was exchanged, what has the name now is not ours to remove.
	[ -z "$stage" ] || rmdir -- "$stage" 2>/dev/null || true
}

die_of_room() {
	die "$1: no room left in $work_place or $(out_folder); free some, or name" \
		"another folder for the work by TMPDIR"
}

# Is less than 1 MiB left? The log, in the work folder, may then not tell.
disk_full() {
	df --output=avail -B 1M -- "$work" "/proc/self/fd/$folder_fd" 2>/dev/null | grep -qx ' *0'
}

# Ends the tool: $1 what failed, $2 the cause, $3 the remedy, unless the disk is full.
die_or_full() {
	! { log_has "$no_room" || disk_full; } || die_of_room "$1"
	die "$1: $2; $3"
}

# add_files ROOT: what --add names.
add_files() {
	local pair from
	for pair in "${added[@]}"; do
		from=${pair%%:/*}
		"${as_root[@]}" "$parts/add-files" "$1" "$from" "/${pair#*:/}" >"$work/log" 2>&1 ||
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

# Puts the finished image in its place, where nothing is or --force lets it replace what is there.
finish() {
	local keep=-n
	[ -z "$force" ] || keep=-f
	mv "$keep" -T -- "$image" "/proc/self/fd/$folder_fd/${out##*/}" ||
		die "$out: cannot be renamed: see above"
	[ ! -e "$image" ] || die_of_out
	image=
}
