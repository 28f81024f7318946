# SPDX-License-Identifier: GPL-2.0-only
# A table of what a run of kselftest printed (TAP, https://docs.kernel.org/dev-tools/ktap.html): a row a
# collection, and the tests that did not pass. The programs of collection mm are those that its one script
# counts.

# "not ok 2 selftests: core: unshare_test # TIMEOUT 45 seconds": the test's name and what is said of it.
function note(line, verdict,    rest, name) {
	rest = line
	sub(/^(not )?ok [0-9]+ (selftests: [^:]*: )?/, "", rest)
	name = rest
	sub(/ *#.*/, "", name)
	if (rest ~ /# SKIP/)
		verdict = "skip"
	else if (rest ~ /# TIMEOUT/)
		verdict = "timeout"
	count[collection, verdict]++
	if (verdict != "pass")
		others[collection] = others[collection] "\n    " verdict " " name
}

$1 == "conformance:" && $2 == "collection" {
	collection = $3
	order[++collections] = collection
	next
}
collection != "mm" && /^ok [0-9]/ { note($0, "pass"); next }
collection != "mm" && /^not ok [0-9]/ { note($0, "fail"); next }
# The script's own lines, which the runner marks as a comment; those of its programs have one mark more.
collection == "mm" && /^# ok [0-9]+ / { sub(/^# /, ""); note($0, "pass"); next }
collection == "mm" && /^# not ok [0-9]+ / { sub(/^# /, ""); note($0, "fail"); next }

END {
	for (i = 1; i <= collections; i++) {
		name = order[i]
		printf "%-24s %3d pass %3d fail %3d skip %3d timeout%s\n", name, count[name, "pass"],
			count[name, "fail"], count[name, "skip"], count[name, "timeout"], others[name]
	}
}
