# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the tests of uml_moo share. Load it after common.bash and tools.bash.
# shellcheck disable=SC2154 # the tests set them

cowfile() {
	"$UML_TESTS/lib/cowfile.py" "$@"
}

# backing [BYTES]: a backing file `b` with data and holes, of 41 sectors by default.
backing() {
	local bytes=${1:-20992}
	rm -f b
	truncate -s "$bytes" b
	seq 1000000 | head -c "$((bytes / 2))" | dd of=b conv=notrunc status=none
	touch -d @1000000000 b
}

# traced ARGUMENT...: strace, under which a sanitizer cannot look for leaks.
traced() {
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 strace "$@"
}

# Fails unless the last split failed as a tool should: status 1, one line, nothing on stdout.
failed_with() {
	[ "$status" -eq 1 ]
	[ -z "$out" ]
	[ "$(wc -l <<<"$err")" -eq 1 ]
	[[ $err == "uml_moo: "*"$1"* ]]
	[[ $err == *";"* ]]
}

# Fails unless the folder has exactly these files.
files_are() {
	diff <(printf '%s\n' "$@" | sort) <(find . -mindepth 1 ! -name out ! -name err \
		! -path './guest*' | sed 's,^\./,,' | sort)
}
