# Our own program of 32 threads that free each other's blocks.
# quick: yes
rounds=50000
[[ $SCALE == quick ]] || rounds=200000
"$TOOLS/threads" "$rounds"
