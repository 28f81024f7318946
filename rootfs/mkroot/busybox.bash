# shellcheck shell=bash disable=SC2154 # variables are those of uml_mkroot and its other parts
# SPDX-License-Identifier: GPL-2.0-only
# A busybox system: one static program, a few files of ours, an init that gives a shell.
#
# No user namespace is needed: mke2fs copies the ids of the files' owner, debugfs then sets those of
# each inode to 0, and makes the links of the applets, much faster than a process for each.

check_busybox() {
	[ -n "$busybox" ] || busybox=$(command -v busybox) ||
		die "busybox not found: install the Debian package busybox-static, or name one by" \
			"--program"
	[ -x "$busybox" ] ||
		die "$busybox: not executable; install the Debian package busybox-static"
	need_tool mke2fs e2fsprogs
	need_tool debugfs e2fsprogs
}

make_busybox() {
	local root=$work/root complaint
	size=${size:-64M}
	populate_busybox "$root" >"$work/log" 2>&1 ||
		die_or_full "$out" "cannot make its files: $(log_line)" \
			"is $busybox a static busybox of this machine?"
	add_files "$root"
	make_ext4 "$root" demo -m 0
	own_by_root >"$work/commands" || die_of_debugfs "dumpe2fs does not tell the inodes"
	link_applets "$root" >>"$work/commands"
	# It ends with 0 whatever fails: what it prints beside its name and the commands is an error.
	debugfs -w -f "$work/commands" "$image" >"$work/log" 2>&1 || die_of_debugfs "$(log_line)"
	complaint=$(grep -avE '^debugfs[: ]|^$' "$work/log" | head -n 1) || true
	[ -z "$complaint" ] || die_of_debugfs "$complaint"
}

die_of_debugfs() {
	die_or_full "$out" "debugfs failed: $1" "install a newer e2fsprogs"
}

# Called behind ||, where set -e is off: each command that matters is checked.
populate_busybox() {
	local root=$1 folder
	umask 022
	for folder in bin sbin usr/bin usr/sbin usr/share dev etc proc sys tmp run root mnt home \
		lib var/tmp var/log; do
		mkdir -p "$root/$folder" || return
	done
	cp -R "$parts/busybox/." "$root/" && chmod -R u+w "$root" &&
		cp "$busybox" "$root/bin/busybox" || return
	"$busybox" --list-full >"$work/applets" || return
	grep -qx bin/sh "$work/applets" || { echo "it has no shell"; return 1; }
	ln -sf /proc/mounts "$root/etc/mtab" || return
	[ -z "$hostname" ] || write_hostname "$root" || return
	chmod -R u=rwX,go=rX "$root" && chmod 1777 "$root/tmp" "$root/var/tmp" &&
		chmod 0700 "$root/root"
}

write_hostname() {
	echo "$hostname" >"$1/etc/hostname" &&
		printf '127.0.0.1 localhost %s\n::1 localhost\n' "$hostname" >"$1/etc/hosts"
}

# Commands for debugfs that give every inode in use to root: by number, for a name can be anything.
own_by_root() {
	dumpe2fs "$image" 2>/dev/null | awk '
		function own(first, last) {
			for (; first <= last; first++)
				printf "set_inode_field <%d> uid 0\nset_inode_field <%d> gid 0\n", first, first
		}
		BEGIN { next_inode = 11 }
		/^Inode count:/ { inodes = $3 }
		/^  Free inodes: / {
			sub(/^  Free inodes: /, "")
			ranges = split($0, range, /, */)
			for (i = 1; i <= ranges; i++) {
				ends = split(range[i], end, "-")
				own(next_inode, end[1] - 1)
				if (end[ends] >= next_inode)
					next_inode = end[ends] + 1
			}
		}
		END { own(next_inode, inodes); exit !inodes }'
}

# Commands for debugfs that link each applet's name that is free to busybox.
link_applets() {
	local applet
	for applet in $(cat "$work/applets") sbin/init; do
		[ -e "$1/$applet" ] || [ -L "$1/$applet" ] || echo "symlink /$applet /bin/busybox"
	done | sort -u
}
