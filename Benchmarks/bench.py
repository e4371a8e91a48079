#!/usr/bin/env python3
"""Runs all contenders interleaved against one nginx and prints their figures as ratios. See scripts/bench."""
import argparse, json, os, statistics, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "runner"))
import counting, micro, size, waiting
from contenders import CONTENDERS, FLOOR, NOTES, WORKLOADS, absence, run_once, takes_part
from servers import Servers


def spans_note(runs):
    """What was dropped makes tracing cheap: it must be seen."""
    if "spans" not in runs[0]:
        return ""
    ended, acknowledged = (sum(run[name] for run in runs) for name in ("spans", "acknowledged"))
    if not ended:
        return "NO SPANS"
    lost = ended - acknowledged
    return f"{ended:.0f} spans, all acknowledged" if not lost else f"DROPS {lost:.0f} of {ended:.0f} spans"


def row(contender, runs, base):
    def median(figure):
        return statistics.median(run[figure] for run in runs)

    def ratios(figure):
        return [run[figure] / max(floor[figure], 1e-9) for run, floor in zip(runs, base)]

    cpu, speed = ratios("cpu_us"), ratios("per_second")
    latencies = "".join(f"{median(name):9.0f}" if median(name) else f"{'–':>9}" for name in ("p50_us", "p99_us", "p999_us"))
    return (f"{contender:28}{median('cpu_us'):9.1f}{statistics.median(cpu):7.2f}{f'({min(cpu):.2f}–{max(cpu):.2f})':>15}"
            f"{median('per_second'):10.0f}{statistics.median(speed):7.2f}{latencies}{median('peak_kb') / 1024:6.0f}"
            f"  {spans_note(runs)}").rstrip()


def table(workload, rounds):
    kind, server, path, _, concurrency = WORKLOADS[workload]
    print(f"\n{workload}: {kind} {path} ({server}), {concurrency} at a time; medians of {len(rounds[FLOOR])} interleaved rounds; × is "
          f"the median of the rounds' ratios to the C floor, with the spread")
    print(f"{'':28}{'CPU µs':>9}{'×':>7}{'(min–max)':>15}{'req/s':>10}{'×':>7}{'p50 µs':>9}{'p99 µs':>9}{'p99.9':>9}{'MB':>6}")
    for contender, runs in rounds.items():
        print(row(contender, runs, rounds[FLOOR]))
    for contender in CONTENDERS:
        if absence(contender, workload):
            print(f"{contender:28}{'–':>9}  {absence(contender, workload)}")
    if workload in NOTES:
        print(NOTES[workload])
    sys.stdout.flush()


def slope(raw):
    """A cost that grows with what is under way, beyond libcurl's own."""
    if not {"get-64", "get-512"} <= set(raw):
        return
    print("\nCPU per request at 512 under way to that at 64")
    for contender in raw["get-64"]:
        few, many = ([run["cpu_us"] for run in raw[name][contender]] for name in ("get-64", "get-512"))
        print(f"{contender:28}{statistics.median(many) / statistics.median(few):7.2f}")


def measure(options, servers, core):
    raw = {}
    try:
        for workload in options.workload or list(WORKLOADS):
            contenders = [name for name in options.contender if takes_part(name, workload) and not absence(name, workload)]
            rounds = raw[workload] = {contender: [] for contender in contenders}
            for _ in range(options.rounds):
                for contender in contenders:
                    rounds[contender].append(run_once(contender, workload, servers, options, core))
            table(workload, rounds)
        slope(raw)
    finally:
        if options.json:
            with open(options.json, "w") as f:
                json.dump(raw, f, indent=1)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--build", help="folder of the release build; for all but --size")
    parser.add_argument("--inside", help="folder of Contrail's own release build; for --micro")
    parser.add_argument("--python", default=sys.executable, help="a Python with aiohttp and OpenTelemetry")
    parser.add_argument("--rounds", type=int, help="7; with --size 3, as each of them builds everything")
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of requests")
    parser.add_argument("--workload", action="append", choices=list(WORKLOADS))
    parser.add_argument("--contender", action="append", choices=[*CONTENDERS, *size.PROGRAMS])
    parser.add_argument("--json", help="file for the raw figures")
    parser.add_argument("--count", action="store_true",
                        help="instead: instructions, allocations and system calls per request")
    parser.add_argument("--micro", action="store_true", help="instead: what single steps cost")
    parser.add_argument("--waiting", action="store_true",
                        help="instead: memory of queued requests, and what an idle client does")
    parser.add_argument("--size", action="store_true",
                        help="instead: packages, build time and size of a program; takes most of an hour")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.size else 7)
    if options.size:
        sys.exit(0 if size.run(options) else 1)
    options.contender = [name for name in CONTENDERS if name == FLOOR or name in (options.contender or CONTENDERS)]
    if options.micro:
        return micro.run(options)
    cores = sorted(os.sched_getaffinity(0))
    client, server = (cores[0], cores[-1]) if len(cores) > 1 else (None, None)
    servers = Servers(server)
    try:
        if options.count:
            counting.run(options, servers)
        elif options.waiting:
            waiting.run(options, servers)
        else:
            measure(options, servers, client)
    finally:
        servers.stop()


main()
