"""What one request costs beyond time: instructions, allocations, system calls. None of them depends on how busy the machine is."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "lib"))
from contenders import CONTENDERS, WORKLOADS, absence, command, environment, takes_part
from request_costs import Counter

# Requests of the shorter and of the longer run. The warm-up is the same in both.
REQUESTS = (1_536, 3_584)


def run(options, servers):
    counter = Counter()
    for workload in options.workload or ["get-1", "get-64"]:
        print(f"\n{workload}: per request, from runs of {REQUESTS[0]} and {REQUESTS[1]} requests")
        print(f"{'':28}{'instructions':>14}{'allocations':>14}{'system calls':>14}")
        for contender in options.contender:
            if takes_part(contender, workload) and not absence(contender, workload):
                print(row(contender, workload, servers, options, counter))
                sys.stdout.flush()
    print("Allocations of aiohttp: with Python's own allocator off (PYTHONMALLOC=malloc), else they are not seen.\n"
          "Instructions: those in user mode, by callgrind; –: valgrind cannot run it.")


def row(contender, workload, servers, options, counter):
    kind, server, path, _, concurrency = WORKLOADS[workload]
    program, option = command(contender, options)
    env = environment(contender, servers, server)

    def line(count):
        return program + [kind, servers.url(server, path), str(count), str(concurrency)] + ([option] if option else [])

    is_python = program[-1].endswith(".py")
    figures = [
        attempt(lambda: counter.instructions(line, REQUESTS, env)),
        attempt(lambda: counter.allocations(line, REQUESTS, dict(env, PYTHONMALLOC="malloc") if is_python else env)),
        attempt(lambda: counter.system_calls(line, REQUESTS, env)),
    ]
    return f"{contender:28}" + "".join(f"{'–':>14}" if f is None else f"{f:14,.1f}" for f in figures)


def attempt(measure):
    try:
        return measure()
    except (RuntimeError, OSError, IndexError) as problem:
        print(f"  {problem}", file=sys.stderr)
        return None
