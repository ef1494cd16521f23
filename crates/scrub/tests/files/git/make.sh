#!/usr/bin/env bash
# Makes the repositories of this folder with git itself: everything.tar (one of each thing that a
# repository can hide), history.bundle, thin.bundle and sha256.tar.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME="$work" GIT_CONFIG_NOSYSTEM=1 TZ=UTC
export GIT_AUTHOR_NAME="Eva Lang" GIT_AUTHOR_EMAIL="eva.lang@corp.com"
export GIT_COMMITTER_NAME="Carl Voss" GIT_COMMITTER_EMAIL="carl.voss@corp.com"
mkdir "$work/none" && git config --global init.templateDir "$work/none"
clock=1700000000
tick() {
    clock=$((clock + 60))
    export GIT_AUTHOR_DATE="$clock +0000" GIT_COMMITTER_DATE="$clock +0000"
}
commit() { tick; git commit -q "$@"; }

repository() {
    git init -q -b main "$@"
    git config user.name "Eva Lang"
    git config user.email "eva.lang@corp.com"
    git config gc.auto 0
}

everything() {
    mkdir "$work/part" "$work/everything"
    cd "$work/part"
    repository .
    echo "part of the work" > part.txt
    git add . && commit -m "Part"
    cd "$work/everything"
    repository .
    for line in $(seq 200); do echo "line $line of the manual"; done > manual.txt
    echo "reach dora.klein@corp.com" > secret.txt
    git add . && commit -m "First version" -m "Asked for by fritz.adler@corp.com" \
        -m "Co-authored-by: Gina Roth <gina.roth@corp.com>"
    git rm -q secret.txt
    sed -i 's/line 7 of/line 7 (hans.kurz@corp.com) of/' manual.txt
    git add . && commit -m "Take out what should not be there"
    sed -i 's/ (hans.kurz@corp.com)//' manual.txt
    ln -s /home/ida.moll/manual.txt link
    printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 12\n' 7 > large.bin
    git add . && commit -m "Links and pointers"
    tick && git tag -a v1 -m "Release for jana.ost@corp.com"
    git checkout -q -b side-northwind HEAD~1
    echo "side of karl.pohl@corp.com" > side.txt
    git add . && commit -m "Side work"
    git checkout -q main
    tick && git merge -q --no-ff -m "Merge side work" side-northwind
    tick && git notes add -m "seen by lena.rau@corp.com" HEAD
    git gc -q
    echo "amended away: mona.sahl@corp.com" > amended.txt
    git add . && commit -m "To be amended"
    echo "nothing" > amended.txt
    git add . && commit --amend -m "Amended"
    git -c protocol.file.allow=always submodule -q add ../part part
    commit -m "A part from elsewhere"
    echo "put aside by nora.tann@corp.com" >> manual.txt
    tick && git stash -q
    echo "staged by olga.uhl@corp.com" > staged.txt
    git add staged.txt && git rm -q -f --cached staged.txt
    echo "dangling, paul.veit@corp.com" | git hash-object -w --stdin > /dev/null
    echo "staged for rosa.wild@corp.com" > index-only.txt
    git add index-only.txt && rm index-only.txt
    git remote add origin "https://sven:hunter2-Qx9vB@git.northwind.example/team/work.git"
    printf '#!/bin/sh\necho pushed by tina.zorn@corp.com\n' > hook
    mkdir -p .git/hooks && mv hook .git/hooks/post-commit && chmod +x .git/hooks/post-commit
    rm -f .git/COMMIT_EDITMSG staged.txt
}

plain_tar() {
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cf "$1" -C "$work" "$2"
}

everything
plain_tar "$here/everything.tar" everything
cd "$work/everything"
git bundle create -q "$here/history.bundle" main v1
git bundle create -q "$here/thin.bundle" main~1..main

mkdir "$work/sha256" && cd "$work/sha256"
repository --object-format=sha256 .
echo "write to dora.klein@corp.com" > a.txt
git add . && commit -m "One"
git rm -q a.txt && echo "nothing" > b.txt
git add . && commit -m "Two"
plain_tar "$here/sha256.tar" sha256
