"""Every import in Sources/ is in the table of the architecture. What is not listed is not allowed.

usage: check_imports.py [ROOT]
"""

import re
import sys
from pathlib import Path

# Packages, by the name the table uses, and the modules they come as.
PACKAGES = {
    "collections": {"DequeModule", "HeapModule", "OrderedCollections", "BasicContainers", "BitCollections"},
    "HTTPTypes": {"HTTPTypes"},
    "Tracing": {"Tracing", "Instrumentation", "ServiceContextModule"},
    "Logging": {"Logging"},
    "CoreMetrics": {"CoreMetrics"},
    "ServiceLifecycle": {"ServiceLifecycle", "UnixSignals"},
    "Configuration": {"Configuration"},
    "FlyingFox": {"FlyingFox", "FlyingSocks"},
}

# Who may import what. The arrows point one way; the C bridges have one importer each.
FACE = {
    "ContrailBase", "ContrailCore", "ContrailCurl", "ContrailTelemetry", "ContrailOTLP",
    "HTTPTypes", "Tracing", "Logging", "CoreMetrics", "ServiceLifecycle", "Configuration",
}  # fmt: skip
ALLOWED = {
    "ContrailBase": set(),
    "ContrailCore": {"ContrailBase", "HTTPTypes", "collections"},
    "ContrailCurl": {"ContrailBase", "ContrailCore", "CContrailCurlShim", "HTTPTypes"},
    "ContrailTelemetry": {"ContrailBase", "Tracing", "Logging", "CoreMetrics", "collections"},
    "ContrailOTLP": {"ContrailBase", "ContrailCore", "ContrailTelemetry", "CContrailOTLP", "CContrailZlib", "HTTPTypes"},
    "Contrail": FACE,
    "ContrailTesting": FACE | {"Contrail", "FlyingFox"},
}

# The toolchain's own modules are free to use.
TOOLCHAIN = {
    "Swift", "Synchronization", "Foundation", "FoundationEssentials", "FoundationInternationalization", "Dispatch",
    "Glibc", "Musl", "Darwin", "Android",
}  # fmt: skip

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)"
)


def imports(file):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        match = IMPORT.match(line)
        if match:
            yield number, match.group(1)


def modules(names):
    return set().union(*(PACKAGES.get(name, {name}) for name in names))


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    problems = []
    for file in sorted((root / "Sources").rglob("*.swift")):
        module = file.relative_to(root / "Sources").parts[0]
        if module not in ALLOWED:
            problems.append(f"{file}: module {module} is not in the table of allowed imports")
            continue
        allowed = modules(ALLOWED[module]) | TOOLCHAIN
        problems += [
            f"{file}:{number}: {module} must not import {name}" for number, name in imports(file) if name not in allowed
        ]
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()
