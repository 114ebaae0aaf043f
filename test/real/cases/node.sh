# V8, buffers, worker threads, zlib and child processes.
# needs: node
# quick: yes
node "$INPUT/hard.js" "$SCALE"
