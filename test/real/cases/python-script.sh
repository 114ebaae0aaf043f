# Our own hard script: memory, json, threads, processes.
# needs: python3
# quick: yes
export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
PYTHONMALLOC=malloc /usr/bin/python3 "$INPUT/hard.py" "$SCALE"
PYTHONMALLOC=pymalloc /usr/bin/python3 "$INPUT/hard.py" "$SCALE"
