#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Fails if a file includes what its folder must not see; see README.md.
set -eu
cd "$(dirname "$0")"
bad=0

# forbid FOLDERS PATTERN WHY: no #include line in FOLDERS may match PATTERN.
forbid() {
	# shellcheck disable=SC2086 # a list of folders
	if grep -rnE --include='*.[chS]' "^#[ ]*include[ ]+$2" $1; then
		echo "check-boundary: $1: $3" >&2
		bad=1
	fi
}

forbid "host stub" '<linux/(t[^y]|ty[^p]|[^cits]|c[^o]|co[^m]|s[^t]|i[^n])' 'the host layer sees nothing of the guest kernel'
forbid "kernel mm drivers" '"(\.\./)*(host/|raw\.h|abi\.h)' 'host calls are made in host/ only'
forbid "kernel mm drivers" '<uapi/linux/(seccomp|filter|futex)\.h>' 'host calls are made in host/ only'
forbid "stub" '<(linux|asm|uapi)/' 'the stub sees the layout only'
exit $bad
