"""Unsafe promises are argued, and nothing traps.

Each `@unchecked Sendable` and `nonisolated(unsafe)` has a `SAFETY:` comment on its line or at most 8 lines above; no code
in Sources/ has a `try!`, an `as!`, `fatalError` or the like.

usage: check_unsafe.py [ROOT]
"""

import re
import sys
from pathlib import Path

PROMISE = re.compile(r"@unchecked\s+Sendable|nonisolated\(unsafe\)")
TRAP = re.compile(r"\b(try!|as!|fatalError\(|preconditionFailure\(|unsafelyUnwrapped\b)")
REACH = 8


def code(line):
    """The line without its comment. A `//` inside a string cuts too much, never too little of a comment."""
    return line.partition("//")[0]


def problems_in(file, traps_count):
    lines = file.read_text().splitlines()
    for index, line in enumerate(lines):
        if PROMISE.search(code(line)) and not any("SAFETY:" in near for near in lines[max(0, index - REACH) : index + 1]):
            yield f"{file}:{index + 1}: no SAFETY comment in the {REACH} lines above: {line.strip()}"
        if traps_count and TRAP.search(code(line)):
            yield f"{file}:{index + 1}: a trap: {line.strip()}"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    problems = []
    for folder, traps_count in [("Sources", True), ("Tests", False), ("Examples", False)]:
        for file in sorted((root / folder).rglob("*.swift")):
            if ".build" not in file.parts:
                problems += problems_in(file, traps_count)
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()
