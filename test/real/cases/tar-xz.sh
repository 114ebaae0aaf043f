# A bounded part of /usr/share packed and unpacked, in threads too.
# needs: tar xz gzip
# quick: yes
files=400
[[ $SCALE == quick ]] || files=4000
find /usr/share -xdev -type f -readable -size -200k 2>/dev/null | sort |
	sed -n "1,${files}p" >list
tar --create --file part.tar --sort=name --files-from list 2>/dev/null
sha256sum <part.tar
xz -k -3 -T4 --block-size=1MiB -c part.tar >out/threads.xz
xz -k -6 -T1 -c part.tar >out/one.xz
gzip -n -c part.tar >out/part.gz
xz -d -T4 -c out/threads.xz | cmp - part.tar
mkdir unpacked
tar --extract --xz --file out/one.xz --directory unpacked
(cd unpacked && find . -type f | sort | xargs -d '\n' sha256sum) | sha256sum
