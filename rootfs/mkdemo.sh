#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes the demo root in a source folder that is not configured: uml_mkroot --busybox.
#
# usage: mkdemo.sh [-b BUSYBOX] [-s SIZE] [-a FILE:DEST]... OUT
#
# OUT is replaced if it is there.
exec "$(dirname "$(readlink -f "$0")")/uml_mkroot.in" --busybox --force --quiet "$@"
