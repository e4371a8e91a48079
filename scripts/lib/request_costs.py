"""What one request costs a program: instructions, allocations, system calls. None of them depends on the clock.

Each is counted for two runs of different length: the difference, divided by the requests that one had more, leaves out what
starting and ending cost."""
import os, re, subprocess, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Counter:
    """Counts in a folder of its own. A command is a function from the number of requests to a list of arguments."""

    def __init__(self, folder=None):
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="contrail-count-")
        self.folder = folder or self._own.name
        self._stripped = {}

    def instructions(self, command, counts, env=None):
        """User instructions, by callgrind."""
        return self._difference(command, counts, lambda line: self._callgrind(line, env))

    def allocations(self, command, counts, env=None):
        """Calls of malloc and its like."""
        return self._difference(command, counts, lambda line: self._preloaded(line, env))

    def system_calls(self, command, counts, env=None):
        """System calls of all threads, by strace."""
        return self._difference(command, counts, lambda line: self._strace(line, env))

    def _difference(self, command, counts, measure):
        few, many = counts
        return (measure(command(many)) - measure(command(few))) / (many - few)

    def _callgrind(self, line, env):
        line = [self._without_debug_info(line[0])] + line[1:]
        preload = self._library("writable_sigsuspend")
        run = self._run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"] + line,
                        dict(env or os.environ, LD_PRELOAD=preload))
        # Not at a line's start: valgrind complains about what it cannot read in the middle of lines.
        return int(re.findall(r"Collected : (\d+)", run.stderr)[-1])

    def _preloaded(self, line, env):
        report = os.path.join(self.folder, "allocations")
        self._run(line, dict(env or os.environ, LD_PRELOAD=self._library("count_allocations"), COUNT_FILE=report))
        with open(report) as f:
            return int(f.read().split()[0])

    def _strace(self, line, env):
        report = os.path.join(self.folder, "strace")
        self._run(["strace", "-f", "-c", "-o", report] + line, env)
        with open(report) as f:
            total = f.read().strip().splitlines()[-1].split()
        # "100.00 seconds usecs/call calls [errors] total"
        return int(total[3])

    def _run(self, line, env):
        run = subprocess.run(line, env=env, capture_output=True, text=True, timeout=600)
        if run.returncode != 0:
            raise RuntimeError(f"{' '.join(line)} ended with {run.returncode}: {run.stderr[-800:]}")
        return run

    def _without_debug_info(self, program):
        """Valgrind 3.19 gives up on what Swift's compiler writes there. Names of functions stay."""
        # An environment's Python: a copy elsewhere would not find the environment's packages.
        if os.path.islink(program):
            return program
        if program not in self._stripped:
            copy = os.path.join(self.folder, os.path.basename(program))
            subprocess.run(["objcopy", "--strip-debug", program, copy], check=True)
            self._stripped[program] = copy
        return self._stripped[program]

    def _library(self, name):
        path = os.path.join(self.folder, f"{name}.so")
        if not os.path.exists(path):
            source = os.path.join(HERE, f"{name}.c")
            subprocess.run(["cc", "-O2", "-fPIC", "-shared", source, "-o", path], check=True)
        return path
