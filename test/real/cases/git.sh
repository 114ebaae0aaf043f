# A repository made on the fly: import, gc, log, blame, merge, fsck.
# needs: git python3
# quick: yes
export GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org
export GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z'
export GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
commits=200
[[ $SCALE == quick ]] || commits=1500
git init -q -b main .
git config gc.auto 0
/usr/bin/python3 "$INPUT/make_history.py" "$commits" |
	git fast-import --quiet
git reset -q --hard
git gc --quiet --aggressive
git fsck --full --strict
git log -p --stat | sha256sum
git log --oneline --graph | tail -n 5
git blame file3.txt | sha256sum
git checkout -q -b side HEAD~20
seq 1000 >side.txt
git add side.txt
git commit -q -m side
git merge -q -m merged main
git diff --stat main
git repack -q -a -d -f --depth=50 --window=50
git clone -q --no-local . out/copy.git --bare
git -C out/copy.git rev-parse HEAD
rm -rf out/copy.git
git cat-file --batch-all-objects --batch-check | sha256sum
git archive --format=tar HEAD | sha256sum
git grep -c 'line 7' | sed -n 1,5p
