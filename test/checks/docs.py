#!/usr/bin/env python3
"""Checks that what the documents name exists in the source.

In README.md and docs/*.md:
  - a word in backticks or in a code block that begins with one of the
    repository's folders ("lib/mm/zone.c", "test/run") is a file there; a
    pattern ("lib/*/*.h") matches one; a line number after a colon is dropped;
  - the target of a link to a file exists;
  - a function in backticks, `name()`, and any other name in backticks with an
    underscore in it (`zone_reserve`, `BUDDY_CONF`) occurs as a word in the
    source. Names that belong to others (the kernel's, glibc's) are listed in
    docs.words.
"""

import argparse
import pathlib
import re
import sys

SOURCE_FOLDERS = ["lib", "include", "preload", "bench", "test", ".ci"]
FOLDERS = [*SOURCE_FOLDERS, "docs"]
TOP_FILES = ["CMakeLists.txt", "CMakePresets.json"]
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
PATH = re.compile(r"(?:\./)?((?:%s)/[\w./*?\[\]{},+-]*)"
                  % "|".join(map(re.escape, FOLDERS)))
FUNCTION = re.compile(r"(~?\w+)\(.*\)")
NAME = re.compile(r"[A-Za-z_]\w*_\w*")
WORD = re.compile(r"\w+")


def source_words(root):
    """Every word of the source, and every word of its files' names."""
    words = set()
    paths = [root / name for name in TOP_FILES]
    for folder in SOURCE_FOLDERS:
        # The list of foreign names is not a place where a name exists.
        paths += [p for p in (root / folder).rglob("*")
                  if p.name != "docs.words"]
    for path in paths:
        if path.is_file() and "__pycache__" not in path.parts:
            words.update(WORD.findall(path.stem))
            words.update(WORD.findall(path.read_text(encoding="utf-8",
                                                     errors="ignore")))
    return words


def is_generated(root, name):
    """Whether .gitignore has that very path: it comes with the first run."""
    ignored = root / ".gitignore"
    lines = ignored.read_text(encoding="utf-8").split() if (
        ignored.exists()) else []
    return name.strip("/") in {line.strip("/") for line in lines}


def path_problem(root, text):
    """Why a path is wrong, or None."""
    text = text.rstrip(".,:")
    # lib/mm/zone.{c,h} stands for both
    brace = re.fullmatch(r"(.*)\{(.*)\}(.*)", text)
    names = ([brace[1] + part + brace[3] for part in brace[2].split(",")]
             if brace else [text])
    for name in names:
        if re.search(r"[*?\[]", name):
            if not any(root.glob(name)):
                return f"no file matches {name}"
        elif not (root / name).exists() and not is_generated(root, name):
            return f"no such file: {name}"
    return None


def check_paths(root, text):
    for word in text.split():
        match = PATH.match(word.strip("\"'();"))
        if match:
            why = path_problem(root, match.group(1))
            if why:
                yield why


def check_name(text, words):
    match = FUNCTION.fullmatch(text) or NAME.fullmatch(text)
    if not match:
        return None
    name = match.group(1) if match.re is FUNCTION else match.group()
    return None if name in words else f"nothing is called {name}"


def check_document(root, path, words):
    """Yields (line, problem)."""
    text = path.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        for why in check_paths(root, match.group()):
            yield line, why
    prose = FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    for match in CODE.finditer(prose):
        line = prose.count("\n", 0, match.start()) + 1
        why = check_name(match.group(1).strip(), words)
        for problem in [*check_paths(root, match.group(1)), why]:
            if problem:
                yield line, problem
    for match in LINK.finditer(prose):
        target = match.group(1)
        if "://" not in target and not target.startswith("mailto:") \
                and not (path.parent / target).exists():
            yield (prose.count("\n", 0, match.start()) + 1,
                   f"a link to nothing: {target}")


def read_words(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return {word for line in lines if not line.startswith("#")
            for word in line.split()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--words", type=pathlib.Path,
                        default=pathlib.Path(__file__).with_name("docs.words"))
    options = parser.parse_args()
    root = options.root
    words = source_words(root) | read_words(options.words)
    documents = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    problems = 0
    for path in documents:
        if not path.exists():
            print(f"{path.relative_to(root)} is missing")
            problems += 1
            continue
        for line, why in check_document(root, path, words):
            print(f"{path.relative_to(root)}:{line}: {why}")
            problems += 1
    print(f"docs: {len(documents)} documents, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
