# 2,000 forks of a shell that has a lot in memory, and some of them exec.
# needs: bash true
# quick: yes
declare -A table
for ((i = 0; i < 5000; i++)); do
	table[key$i]=value$((i * 7919 % 10007))
done
sum=0
for ((i = 0; i < 1700; i++)); do
	word=$(printf '%s' "${table[key$((i * 3))]:-none}$i")
	sum=$((sum + ${#word}))
done
echo "sum $sum"
for ((i = 0; i < 100; i++)); do
	/bin/true
	(exit $((i % 3))) || sum=$((sum + 1))
done
echo "sum $sum"
for ((i = 0; i < 30; i++)); do
	seq 200 | while read -r n; do
		echo $((n * i))
	done | sort -n | tail -n 1
done
jobs=()
for ((i = 0; i < 20; i++)); do
	(text=$(printf 'x%.0s' $(seq 500)); exit $((${#text} % 200))) &
	jobs+=($!)
done
for job in "${jobs[@]}"; do
	wait "$job" || echo "status $?"
done
