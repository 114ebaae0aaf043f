# Sorting in memory, in threads, and by merging files.
# needs: sort awk uniq
# quick: yes
lines=200000
[[ $SCALE == quick ]] || lines=1000000
awk -v n="$lines" 'BEGIN {
	for (i = 0; i < n; i++)
		printf "%d %s%d\n", i * 7919 % 1000003, substr( \
			"the quick brown fox jumps over the lazy dog", \
			i % 30, i % 13), i % 1009
}' >text
sort text | sha256sum
sort --parallel=4 -k2 -k1,1n text | sha256sum
sort -S 2M -n text | sha256sum
sort -u -t' ' -k2,2 text | wc -l
cut -d' ' -f2 text | sort | uniq -c | sort -rn | sha256sum
tac text | shuf --random-source=text -n 1000 | sort -R --random-source=text |
	sha256sum
