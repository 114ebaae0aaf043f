# Objects, collections with compaction, JSON, threads, processes.
# needs: ruby
# quick: yes
ruby "$INPUT/hard.rb" "$SCALE"
