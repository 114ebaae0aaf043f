#!/usr/bin/env bash
# Tests preload/buddy on a copy of the tree whose "library" is one empty
# function, so that building it from nothing takes a moment.
set -euo pipefail

source_root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=test/checks/expect.sh
source "$(dirname "$0")/expect.sh"

# make_tree FOLDER
make_tree() {
	mkdir -p "$1"/{preload,include,lib/base}
	cp "$source_root"/preload/{buddy,install-deps} "$1/preload"
	echo 'int example(void); int example(void) { return 0; }' \
		>"$1/lib/base/example.c"
	cat >"$1/CMakeLists.txt" <<-'END'
		cmake_minimum_required(VERSION 3.13)
		project(example C)
		add_library(buddy_shared SHARED lib/base/example.c)
		set_target_properties(buddy_shared PROPERTIES
			OUTPUT_NAME buddy SUFFIX .so.1)
	END
}

tree=$scratch/tree
make_tree "$tree"
buddy=$tree/preload/buddy
library=$tree/build/libbuddy.so.1
errors=$scratch/errors

# The first use builds, once, and keeps stdout and stdin for the command.
out=$(echo input | "$buddy" run -- cat 2>"$errors")
is "stdin and stdout are the command's" input "$out"
is "one line while building" "libbuddy: building (once) …" \
	"$(cat "$errors")"
is "the library is there" yes "$([[ -e $library ]] && echo yes)"
is "path" "$library" "$("$buddy" path)"

# Later uses run no cmake: one in front of the real one would leave a trace.
mkdir "$scratch/bin"
printf '#!/bin/sh\ntouch "%s"\nexit 1\n' "$scratch/called" \
	>"$scratch/bin/cmake"
chmod +x "$scratch/bin/cmake"
out=$(PATH=$scratch/bin:$PATH "$buddy" run -- echo again 2>"$errors")
is "a later use runs the command" again "$out"
is "a later use says nothing" "" "$(cat "$errors")"
is "a later use calls no cmake" no \
	"$([[ -e $scratch/called ]] && echo yes || echo no)"

# What the command sees.
# shellcheck disable=SC2016
print=(/bin/sh -c 'echo "$LD_PRELOAD"')
is "LD_PRELOAD is the absolute path" "$library" \
	"$(cd "$tree/preload" && ./buddy run -- "${print[@]}")"
is "a preload that was there is kept behind" "$library:libm.so.6" \
	"$(LD_PRELOAD=libm.so.6 "$buddy" run "${print[@]}")"
is "it is not put in twice" "$library" \
	"$("$buddy" run -- "$buddy" run -- "${print[@]}")"
is "the library is mapped" yes "$("$buddy" run -- cat /proc/self/maps |
	grep -F "$library" >/dev/null && echo yes)"
is "arguments are passed as they are" "a b|*||" \
	"$("$buddy" run -- printf '%s|' 'a b' '*' '')"
# shellcheck disable=SC2016
is "stats sets BUDDY_CONF" "junk:true,stats_print:true" \
	"$(BUDDY_CONF=junk:true "$buddy" stats -- /bin/sh -c \
		'echo "$BUDDY_CONF"')"
ln -s "$buddy" "$scratch/bin/link"
is "a symbolic link to the launcher works" "$library" \
	"$("$scratch/bin/link" path)"

# status COMMAND… : exit status, stdout and stderr away
status() {
	local code=0
	"$@" >/dev/null 2>"$errors" || code=$?
	echo "$code"
}
is "the command's status" 7 "$(status "$buddy" run -- sh -c 'exit 7')"
is "no such command" 127 "$(status "$buddy" run -- no-such-command-here)"
is "its message" "libbuddy: no-such-command-here: command not found" \
	"$(cat "$errors")"
is "no such file" 127 "$(status "$buddy" run -- ./no-such-file)"
is "not executable" 126 "$(status "$buddy" run -- "$tree/CMakeLists.txt")"
is "no command" 2 "$(status "$buddy" run --)"
is "no sub-command" 2 "$(status "$buddy")"
is "unknown sub-command" 2 "$(status "$buddy" fly)"
is "help" 0 "$(status "$buddy" --help)"

# A changed source is built again; a broken one is reported in full.
sleep 0.02
echo 'int broken(void) { return }' >>"$tree/lib/base/example.c"
is "a failing build" 1 "$(status "$buddy" run -- true)"
is "shows the compiler's message" yes \
	"$(grep -q 'example.c:2' "$errors" && echo yes)"
is "and says so last" "libbuddy: the build failed" "$(tail -n 1 "$errors")"
echo 'int example(void); int example(void) { return 1; }' \
	>"$tree/lib/base/example.c"
is "a repaired source is built" 0 "$(status "$buddy" run -- true)"
is "once" "" "$(status "$buddy" run -- true >/dev/null; cat "$errors")"

# So is one whose linker script changed.
sleep 0.02
echo '/* nothing */' >"$tree/preload/example.ld"
"$buddy" run -- true 2>"$errors"
is "a linker script is a source, too" 1 "$(grep -c building "$errors")"

# A tree that moved, other build folders, and paths that cannot be preloaded.
mv "$tree" "$scratch/moved"
touch "$scratch/moved/lib/base/example.c"
is "a moved tree builds again" 0 \
	"$(status "$scratch/moved/preload/buddy" run -- true)"
is "BUDDY_BUILD" "$scratch/other/libbuddy.so.1" \
	"$(BUDDY_BUILD=$scratch/other "$scratch/moved/preload/buddy" path \
		2>/dev/null)"
make_tree "$scratch/a b"
is "a path with a blank" 1 "$(status "$scratch/a b/preload/buddy" run true)"
is "is explained" yes "$(grep -q 'cannot hold a blank' "$errors" && echo yes)"

# Two first uses at once: one builds, both run.
make_tree "$scratch/both"
"$scratch/both/preload/buddy" run -- echo one >"$scratch/one" 2>"$errors" &
"$scratch/both/preload/buddy" run -- echo two >"$scratch/two" 2>>"$errors"
wait
is "two at once both run" "one two" \
	"$(cat "$scratch/one" "$scratch/two" | xargs)"
is "and one builds" 1 "$(grep -c building "$errors")"

# The real tree, as the launcher configures it, where there is no C++.
is "the library needs no C++ compiler" 0 "$(CXX=/bin/false status cmake \
	-S "$source_root" -B "$scratch/no-cxx" -G Ninja -DBUDDY_TESTS=OFF)"

printf 'launcher: %d failed\n' "$failures"
((failures == 0))
