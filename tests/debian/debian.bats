#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Unmodified Debian systems run in the guest. Needs a Debian mirror; the images are kept in the
# build folder.

# shellcheck disable=SC2016 # what is in single quotes is for other shells
load ../lib/common

# A boot takes seconds, but under load many of them.
guest_limit_s=900
boot_limit_s=240
suites='bookworm trixie'

setup_file() {
	local suite
	for suite in $suites; do
		"$UML_TESTS/debian/image" "$UML_BUILD" "$suite" 3>&- || return
	done
}

# debian_start SUITE OPTION...: boots a copy of the image to the login prompt.
debian_start() {
	local suite=$1
	shift
	debian_disk=$guest_dir/disk
	cp --sparse=always --reflink=auto "$UML_BUILD/debian/$suite.ext4" "$debian_disk"
	chmod u+w "$debian_disk"
	guest_start ubd0="$debian_disk" root=/dev/ubda rw mem=1G "$@"
	guest_expect "$boot_limit_s" ' login: $'
}

debian_login() {
	guest_send root
	guest_expect 60 'root@[a-z]*:~# $'
}

# debian_run LIMIT_S COMMAND: runs it in the guest's shell; sets status.
commands=0
debian_run() {
	commands=$((commands + 1))
	guest_send "$2; echo end-\"$commands\" \$?"
	guest_expect "$1" "end-$commands [0-9]" || return
	status=$(sed -n "s/.*end-$commands \([0-9]*\).*/\1/p" "$guest_log" | head -n 1)
}

# Ends the guest by poweroff; its disk must be clean.
debian_end() {
	guest_send poweroff
	guest_wait "$boot_limit_s"
	[ "$status" -eq 0 ]
	run_logged e2fsck -fn "$debian_disk"
	[ "$status" -eq 0 ]
}

# Boot, no failed unit, nothing that the kernel complains about, power off.
debian_is_well() {
	debian_start "$1"
	debian_login
	debian_run "$boot_limit_s" 'systemctl is-system-running --wait'
	systemctl=$status
	debian_run 60 'systemctl --failed --no-legend --no-pager --plain'
	debian_run 60 'test -z "$(systemctl --failed --no-legend --plain)"'
	[ "$status" -eq 0 ]
	[ "$systemctl" -eq 0 ]
	# The one line that generic code prints without a level.
	debian_run 60 'dmesg -k -l warn,err,crit,alert,emerg | grep -v BogoMIPS'
	[ "$status" -eq 1 ]
	debian_end
}

debian_works() {
	debian_start "$1"
	debian_login
	debian_run 600 /t/inside
	[ "$status" -eq 0 ]
	debian_run 60 'dmesg -k -l warn,err,crit,alert,emerg | grep -v BogoMIPS'
	[ "$status" -eq 1 ]
	debian_end
}

@test "bookworm: to the login prompt, running, no failed unit, no complaint, power off" {
	debian_is_well bookworm
}

@test "trixie: to the login prompt, running, no failed unit, no complaint, power off" {
	debian_is_well trixie
}

@test "bookworm: udev, sshd, compiler, python, perl, git, gdb, strace, sandboxed units" {
	debian_works bookworm
}

@test "trixie: udev, sshd, compiler, python, perl, git, gdb, strace, sandboxed units" {
	debian_works trixie
}

@test "SIGTERM to the kernel is an orderly power-off, an ordinary user's guest too" {
	guest_as_user
	cp --sparse=always --reflink=auto "$UML_BUILD/debian/trixie.ext4" "$guest_dir/disk"
	debian_disk=$guest_dir/disk
	chmod u+w "$debian_disk"
	[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$debian_disk"
	guest_start ubd0="$debian_disk" root=/dev/ubda rw mem=1G
	guest_expect "$boot_limit_s" ' login: $'
	kill -TERM "$(guest_kernel_pid)"
	guest_wait "$boot_limit_s"
	[ "$status" -eq 0 ]
	[[ $output == *"Reached target "*"System Power Off"* ]]
	run_logged e2fsck -fn "$debian_disk"
	[ "$status" -eq 0 ]
}

@test "reboot comes back to the login prompt, with the same machine id and host keys" {
	debian_start bookworm
	debian_login
	debian_run 60 'md5sum /etc/machine-id /etc/ssh/ssh_host_ed25519_key >/root/before'
	guest_send reboot
	wait_until "$boot_limit_s" two_prompts
	guest_send root
	guest_expect 60 'root@[a-z]*:~# $'
	debian_run 60 'md5sum -c /root/before'
	[ "$status" -eq 0 ]
	debian_run 60 'systemctl is-system-running --wait'
	[ "$status" -eq 0 ]
	debian_end
}

two_prompts() {
	[ "$(grep -c 'debian login: ' "$guest_log")" -ge 2 ]
}

@test "an ordinary user makes an image: owners, no way in unless asked for, no network" {
	need_root "/etc/subuid of its own"
	guest_as_user
	echo nobody:200000:65536 >"$BATS_TEST_TMPDIR/subids"
	run_logged unshare -m sh -c 'mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid &&
		shift && exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"' sh \
		"$BATS_TEST_TMPDIR/subids" env HOME="$guest_dir/home" TMPDIR="$guest_dir/tmp" \
		"$UML_BUILD/rootfs/uml_mkroot" --debian trixie --hostname small \
		--include openssh-server "$guest_dir/image"
	[ "$status" -eq 0 ]
	[[ $output == *"nobody can log in to "* ]]
	guest_check_clean
	run_logged e2fsck -fn "$guest_dir/image"
	[ "$status" -eq 0 ]
	inside() {
		run_logged debugfs -R "$1" "$guest_dir/image"
	}
	inside 'stat /usr/bin/su'
	[[ $output =~ Mode:\ +04755 && $output =~ User:\ +0\ +Group:\ +0 ]]
	inside 'stat /var/mail'
	[[ $output =~ User:\ +0\ +Group:\ +8 ]]
	inside 'cat /etc/shadow'
	[[ $output == *'root:*:'* ]]
	inside 'cat /etc/machine-id'
	[[ $output != *[0-9a-f]*[0-9a-f]*[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]* ]]
	inside 'ls /etc/ssh'
	[[ $output == *sshd_config* && $output != *ssh_host* ]]
	inside 'cat /etc/hostname'
	[[ $output == *small ]]
	guest_start ubd0="$guest_dir/image" root=/dev/ubda rw mem=512M
	guest_expect "$boot_limit_s" '^small login: $'
	kill -TERM "$(guest_kernel_pid)"
	guest_wait "$boot_limit_s"
	[ "$status" -eq 0 ]
}

@test "a package that there is not is named" {
	run_logged env TMPDIR="$guest_dir/tmp" "$UML_BUILD/rootfs/uml_mkroot" -q --debian trixie \
		--include no-such-package-here "$guest_dir/image"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"Unable to locate package no-such-package-here; is the name right"* ]]
	[ ! -e "$guest_dir/image" ]
}
