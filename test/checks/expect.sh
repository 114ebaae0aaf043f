# What test scripts share, to be sourced: a folder of their own that goes when
# they end, the user's settings out of the way, and a comparison that counts.
# shellcheck disable=SC2034
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset BUDDY_BUILD BUDDY_CONF LD_PRELOAD LD_LIBRARY_PATH
failures=0

# is WHAT EXPECTED FOUND
is() {
	if [[ $3 == "$2" ]]; then
		printf 'ok    %s\n' "$1"
	else
		printf 'FAIL  %s: expected "%s", found "%s"\n' "$@"
		failures=$((failures + 1))
	fi
}
