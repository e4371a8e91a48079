"""What single steps cost: rounds of the Swift program and of the Python one in turn, medians."""
import json, os, statistics, subprocess, sys

from contenders import HERE
from servers import pinned


def run(options):
    cores = sorted(os.sched_getaffinity(0))
    core = cores[0] if len(cores) > 1 else None
    programs = [[os.path.join(options.inside, "MicroProgram")], [os.path.join(options.build, "bench-micro")],
                [options.python, os.path.join(HERE, "Contenders", "opentelemetry_encoder.py")]]
    rounds = {}
    for _ in range(options.rounds):
        for program in programs:
            # Every thread on one core: what another thread does is a part of the price.
            run = subprocess.run(pinned(core) + program, capture_output=True, text=True, timeout=300)
            if run.returncode != 0:
                raise SystemExit(f"{program[-1]}: {run.stderr[-800:]}")
            for name, value in json.loads(run.stdout.strip().splitlines()[-1]).items():
                rounds.setdefault(name, []).append(value)
    if len(set(rounds.pop("encoded bytes"))) != 1:
        raise SystemExit("SwiftProtobuf was not given the same message")
    print(f"\nCPU nanoseconds, medians of {options.rounds} rounds; encoding and gzip: per span of 10 attributes and 4 events, "
          f"in batches of 512")
    for name, values in rounds.items():
        print(f"{name:48}{statistics.median(values):12,.0f}{f'({min(values):,.0f}–{max(values):,.0f})':>22}")
    compare(rounds)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(rounds, f, indent=1)


def compare(rounds):
    ours = rounds["encode, libprotobuf-c"]
    print(f"\nlibprotobuf-c: {1e9 / statistics.median(ours):,.0f} spans per second and core")
    for name, values in rounds.items():
        if name.startswith("encode") and values is not ours:
            ratios = [a / b for a, b in zip(values, ours)]
            print(f"its rate to that of “{name}”: {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})")
