# Hashes, strings, regular expressions, sorting, threads, processes.
# needs: perl
# quick: yes
perl "$INPUT/hard.pl" "$SCALE"
