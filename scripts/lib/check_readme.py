#!/usr/bin/env python3
"""The README's first program is the one that the tests compile: the same lines, in the same order."""
import re
import sys

README, PROGRAM = "README.md", "Tests/Programs/ReadmeProgram/Checkout.swift"


def main():
    shown = re.search(r"```swift\n(.*?)```", open(README, encoding="utf-8").read(), re.S)
    if not shown:
        sys.exit(f"{README}: no Swift program")
    if shown.group(1).strip() not in open(PROGRAM, encoding="utf-8").read():
        sys.exit(f"{README}: the first program is not the one in {PROGRAM}")


main()
