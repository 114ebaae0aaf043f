#!/usr/bin/env bash
# Installs what was built, moves it, and uses it in the ways that a user would:
# by pkg-config, find_package(), the command, and LD_PRELOAD. And the sources as
# a part of another project.
#
# usage: install.sh BUILD SOURCE CMAKE CC
set -euo pipefail

build=$1 source=$2 cmake=$3 cc=$4
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/checks/expect.sh
source "$here/../checks/expect.sh"
log=$scratch/log

# quietly COMMAND… : its output is shown when it fails
quietly() {
	"$@" >"$log" 2>&1 || { cat "$log" && return 1; }
}

# project FOLDER LINE… : a CMake project with a program for each product
project() {
	local folder=$1 product
	shift
	mkdir "$folder"
	{
		printf 'cmake_minimum_required(VERSION 3.16)\nproject(user C)\n'
		printf '%s\n' "$@"
		for product in shared static prefix; do
			printf 'add_executable(%s %s/installed.c)\n' \
				$product "$here"
			printf 'target_link_libraries(%s libbuddy::%s)\n' \
				$product $product
		done
	} >"$folder/CMakeLists.txt"
	quietly "$cmake" -S "$folder" -B "$folder/build" -G Ninja \
		-DCMAKE_C_COMPILER="$cc" -DCMAKE_BUILD_TYPE=Debug \
		-DCMAKE_PREFIX_PATH="$root" &&
		quietly "$cmake" --build "$folder/build" \
			--target shared static prefix
}

# each_runs FOLDER : the three programs that project() made there
each_runs() {
	local product
	for product in shared=libbuddy static=libbuddy prefix=beside; do
		is "${product%=*}" "$version ${product#*=}" \
			"$("$1/build/${product%=*}")"
	done
}

version=$(sed -n 's/^project(libbuddy VERSION \([0-9]*\.[0-9]*\)\..*/\1/p' \
	"$source/CMakeLists.txt")
root="$scratch/a place"
quietly "$cmake" --install "$build" --prefix "$scratch/first"
mv "$scratch/first" "$root"
library=$(find "$root" -name libbuddy.so.1)
folder=${library%/*}

printf '\n-- pkg-config\n'
export PKG_CONFIG_PATH=$folder/pkgconfig
flags=()
# pc MODULE OPTION… : sets flags, of which one may hold a blank
pc() {
	eval "flags=($(pkg-config "$@"))"
}
pc --cflags --libs libbuddy
"$cc" "$here/installed.c" -o "$scratch/dynamic" "${flags[@]}"
is "the shared one" "$version libbuddy" \
	"$(LD_LIBRARY_PATH=$folder "$scratch/dynamic")"
pc --static --cflags --libs libbuddy
"$cc" -static "$here/installed.c" -o "$scratch/static" "${flags[@]}"
is "the static one, in a static program" "$version libbuddy" \
	"$("$scratch/static")"
pc --cflags --libs libbuddy_prefix
"$cc" "$here/installed.c" -o "$scratch/prefix" "${flags[@]}"
is "the prefix-only one" "$version beside" "$("$scratch/prefix")"
is "the version" "$version.0" "$(pkg-config --modversion libbuddy)"

printf '\n-- find_package()\n'
project "$scratch/finds" "find_package(libbuddy $version REQUIRED)"
each_runs "$scratch/finds"
is "another major version is refused" refused "$(project "$scratch/other" \
	"find_package(libbuddy 2.0 REQUIRED)" >/dev/null || echo refused)"

printf '\n-- add_subdirectory()\n'
project "$scratch/contains" "add_subdirectory($source libbuddy)"
each_runs "$scratch/contains"
is "nothing else of ours in it" "lib preload" \
	"$(cd "$scratch/contains/build/libbuddy" && echo [a-z]*/ | tr -d /)"

printf '\n-- the command\n'
ln -s "$root/bin/buddy" "$scratch/buddy"
is "path" "$library" "$("$scratch/buddy" path)"
is "path, with the script's own names in the environment" "$library" \
	"$(root=/ "$scratch/buddy" path)"
is "run, at a place that LD_PRELOAD cannot name" \
	"libbuddy: LD_PRELOAD cannot hold a blank or a colon: $library" \
	"$("$root/bin/buddy" run -- true 2>&1 || true)"
mkdir "$scratch/plain"
mv "$root"/* "$scratch/plain"
buddy=$scratch/plain/bin/buddy
library=$(find "$scratch/plain" -name libbuddy.so.1)
is "run" "$library" \
	"$("$buddy" run -- grep -o '/.*/libbuddy.so.1' /proc/self/maps | uniq)"
is "stats" "==> buddyinfo <==" "$("$buddy" stats -- true 2>&1 | sed -n 1p)"
rm "$library"
status=0
"$buddy" run -- true 2>"$log" || status=$?
is "without its library" 1 "$status"
is "it says so, and builds nothing" "libbuddy: no library" \
	"$(sed 's/: [^:]*$//' "$log")"

((failures == 0))
