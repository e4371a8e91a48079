"""Every message, field and enumerator of proto/ against the tables of the specification.

usage: check_proto.py PROTO_DIRECTORY TABLE_DIRECTORY

Says how much was compared, and ends with status 1 if anything differs.
"""

import re
import sys
from pathlib import Path

TOKEN = re.compile(r"//[^\n]*|\"[^\"]*\"|[A-Za-z_][\w.]*|0x[0-9A-Fa-f]+|-?\d+|[{}\[\]();=,]")
SCALARS = {
    "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32",
    "sfixed64", "bool", "string", "bytes",
}  # fmt: skip


class File:
    """A .proto file, as far as ours use the language."""

    def __init__(self, path, name):
        self.name = name
        self.tokens = [token for token in TOKEN.findall(path.read_text()) if not token.startswith("//")]
        self.position = 0
        self.package = ""
        self.fields = []
        self.values = []
        while self.position < len(self.tokens):
            word = self.take()
            if word == "package":
                self.package = self.take()
            elif word == "message":
                self.message(self.take())
            elif word == "enum":
                self.enum(self.take())
            elif word in ("syntax", "import", "option"):
                while self.take() != ";":
                    pass

    def take(self, wanted=None):
        token = self.tokens[self.position]
        self.position += 1
        if wanted and token != wanted:
            raise SystemExit(f"{self.name}: {wanted} expected, {token} found")
        return token

    def message(self, name):
        self.take("{")
        while (word := self.take()) != "}":
            if word == "message":
                self.message(f"{name}.{self.take()}")
            elif word == "enum":
                self.enum(f"{name}.{self.take()}")
            elif word == "oneof":
                self.oneof(name, self.take())
            elif word == "reserved":
                while (token := self.take()) != ";":
                    if token != ",":
                        self.fields.append((name, "(reserved)", int(token), "-", "-", ""))
            elif word != ";":
                self.field(name, word, "")

    def oneof(self, message, oneof):
        self.take("{")
        first = len(self.fields)
        while (word := self.take()) != "}":
            if word != ";":
                self.field(message, word, oneof)
        # One member called after its field: how an optional scalar is written here.
        members = self.fields[first:]
        if len(members) == 1 and oneof == f"optional_{members[0][1]}":
            name, field, number, _, kind, _ = members[0]
            self.fields[first:] = [(name, field, number, "optional", kind, "")]

    def field(self, message, word, oneof):
        presence = "singular"
        if word == "repeated":
            presence, word = word, self.take()
        name = self.take()
        self.take("=")
        number = int(self.take())
        options = []
        while (token := self.take()) != ";":
            options.append(token)
        is_sized = "".join(options) == "[(pb_c_field).string_as_bytes=true]" or "string_as_bytes" in "".join(options)
        if (word == "string") != is_sized:
            raise SystemExit(f"{self.name}: {message}.{name}: strings, and only they, have string_as_bytes")
        self.fields.append((message, name, number, presence, word, oneof))

    def enum(self, name):
        self.take("{")
        while (word := self.take()) != "}":
            self.take("=")
            self.values.append((name, word, int(self.take(), 0)))
            self.take(";")


def resolve(kind, message, package, names):
    """The full name of a type, by the language's rule: from the innermost scope outwards."""
    if kind in SCALARS or kind == "-":
        return kind
    scope = f"{package}.{message}".split(".")
    while True:
        candidate = ".".join(scope + [kind])
        if candidate in names:
            return candidate
        if not scope:
            return f"unknown type {kind}"
        scope.pop()


def ours(root):
    files = [File(path, path.relative_to(root).as_posix()) for path in sorted(root.rglob("*.proto"))]
    names = {f"{f.package}.{row[0]}" for f in files for row in f.fields + f.values}
    fields, values = set(), set()
    for f in files:
        for message, name, number, presence, kind, oneof in f.fields:
            kind = resolve(kind, message, f.package, names)
            fields.add((f.name, f.package, message, name, str(number), presence, kind, oneof))
        values |= {(f.name, f.package, enum, name, str(number)) for enum, name, number in f.values}
    return fields, values


def table(path):
    width = len(path.read_text().splitlines()[0].split("\t"))
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    return {tuple(row + [""] * (width - len(row))) for row in rows}


# google.rpc.Status and what it contains are not in the tables.
RPC = {
    ("Status", "code", "1", "singular", "int32"),
    ("Status", "message", "2", "singular", "string"),
    ("Status", "details", "3", "repeated", "google.rpc.Any"),
    ("Any", "type_url", "1", "singular", "string"),
    ("Any", "value", "2", "singular", "bytes"),
}


def main(proto, tables):
    fields, values = ours(Path(proto))
    wanted_fields = table(Path(tables) / "otlp-fields.tsv")
    wanted_fields |= {("google/rpc/status.proto", "google.rpc", *row, "") for row in RPC}
    wanted_values = table(Path(tables) / "otlp-enums.tsv")
    bad = 0
    for wanted, found in [(wanted_fields, fields), (wanted_values, values)]:
        for row in sorted(wanted - found):
            print("missing:", *row)
        for row in sorted(found - wanted):
            print("not in the tables:", *row)
        bad += len(wanted ^ found)
    print(f"{len(wanted_fields)} fields and {len(wanted_values)} enumerators compared, {bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
