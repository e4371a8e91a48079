"""What depending on somebody costs before the first request: packages to fetch, time to build, bytes to ship."""
import json, statistics, sys

from building import Broken, Program, Unreachable
from collecting import Collecting

OURS, THEIRS = "Contrail", "async-http-client + swift-otel"
# Name: folder in Size, and whether it exports spans.
PROGRAMS = {
    OURS: ("size-contrail", True),
    THEIRS: ("size-swift-otel", True),
    "async-http-client, untraced": ("size-async-http-client", False),
}
STATIC = "--static-swift-stdlib"
BYTES = {
    "MB built": lambda one: one["built"] / 1e6,
    "stripped": lambda one: one["stripped"] / 1e6,
    "libraries": lambda one: len(one["libraries"]),
    "their MB": lambda one: libraries_mb(one),
    "all MB": lambda one: one["stripped"] / 1e6 + libraries_mb(one),
}
COLUMNS = {
    "packages": lambda one: len(one["packages"]),
    "targets": lambda one: one["targets"],
    "wall s": lambda one: statistics.median(round["wall"] for round in one["rounds"]),
    "CPU s": lambda one: statistics.median(round["cpu"] for round in one["rounds"]),
    **BYTES,
}


def run(options):
    """True: all that can be had here was measured."""
    comparison = Comparison([name for name in PROGRAMS if name in (options.contender or PROGRAMS)])
    comparison.each(resolve)
    for _ in range(options.rounds):
        comparison.each(build)
    print(f"\nOne program that fetches URLs and exports their spans, written as each one's users write it. Release builds from "
          f"clean, fetching not counted; interleaved rounds: {options.rounds}, medians. MB: a million bytes; all: what is "
          f"stripped, and the libraries it loads")
    comparison.table(COLUMNS, lambda one: one)
    for name, one in comparison.found.items():
        note(name, one)
    comparison.each(build_static)
    print(f"\nWith {STATIC}")
    comparison.table(BYTES, lambda one: one["static"])
    if options.json:
        comparison.save(options.json)
    return all(isinstance(fault, Unreachable) for fault in comparison.faults.values())


class Comparison:
    """Who has a fault takes no further part; the others go on."""

    def __init__(self, names):
        self.programs = {name: Program(*PROGRAMS[name]) for name in names}
        self.found, self.faults, self.server = {name: {"rounds": []} for name in names}, {}, Collecting()

    def each(self, step):
        for name, one in list(self.found.items()):
            print(f"  {step.__name__}: {name}", file=sys.stderr)
            try:
                step(self.programs[name], one, self.server)
            except (Unreachable, Broken) as fault:
                self.faults[name] = fault
                del self.found[name]

    def table(self, columns, part):
        print(f"{'':44}" + "".join(f"{name:>11}" for name in columns))
        parts = {name: part(one) for name, one in self.found.items()}
        for name in self.programs:
            cells = "".join(shown(read(parts[name])) for read in columns.values()) if name in parts else reason(self.faults[name])
            print(f"{name:44}{cells}")
        for name in parts:
            if OURS in parts and name != OURS:
                ratios = (read(parts[OURS]) / read(parts[name]) for read in columns.values())
                print(f"{f'Contrail to {name}':44}" + "".join(f"{one:11.2f}" for one in ratios))
        sys.stdout.flush()

    def save(self, path):
        with open(path, "w") as f:
            json.dump({"measured": self.found, "not measured": {name: str(fault) for name, fault in self.faults.items()}}, f,
                      indent=1)


def resolve(program, one, _):
    one.update(program.resolve())


def build(program, one, server):
    program.clean()
    one["rounds"].append(program.build())
    one.update(program.weigh(), spans=program.prove(server))


# Not timed, so not from clean.
def build_static(program, one, server):
    program.build(STATIC)
    one["static"] = dict(program.weigh(), spans=program.prove(server))


def libraries_mb(one):
    return sum(size for _, size in one["libraries"].values()) / 1e6


def reason(fault):
    return f"  NOT MEASURED: {'its packages cannot be fetched here: ' if isinstance(fault, Unreachable) else ''}{fault}"


def shown(value):
    return f"{value:11d}" if isinstance(value, int) else f"{value:11.1f}"


def note(name, one):
    print(f"\n{name}: {one['direct']} packages named, for {', '.join(one['packages'])}; {one['spans']} spans in its run")
    swift = {library for library, (path, _) in one["libraries"].items() if "/swift/" in path}
    others = {library: size for library, (_, size) in one["libraries"].items() if library not in swift}
    named = (f"{library} ({others[library] / 1e3:,.0f} kB)" for library in one["named"] if library in others)
    print(f"  {spread(one, 'wall')}, {spread(one, 'cpu')}; {len(swift)} libraries of Swift, {len(others)} of the system of "
          f"{sum(others.values()) / 1e6:.1f} MB; of those it names itself {', '.join(named)}")


def spread(one, key):
    values = [round[key] for round in one["rounds"]]
    return f"{key} {min(values):.1f}–{max(values):.1f} s"
