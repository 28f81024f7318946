# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# Paths of a guest, as files of the host.

# place ROOT PATH: sets place to where PATH leads in the tree ROOT, without ROOT, as the guest will see
# it: links lead inside the tree, `..` ends at it. What is not there yet is plain. The tree must not
# change meanwhile. Fails where links lead in circles.
place() {
	place_rest=$2 place_links=0
	place=
	while [ -n "$place_rest" ]; do
		place_word=${place_rest%%/*}
		place_rest=${place_rest#"$place_word"}
		place_rest=${place_rest#/}
		case $place_word in
		'' | .) ;;
		..) place=${place%/*} ;;
		*) place_step "$1" || return ;;
		esac
	done
}

place_step() {
	if [ ! -L "$1$place/$place_word" ]; then
		place=$place/$place_word
		return
	fi
	place_links=$((place_links + 1))
	[ "$place_links" -le 40 ] || {
		echo "$place/$place_word: too many levels of symbolic links"
		return 1
	}
	# A line feed at the end is a part of the name.
	place_target=$(readlink -- "$1$place/$place_word" && echo .) || return
	place_target=${place_target%??}
	case $place_target in
	/*) place= ;;
	esac
	place_rest=$place_target/$place_rest
}
