#!/usr/bin/env bash
# A program that must abort, with a text in what it says on fd 2.
#
#   notices.sh REGEX PROGRAM ARGUMENT…
set -euo pipefail

text=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
if "$@" >out 2>err; then
	echo "the program ended well: nothing was noticed"
	exit 1
fi
if ! grep -a -c -F "libbuddy: " err >count || ! grep -a -m 1 -E "$text" err; then
	echo "'$text' is not in:"
	tail -n 30 err
	exit 1
fi
