#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Each fuzzer runs for a while without a finding, FUZZ_SECONDS or a minute each.

load ../lib/common

@test "no fuzzer finds anything" {
	read -ra fuzzers < <(make -s -C "$UML_BUILD" --no-print-directory list-fuzzers)
	[ "${#fuzzers[@]}" -gt 0 ] || skip "needs clang with libFuzzer"
	# Each source is one of them.
	diff <(printf '%s\n' "${fuzzers[@]}" | sort) \
		<(cd "$UML_TESTS/fuzz" && printf '%s\n' *.c | sed 's/[.]c$//' | sort)
	run_logged make -C "$UML_BUILD" --no-print-directory -j "$(nproc)" check-fuzz \
		${FUZZ_SECONDS:+"FUZZ_SECONDS=$FUZZ_SECONDS"}
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ok fuzz .*: [1-9][0-9]* inputs$' <<<"$output")" -eq "${#fuzzers[@]}" ]
}
