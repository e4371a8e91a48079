"""Every relative link of the documentation leads to a file, and to a heading if it names one.

usage: check_links.py FILE.md…
"""

import re
import sys
from pathlib import Path
from urllib.parse import unquote

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def text(file):
    """The page without its code blocks: what stands there is not a link."""
    return FENCE.sub("", file.read_text())


def anchors(file):
    slugs = (re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text(file)))
    return set(slugs)


def problems_in(file):
    for match in LINK.finditer(text(file)):
        target = unquote(match.group(1) or match.group(2))
        if re.match(r"[a-z][a-z0-9+.-]*:", target, re.IGNORECASE):
            continue
        path, _, anchor = target.partition("#")
        destination = (file.parent / path) if path else file
        if not destination.exists():
            yield f"{file}: no such file: {target}"
        elif anchor and destination.suffix == ".md" and anchor not in anchors(destination):
            yield f"{file}: no such heading: {target}"


def main():
    problems = [problem for name in sys.argv[1:] for problem in problems_in(Path(name))]
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()
