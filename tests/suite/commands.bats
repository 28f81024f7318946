#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ./demo, ./check, the package list and the test runner itself.

load ../lib/common

# A copy of what the two commands consist of, with a package that does not exist.
copy_commands() {
	copy=$BATS_TEST_TMPDIR/copy
	mkdir -p "$copy"
	cp -R "$UML_SOURCE/demo" "$UML_SOURCE/check" "$UML_SOURCE/build-aux" "$copy/"
	printf 'build\tno-such-package-a\ndemo\tno-such-package-b\ncheck\tno-such-package-c\n' \
		>"$copy/build-aux/packages"
	chmod -R a+rX "$copy"
}

@test "demo --help and check --help tell the usage and exit 0" {
	for command in demo check; do
		run_logged "$UML_SOURCE/$command" --help
		[ "$status" -eq 0 ]
		[[ $output == "usage: ./$command "* ]]
	done
}

@test "an unknown option prints the usage on stderr and exits 2" {
	for command in demo check; do
		run_logged bash -c "'$UML_SOURCE/$command' --no-such-option 2>/dev/null"
		[ "$status" -eq 2 ]
		[ -z "$output" ]
	done
}

@test "check names a test that does not exist and exits 2" {
	run_logged "$UML_SOURCE/check" --no-build tests/kernel/no-such.bats
	[ "$status" -eq 2 ]
	[[ $output == "check: tests/kernel/no-such.bats: no such file or folder" ]]
}

@test "an ordinary user gets the one apt-get line that is missing, exit 2" {
	command -v dpkg-query
	copy_commands
	for pair in demo:b check:c; do
		run_logged as_user bash -c "'$copy/${pair%:*}' 2>/dev/null"
		[ "$status" -eq 2 ]
		[ "$output" = "apt-get install no-such-package-a no-such-package-${pair#*:}" ]
	done
	[ ! -e "$copy/build" ]
}

@test "packages that are installed are not named" {
	run_logged as_user env UML_COMMAND=x "$UML_SOURCE/build-aux/packages.sh" check
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "each package stands once a section and every section is known" {
	run_logged bash -c "grep -v '^#' '$UML_SOURCE/build-aux/packages' | sort | uniq -d"
	[ -z "$output" ]
	run_logged grep -vE '^(#|(build|demo|check|kselftest)[[:space:]][a-z0-9.+-]+$)' \
		"$UML_SOURCE/build-aux/packages"
	[ -z "$output" ]
}

# ---- the runner -----------------------------------------------------------------------------

# run_tests FILE: the runner on a bats file of its own.
run_tests() {
	run_logged outside_bats env ${ci:+CI=1} "$UML_TESTS/run" "$fake_build" "$1"
}

fake_build() {
	fake_build=$BATS_TEST_TMPDIR/build
	mkdir -p "$fake_build/tests/bin"
	cp "$keeper" "$fake_build/tests/bin/"
}

@test "the runner counts on its last line and fails when a test does" {
	fake_build
	printf '@test "%s" { %s; }\n' a true b false c 'skip why' d true >"$BATS_TEST_TMPDIR/t.bats"
	run_tests "$BATS_TEST_TMPDIR/t.bats"
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "2 passed, 1 failed, 1 skipped" ]
}

@test "a skip is accepted at home and fails in a CI" {
	fake_build
	printf '@test "%s" { %s; }\n' a true b 'skip why' >"$BATS_TEST_TMPDIR/t.bats"
	unset CI
	ci='' run_tests "$BATS_TEST_TMPDIR/t.bats"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "1 passed, 0 failed, 1 skipped" ]
	ci=1 run_tests "$BATS_TEST_TMPDIR/t.bats"
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 0 failed, 1 skipped" ]
}

@test "a bats file that does not parse is a failure" {
	fake_build
	printf '@test "a" { true; }\n@test "b" { if; }\n' >"$BATS_TEST_TMPDIR/t.bats"
	run_tests "$BATS_TEST_TMPDIR/t.bats"
	[ "$status" -eq 1 ]
	[[ ${lines[-1]} != *" 0 failed"* ]]
}

