#!/usr/bin/env bash
# Lets libFuzzer search, from the corpus on, with a seed that is always the
# same.
#
#   search.sh PROGRAM CORPUS HOW_LONG
#
# So many runs, or with an `s` behind the number so many seconds.
#
# Without arguments there is no libFuzzer: that is said, and the test skipped.
# What is found new stays in a folder of this run; an input that fails is left
# beside the program, and its path printed.
set -euo pipefail

if (($# < 3)); then
	echo "skipped: no clang with libFuzzer (preload/install-deps fuzz)"
	exit 77
fi
program=$1
corpus=$2
case $3 in
*s) length=-max_total_time=${3%s} ;;
*) length=-runs=$3 ;;
esac

found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
# A report must end the run; a leak is no business of this target's. libFuzzer
# would end with 77 when it found something, which means a skipped test here.
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
"$program" -seed=1 "$length" -max_len=2048 -timeout=60 -rss_limit_mb=4096 \
	-detect_leaks=0 -error_exitcode=1 \
	-artifact_prefix="$(dirname "$program")/" "$found" "$corpus"
