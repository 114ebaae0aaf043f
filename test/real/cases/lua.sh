# Tables, strings, closures and coroutines: realloc for everything.
# needs: lua5.4
# quick: yes
lua5.4 "$INPUT/hard.lua" "$SCALE"