@test "a second run in the same build folder says so and leaves the first one's counts" {
	fake_build
	echo '@test "a" { true; }' >"$BATS_TEST_TMPDIR/t.bats"
	echo first >"$fake_build/tests.log"
	exec 9>"$fake_build/tests.run"
	flock 9
	run_tests "$BATS_TEST_TMPDIR/t.bats"
	[ "$status" -eq 1 ]
	[[ $output == "tests/run: $fake_build: tests are running there already; "* ]]
	[ "$(<"$fake_build/tests.log")" = first ]
	exec 9>&-
	run_tests "$BATS_TEST_TMPDIR/t.bats"
	[ "$status" -eq 0 ]
}

@test "a build that is told to end leaves none of its processes behind" {
	cat >"$BATS_TEST_TMPDIR/steps" <<-EOT
		top=$UML_SOURCE build=$BATS_TEST_TMPDIR
		. "\$top/build-aux/steps.sh"
		step "sleep" "\$build/log" 0 sh -c 'sh -c "echo \\$\\$ >\$0; sleep 983; :"; :' "\$build/pid"
	EOT
	bash "$BATS_TEST_TMPDIR/steps" >/dev/null 2>&1 3>&- &
	pid=$!
	wait_until 10 test -s "$BATS_TEST_TMPDIR/pid"
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 130 ]
	wait_until 10 not_running "$(<"$BATS_TEST_TMPDIR/pid")"
}

# ---- the keeper -----------------------------------------------------------------------------

@test "keeper passes the exit status on, and 128 + the signal" {
	run_logged "$keeper" sh -c 'exit 42'
	[ "$status" -eq 42 ]
	run_logged "$keeper" sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
}

@test "keeper finds a process that left its session and its parent" {
	run_logged "$keeper" -g 200 sh -c "setsid sh -c 'setsid sleep 987 &' & sleep 0.2; exit 0"
	[ "$status" -eq 125 ]
	[[ $output == *"left behind: process "*"(sleep)"* ]]
	# Its own process id is in the report; it must be gone.
	pid=$(sed -n 's/.*left behind: process \([0-9]*\) (sleep).*/\1/p' <<<"$output")
	not_running "$pid"
}

@test "keeper ends a command that takes too long" {
	run_logged "$keeper" -t 1 sleep 986
	[ "$status" -eq 124 ]
}

@test "keeper passes SIGTERM on" {
	"$keeper" -p "$BATS_TEST_TMPDIR/pid" sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done' 3>&- &
	pid=$!
	wait_until 10 test -s "$BATS_TEST_TMPDIR/pid"
	wait_until 10 grep -q 'SigCgt:.*[4-7c-f]...$' "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/status"
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 5 ]
}

@test "keeper ends a command whose terminal hangs up, and what it started" {
	mkfifo "$BATS_TEST_TMPDIR/input"
	script -qefc "'$keeper' -p '$BATS_TEST_TMPDIR/pid' sh -c 'trap \"\" HUP; setsid sleep 985 & sleep 984'" \
		/dev/null <"$BATS_TEST_TMPDIR/input" >/dev/null 2>&1 3>&- &
	script=$!
	exec 8>"$BATS_TEST_TMPDIR/input"
	wait_until 10 test -s "$BATS_TEST_TMPDIR/pid"
	command=$(cat "$BATS_TEST_TMPDIR/pid")
	wait_until 10 pgrep -P "$command" sleep
	mapfile -t children < <(pgrep -P "$command")
	[ "${#children[@]}" -ge 1 ]
	kill -KILL "$script"
	exec 8>&-
	for pid in "$command" "${children[@]}"; do
		wait_until 10 not_running "$pid"
	done
}

# ---- sources --------------------------------------------------------------------------------

@test "every source file has its licence line" {
	cd "$UML_SOURCE"
	run_logged bash -c "find demo check autogen.sh configure.ac Makefile.am m4 kernel rootfs tests bench \
		-type f \( -name '*.[chS]' -o -name '*.sh' -o -name '*.bash' -o -name '*.bats' \
		-o -name '*.am' -o -name '*.ac' -o -name '*.m4' -o -name Kconfig -o -name Kbuild \
		-o -name Makefile \) -exec grep -L 'SPDX-License-Identifier: GPL-2.0' {} + 2>/dev/null"
	[ -z "$output" ]
}
