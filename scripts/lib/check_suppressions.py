"""No line of a sanitizer's suppression file may match a frame of ours: it would hide our own faults.

usage: check_suppressions.py BINARY FILE…      BINARY is the test bundle whose symbols are the possible frames
"""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path

OURS = re.compile(r"^(_?\$s\d+Contrail|contrail_)")


def our_frames(binary):
    """The mangled and demangled names of our functions, and our source files: what a sanitizer compares with."""
    symbols = subprocess.run(["nm", "--defined-only", "--format=just-symbols", binary], capture_output=True, text=True)
    mangled = [name for name in symbols.stdout.splitlines() if OURS.match(name)]
    demangled = subprocess.run(
        ["swift", "demangle", "--compact"], input="\n".join(mangled), capture_output=True, text=True
    ).stdout.splitlines()
    sources = [str(path) for path in Path("Sources").rglob("*") if path.suffix in {".swift", ".c", ".h"}]
    return mangled + demangled + sources + [Path(binary).name]


def patterns(file):
    for number, line in enumerate(Path(file).read_text().splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.partition(":")[2].strip()


def as_glob(pattern):
    """A sanitizer's pattern matches anywhere unless it is anchored with ^ or $."""
    start, end = pattern.startswith("^"), pattern.endswith("$")
    core = pattern[start : len(pattern) - end].replace("[", "[[]").replace("?", "[?]")
    return ("" if start else "*") + core + ("" if end else "*")


def main():
    binary, files = sys.argv[1], sys.argv[2:]
    frames = our_frames(binary)
    if not any(OURS.match(frame) for frame in frames):
        sys.exit(f"{binary}: none of our symbols found")
    bad = 0
    for file in files:
        for number, pattern in patterns(file):
            hit = next((frame for frame in frames if fnmatch.fnmatchcase(frame, as_glob(pattern))), None)
            if hit:
                print(f"{file}:{number}: '{pattern}' matches a frame of ours: {hit}")
                bad += 1
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
