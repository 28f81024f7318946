#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Sees to it that the Debian packages of some sections of build-aux/packages are installed.
#
# usage: packages.sh SECTION...
#
# As root it installs what is missing, naming it first. Otherwise it prints the one line that
# installs it and exits 2.
set -eu

list=$(dirname "$0")/packages
command=${UML_COMMAND:-packages.sh}

if ! command -v dpkg-query >/dev/null; then
	echo "$command: this is not a Debian system; see build-aux/packages for what is needed" >&2
	exit 0
fi

missing=
for section in "$@"; do
	# shellcheck disable=SC2013 # words are wanted
	for package in $(awk -v section="$section" '$1 == section { print $2 }' "$list"); do
		case " $missing " in
		*" $package "*) continue ;;
		esac
		# shellcheck disable=SC2016 # ${...} is dpkg-query's
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing="$missing $package"
	done
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "$command: Debian packages are missing; install them, as root, with:" >&2
	echo "apt-get install$missing"
	exit 2
fi

echo "$command: installing Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # $missing is a list
install_missing() {
	apt-get install -y --no-install-recommends $missing
}

# The package lists of a fresh machine are empty or old.
if ! install_missing && ! { apt-get update && install_missing; }; then
	echo "$command: cannot install$missing: apt-get failed, see above;" \
		"check the network and /etc/apt/sources.list" >&2
	exit 1
fi
