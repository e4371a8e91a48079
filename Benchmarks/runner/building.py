"""One small package: what it resolves, how long it takes to build, and how large the program is."""
import json, os, re, resource, shutil, subprocess, tempfile, time

from contenders import HERE

FETCHES = 8


class Unreachable(Exception):
    """Its packages cannot be had on this machine."""


class Broken(Exception):
    """It does not build, or does not do what it is there for."""


class Program:
    def __init__(self, folder, is_traced):
        self.folder, self.is_traced = folder, is_traced
        self.scratch = os.path.join(HERE, ".build", "size", folder)

    def _swift(self, *line):
        return subprocess.run(
            ["swift", *line[:1], "--package-path", os.path.join(HERE, "Size", self.folder), "--scratch-path", self.scratch,
             *line[1:]], capture_output=True, text=True)

    def resolve(self):
        """Fetches what is needed: building does not fetch any more. Distinct packages, and how many the program names."""
        run = self._swift("package", "resolve")
        if run.returncode:
            raise Unreachable(error_of(run))
        root = json.loads(self._swift("package", "show-dependencies", "--format", "json").stdout)
        return {"packages": sorted(closure(root)), "direct": len(root["dependencies"])}

    def clean(self):
        """What is built goes; what was fetched stays."""
        self._swift("package", "clean")

    def build(self, *flags):
        """Seconds on the clock and of processor time."""
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        run = self._swift("build", "-c", "release", *flags)
        wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        if run.returncode:
            raise Broken("it does not build: " + error_of(run))
        return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}

    @property
    def _products(self):
        return os.path.join(self.scratch, "release")

    def weigh(self):
        """Bytes of the program and of the shared libraries that it loads; how many targets were compiled for it."""
        path = os.path.join(self._products, self.folder)
        with tempfile.TemporaryDirectory() as folder:
            stripped = shutil.copy(path, folder)
            subprocess.run(["strip", stripped], check=True)
            size = os.path.getsize(stripped)
        return {"targets": compiled_targets(self._products), "built": os.path.getsize(path), "stripped": size,
                "named": needed(path), "libraries": libraries(path)}

    def prove(self, server):
        """It fetches, and what it fetched is in the trace that arrives: a program that does nothing is small as well."""
        server.forget()
        env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
        env["OTEL_EXPORTER_OTLP_ENDPOINT"] = server.url
        run = subprocess.run([os.path.join(self._products, self.folder)] + [f"{server.url}/{i}" for i in range(FETCHES)],
                             env=env, capture_output=True, text=True, timeout=120)
        fault = missing(run.stdout, server.parents, server.spans, self.is_traced)
        if run.returncode or fault:
            raise Broken(f"{fault or 'it failed'}: {(run.stdout + run.stderr)[-300:]}")
        return len(server.spans)


def missing(output, parents, spans, is_traced):
    """What a run should have shown and did not; None: all of it."""
    if output.splitlines() != ["200 3"] * FETCHES:
        return "it printed other answers than were given"
    if len(parents) != FETCHES:
        return f"{len(parents)} requests instead of {FETCHES}"
    if not is_traced:
        return "spans came from a program without tracing" if spans else None
    without = sum(parent not in spans for parent in parents)
    return f"{without} of {FETCHES} requests have no span among the {len(spans)} exported" if without else None


def closure(node):
    """Each package once, whoever asks for it; not the program itself."""
    found = set()
    for child in node["dependencies"]:
        found |= {child["name"]} | closure(child)
    return found


def compiled_targets(products):
    """Folders of object files: one for each Swift or C target, the program's own among them."""
    return sum(entry.name.endswith(".build") and any(name.endswith(".o") for _, _, files in os.walk(entry) for name in files)
               for entry in os.scandir(products))


def needed(path):
    """The libraries that the program itself names, in the order of its header."""
    text = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text)


def libraries(path):
    """All that the loader loads, theirs included: name, and where it is."""
    text = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    return {name: (os.path.realpath(where), os.path.getsize(where))
            for name, where in re.findall(r"^\s*(\S+) => (/\S+)", text, re.M)}


def error_of(run):
    """The first error and what is said about it."""
    found = re.search(r"(?:error|fatal): (.*)", run.stderr + run.stdout, re.S)
    return " ".join(found[1].split())[:300] if found else "no message"
