#!/usr/bin/env bash
# Tests preload/install-deps with an apt-get of our own, in a PATH that has
# nothing else to offer.
set -euo pipefail

install=$(cd "$(dirname "$0")/../.." && pwd)/preload/install-deps
# shellcheck source=test/checks/expect.sh
source "$(dirname "$0")/expect.sh"
bin=$scratch/bin
errors=$scratch/errors

# new_path PROGRAM… : a PATH with these and what the script itself uses
new_path() {
	local program
	rm -rf "$bin"
	mkdir "$bin"
	for program in bash env mktemp rm tail cat sed touch grep "$@"; do
		ln -s "$(type -P "$program")" "$bin/$program"
	done
}

# fake_apt BODY : what apt-get does; it keeps a log of its calls
fake_apt() {
	printf '#!/bin/sh\necho "$*" >>"%s"\n%s\n' "$scratch/log" "$1" \
		>"$bin/apt-get"
	chmod +x "$bin/apt-get"
	: >"$scratch/log"
}

# run ARGUMENT… : the script's exit status
run() {
	local code=0
	PATH=$bin "$install" "$@" >"$scratch/out" 2>"$errors" || code=$?
	echo "$code"
}

calls() {
	tr ' ' '\n' <"$scratch/log" | grep -xE 'update|install' | xargs
}

new_path cmake ninja cc
is "nothing is missing" 0 "$(run build)"
is "and nothing is said" "" "$(cat "$errors")"

new_path cc
is "a list" 0 "$(run --list build)"
is "of what is missing" "cmake ninja-build" "$(xargs <"$scratch/out")"
is "without apt-get" 1 "$(run build)"
is "it says what to install" \
	"libbuddy: install them as root: apt-get install cmake ninja-build" \
	"$(tail -n 1 "$errors")"
is "what is optional may be missing" 0 "$(run --optional build)"
is "an unknown group" 2 "$(run no-such-group)"
is "no group" 2 "$(run)"

if ((EUID != 0)); then
	# With the script's sudo being ours too, the rest is as for root.
	fake_sudo() {
		# shellcheck disable=SC2016
		printf '%s\n' '#!/bin/sh' '[ "$1" != -n ] || shift' \
			'exec "$@"' >"$bin/sudo"
		chmod +x "$bin/sudo"
	}
	fake_apt 'exit 0'
	is "not root and no sudo" 1 "$(run build)"
	is "apt-get is left alone" "" "$(calls)"
else
	fake_sudo() { :; }
fi

new_path cc
fake_sudo
fake_apt 'exit 0'
is "installing" 0 "$(run build)"
is "is one call when the lists are there" install "$(calls)"
is "only what is missing" "cmake ninja-build" \
	"$(grep -oE 'cmake .*' "$scratch/log")"
is "says one line" "libbuddy: installing cmake ninja-build …" \
	"$(cat "$errors")"

fake_apt "case \$* in
	*update*) touch $scratch/updated ;;
	*) [ -e $scratch/updated ] ;;
esac"
is "installing without lists" 0 "$(run build)"
is "updates them first" "install update install" "$(calls)"

fake_apt 'echo E: no network; exit 100'
is "a failure" 1 "$(run build)"
is "shows what apt-get said" yes \
	"$(grep -q 'E: no network' "$errors" && echo yes)"
is "and what to do" yes \
	"$(tail -n 1 "$errors" | grep 'as root: apt-get' >/dev/null && echo yes)"
is "of what is optional is none" 0 "$(run --optional build)"

printf 'install: %d failed\n' "$failures"
((failures == 0))
