# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Text that others chose, made fit for a terminal, as lib/printable.h has it for the other tools.

# Does the user's locale have UTF-8? Elsewhere a byte above 0x7f may be a control character.
locale_is_utf8() {
	local name=${LC_ALL:-${LC_CTYPE:-${LANG:-}}}
	[[ ${name,,} == *.utf8* || ${name,,} == *.utf-8* ]]
}

# Sequences of UTF-8, as expressions on bytes; of those, what is not for terminals: control
# characters, separators of lines, marks of direction, invisible and private characters.
tail=$'[\x80-\xbf]'
utf8_sequence=$'^([\xc2-\xdf]'$tail$'|\xe0[\xa0-\xbf]'$tail$'|[\xe1-\xec\xee\xef]'$tail$tail
utf8_sequence+=$'|\xed[\x80-\x9f]'$tail$'|\xf0[\x90-\xbf]'$tail$tail$'|[\xf1-\xf3]'$tail$tail$tail
utf8_sequence+=$'|\xf4[\x80-\x8f]'$tail$tail')'
utf8_effect=$'^(\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]'
utf8_effect+=$'|\xe2\x81[\xa0-\xaf]|\xee|\xef([\x80-\xa3]|\xb7[\x90-\xaf]|\xbb\xbf|\xbf[\xb0-\xbf])'
utf8_effect+=$'|\xf0\x9d\x85[\xb3-\xba]|\xf3[\xa0-\xbf]|\xf4)'
unset tail

# printable TEXT: prints it with a question mark for each byte of what a terminal must not get.
printable() {
	local utf8='' text=$1 shown=
	! locale_is_utf8 || utf8=yes
	local LC_ALL=C
	while [ -n "$text" ]; do
		if [[ $text =~ ^[\ -~]+ ]]; then
			shown+=${BASH_REMATCH[0]}
		elif [[ -n $utf8 && $text =~ $utf8_sequence && ! $text =~ $utf8_effect ]]; then
			[[ $text =~ $utf8_sequence ]]
			shown+=${BASH_REMATCH[0]}
		else
			shown+='?'
			text=${text:1}
			continue
		fi
		text=${text:${#BASH_REMATCH[0]}}
	done
	printf '%s\n' "$shown"
}
