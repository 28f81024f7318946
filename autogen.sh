#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes configure and Makefile.in where they are missing or older than what they are made from.
set -eu

cd "$(dirname "$0")"

stale() {
	[ -x configure ] && [ -f Makefile.in ] && [ -f config.h.in ] || return 0
	find configure.ac Makefile.am m4 -type f \( -newer configure -o -newer Makefile.in \) |
		grep -q . && return 0
	find . -mindepth 2 -maxdepth 3 -name Makemodule.am -newer Makefile.in | grep -q .
}

if [ "${1:-}" = --force ] || stale; then
	autoreconf --install --force
	touch configure Makefile.in config.h.in
fi
