# Arrays, strings, JSON, objects; extensions, which are loaded with RTLD_DEEPBIND.
# needs: php
# quick: yes
USE_ZEND_ALLOC=0 php -d memory_limit=-1 "$INPUT/hard.php" "$SCALE"
php -d memory_limit=-1 "$INPUT/hard.php" quick
