#!/bin/bash
# A static program must hold one heap only. That the C library's own was
# linked in beside ours shows in the symbols of its innermost functions.
#
# usage: static_heap.sh PROGRAM...
set -euo pipefail

status=0
for program in "$@"; do
	symbols=$(nm "$program")
	if ! grep -qw 'buddy_malloc' <<<"$symbols"; then
		echo "$program: no libbuddy in it"
		status=1
	fi
	if grep -wE '_int_malloc|_int_free|main_arena' <<<"$symbols"; then
		echo "$program: the C library's heap is in it"
		status=1
	fi
done
exit "$status"
