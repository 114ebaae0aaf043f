#!/usr/bin/env bash
# Shows that scripts.sh fails on a bad script, whatever its name.
set -euo pipefail

check=$(dirname "$0")/scripts.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# expect STATUS WHAT
expect() {
	local status=0
	bash "$check" "$scratch" >/dev/null 2>&1 || status=$?
	if ((status != $1)); then
		echo "FAIL  $2: status $status, not $1"
		exit 1
	fi
	echo "ok    $2"
}

# shellcheck disable=SC2016
bad='ls $1'
expect 1 "an empty tree"
printf '#!/bin/bash\necho good\n' >"$scratch/good"
expect 0 "a good script"
printf '#!/usr/bin/env bash\n%s\n' "$bad" >"$scratch/bad"
expect 1 "a bad script by its first line"
mv "$scratch/bad" "$scratch/data"
printf 'no script\n%s\n' "$bad" >"$scratch/data"
expect 0 "a file that is no script"
mv "$scratch/data" "$scratch/bad.sh"
expect 1 "a bad script by its name"
