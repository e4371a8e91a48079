"""Fails if a request costs more than is recorded: instructions, allocations and system calls of Contrail untraced and traced.
Nothing here looks at a clock: the figures are the same on a busy machine.

    check_costs.py PROGRAM             PROGRAM: a release build of CostProgram; needs nginx, valgrind, strace, a C compiler
    check_costs.py PROGRAM --record    writes what it finds to the baselines instead; commit that with the reason

A figure may exceed its baseline by the tolerance in the file. What exceeds it is counted again, as a thread that is held up
at the wrong moment costs some more: the least of three counts. Then costs are planted, which must be found."""
import json, os, re, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "Benchmarks", "runner")]
from request_costs import Counter
from servers import Servers

BASELINES = os.path.join(ROOT, "Tests", "Baselines", "request_costs.json")
# So many more that their spans, two each, are whole batches of 512.
REQUESTS = (512, 1_536)
PLANTED = 30
MEASURES = {"instructions": Counter.instructions, "allocations": Counter.allocations, "system calls": Counter.system_calls}


def toolchain():
    """What the figures depend on besides our code."""
    swift = re.search(r"Swift version (\S+)", subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout)
    curl = subprocess.run(["pkg-config", "--modversion", "libcurl"], capture_output=True, text=True).stdout.strip()
    libc = os.confstr("CS_GNU_LIBC_VERSION")
    return f"Swift {swift[1] if swift else '?'}, libcurl {curl}, {libc}, {os.uname().machine}"


class Gate:
    def __init__(self, program, servers, counter):
        self.program, self.servers, self.counter = program, servers, counter

    def count(self, mode, measure, planted=0):
        env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
        env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": self.servers.sink, "COST_PLANTED": str(planted)}
        url = self.servers.url("plain", "/")
        return MEASURES[measure](self.counter, lambda n: [self.program, url, str(n), "1", mode], REQUESTS, env)

    def exceeds(self, mode, measure, limit):
        """The least of up to three counts, and whether that is too much."""
        least = min_until(limit, (self.count(mode, measure) for _ in range(3)))
        return least, least > limit


def min_until(limit, counts):
    least = float("inf")
    for count in counts:
        least = min(least, count)
        if least <= limit:
            break
    return least


def check(gate, recorded):
    failures = 0
    for mode, figures in recorded["figures"].items():
        for measure, baseline in figures.items():
            limit = baseline * (1 + recorded["tolerance"][measure])
            count, is_over = gate.exceeds(mode, measure, limit)
            verdict = "TOO MUCH" if is_over else "ok"
            if count < baseline * (1 - recorded["tolerance"][measure]):
                verdict = "ok; less than recorded: record it"
            print(f"{mode:9} {measure:13} {count:12,.1f} per request; recorded {baseline:,.1f}, at most {limit:,.1f}: {verdict}")
            failures += is_over
    return failures


def find_planted(gate, recorded):
    """A gate that lets everything through would look the same."""
    failures = 0
    for measure, baseline in recorded["figures"]["untraced"].items():
        limit = baseline * (1 + recorded["tolerance"][measure])
        count = gate.count("untraced", measure, PLANTED)
        is_found = count > limit
        print(f"planted   {measure:13} {count:12,.1f} per request: {'found' if is_found else 'NOT FOUND'}")
        failures += not is_found
    return failures


def record(gate):
    figures = {mode: {measure: round(min(gate.count(mode, measure) for _ in range(3)), 1) for measure in MEASURES}
               for mode in ("untraced", "traced")}
    with open(BASELINES) as f:
        old = json.load(f)
    new = {"toolchain": toolchain(), "tolerance": old["tolerance"], "figures": figures}
    with open(BASELINES, "w") as f:
        json.dump(new, f, indent=2)
        f.write("\n")
    print(json.dumps(new, indent=2))


def main():
    program = os.path.abspath(sys.argv[1])
    servers = Servers()
    try:
        gate = Gate(program, servers, Counter())
        if "--record" in sys.argv[2:]:
            return record(gate)
        with open(BASELINES) as f:
            recorded = json.load(f)
        if recorded["toolchain"] != toolchain():
            # Another compiler or libcurl costs something else: that is no fault of a change.
            print(f"recorded with {recorded['toolchain']}; here: {toolchain()}. Not compared; only what is planted is looked for.")
            recorded["figures"] = {mode: {m: gate.count(mode, m) for m in MEASURES} for mode in recorded["figures"]}
        else:
            if check(gate, recorded):
                return 1
        return 1 if find_planted(gate, recorded) else 0
    finally:
        servers.stop()


sys.exit(main())
