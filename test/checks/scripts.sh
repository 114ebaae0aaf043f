#!/usr/bin/env bash
# Runs shellcheck over every shell script of a tree: files named *.sh, and
# those whose first line calls a shell.
#
#   scripts.sh ROOT
set -euo pipefail

cd "$1"
scripts=()
while IFS= read -r -d '' file; do
	line=
	IFS= read -r line <"$file" 2>/dev/null || [[ $line ]] || continue
	if [[ $file == *.sh || $line == '#!'*[/\ ]@(ba|)sh ]]; then
		scripts+=("$file")
	fi
done < <(find . -name .git -prune -o -path './build*' -prune -o \
	-type f -size -200k -print0 | sort -z)

if ((${#scripts[@]} == 0)); then
	echo "scripts: nothing to check"
	exit 1
fi
shellcheck --shell=bash "${scripts[@]}"
echo "scripts: ${#scripts[@]} checked, no problems"
