# A server under its own benchmark, then a data set whose digest is compared.
# needs: redis-server redis-cli redis-benchmark awk
# quick: yes
requests=20000
[[ $SCALE == quick ]] || requests=200000
# Most goes over a unix socket in this folder; TCP takes a port that is free.
port=20000
while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
	port=$((port + 1))
done
redis-server --port "$port" --bind 127.0.0.1 --unixsocket "$PWD/socket" \
	--save "" --appendonly no --enable-debug-command yes --dir "$PWD" \
	--activedefrag no --lazyfree-lazy-user-flush no >server.log 2>&1 &
server=$!
cli() {
	redis-cli -s "$PWD/socket" "$@"
}
for ((tries = 0; tries < 100; tries++)); do
	[[ $(cli ping 2>/dev/null) != PONG ]] || break
	sleep 0.1
done
redis-benchmark -s "$PWD/socket" -q -n "$requests" -c 20 -P 16 \
	-t set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100,mset -d 100 \
	>benchmark.log 2>&1
redis-benchmark -h 127.0.0.1 -p "$port" -q -n $((requests / 4)) -t set,get \
	-d 3000 >>benchmark.log 2>&1
cli flushall
awk -v n="$requests" 'BEGIN {
	for (i = 0; i < n; i++) {
		printf "SET k%d %0*d\r\n", i, i % 900 + 1, i
		printf "HSET h%d f%d %d\r\n", i % 100, i, i * i
		printf "ZADD z%d %d m%d\r\n", i % 10, i * 7919 % 10007, i
		printf "RPUSH l%d %d\r\n", i % 50, i
		if (i % 3 == 0)
			printf "DEL k%d\r\n", i / 2
		if (i % 5 == 0)
			printf "APPEND k%d %0*d\r\n", i, i % 300 + 1, i
	}
}' | cli --pipe | tail -n 1
cli dbsize
cli debug digest
cli eval 'local t = {} for i = 1, 20000 do t[i] = tostring(i * 7) end
	return redis.sha1hex(table.concat(t))' 0
cli zrange z3 0 20
cli bgsave >/dev/null
while [[ $(cli info persistence) == *rdb_bgsave_in_progress:1* ]]; do
	sleep 0.05
done
cli info persistence | grep -o 'rdb_last_bgsave_status:[a-z]*'
cli debug reload
cli debug digest
cli shutdown nosave
wait "$server"
