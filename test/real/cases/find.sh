# A walk over /usr/share, with regular expressions and xargs.
# needs: find xargs
# quick: yes
find /usr/share -xdev -printf '%p %s %y %m\n' 2>/dev/null | sha256sum
find /usr/share -xdev -regextype posix-extended \
	-regex '.*/[a-m]+(ing|ed)?\.(py|txt|h|gz)' 2>/dev/null | wc -l
find /usr/share/doc -xdev -name 'copyright' -print0 2>/dev/null |
	sort -z | sed -z -n 1,300p | xargs -0 -n 50 grep -c License | sha256sum
