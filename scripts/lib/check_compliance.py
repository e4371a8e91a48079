"""Every test that docs/compliance.md names exists where its link says, and no row holds without one.

usage: check_compliance.py docs/compliance.md
"""

import re
import sys
from pathlib import Path

LINK = re.compile(r"\[(\w+)\]\((\.\./Tests/[^)#]+\.swift)\)")
# A test: @Test, its traits, perhaps in several lines, and the function behind them.
TEST = re.compile(r"@Test\b(?:(?!@Test\b|\bfunc\b).)*\bfunc (\w+)\(", re.DOTALL)
MATRIX = "## The compliance matrix"
MATRIX_ROWS = {"yes": 117, "no": 21}


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def tests_in(file, known={}):
    if file not in known:
        known[file] = set(TEST.findall(without_comments(file.read_text()))) if file.exists() else set()
    return known[file]


def rows(text):
    """Section, and cells, of every row of every table."""
    section = ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line
        elif line.startswith("| ") and not line.startswith(("| row ", "| **")):
            # Code may have a bar in it, but not between spaces.
            yield section, [cell.strip() for cell in line.strip("|").split(" | ")]


def problems_in(page):
    text = page.read_text()
    for name, path in LINK.findall(text):
        if name not in tests_in((page.parent / path).resolve()):
            yield f"{page}: no test {name} in {path}"
    count = {"yes": 0, "no": 0}
    for section, cells in rows(text):
        state, shown = cells[-2], cells[-1]
        if section == MATRIX:
            count["no" if state.startswith("no:") else "yes"] += 1
        if section == MATRIX and not re.match(r"yes\b|no: \w", state):
            yield f"{page}: neither yes nor no, and why: {cells[0]}"
        if not re.match(r"(no|not ours|not needed|not configurable)\b", state) and not LINK.search(shown):
            yield f"{page}: no test shows it: {cells[0]}"
    if count != MATRIX_ROWS:
        yield f"{page}: {count} rows of the matrix, not {MATRIX_ROWS}"


def main():
    problems = list(problems_in(Path(sys.argv[1])))
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()
