#!/usr/bin/env bash
# Proves that test/real/run fails when it should: it is run with an allocator
# that is wrong in a chosen way, and must say why.
#
#   notices.sh TOOLS-FOLDER BROKEN-LIBRARY
set -euo pipefail

here=$(dirname "$0")
tools=$1
broken=$2
status=0

# expect MODE CASE VERDICT TEXT [LIBRARY]
expect() {
	local mode=$1 case=$2 verdict=$3 text=$4 library=${5:-$broken}
	local output code=ok
	output=$(BROKEN=$mode "$here/run" --quick --only "^$case\$" \
		--tools "$tools" --lib "$library") || code=FAIL
	if [[ $code == "$verdict" && $output == *"$text"* ]]; then
		printf 'ok    %s in %s\n' "$mode" "$case"
	else
		printf 'FAIL  %s in %s: wanted %s and "%s", got:\n%s\n' \
			"$mode" "$case" "$verdict" "$text" "$output"
		status=1
	fi
}

expect nothing small-ls ok "1 ok, 0 failed"
expect nothing lua ok "1 ok, 0 failed"
expect message lua FAIL "printed: libbuddy: an example"
expect message small-true FAIL "printed: libbuddy: an example"
expect output lua FAIL "stdout, line 1"
expect zero find FAIL "exit status 139"
expect crash lua FAIL "exit status 134"
expect fat small-true FAIL "above glibc's"
expect unused lua FAIL "malloc was not the library's" "$tools/witness.so"
exit "$status"
