# A database of 300,000 rows in memory.
# needs: sqlite3
# quick: yes
sqlite3 :memory: <"$INPUT/rows.sql"
