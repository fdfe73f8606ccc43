#!/usr/bin/python3
"""Every include goes the way of the layer table: a folder includes only from those above it."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = {
    "base": set(),
    "tls": {"base"},
    "seal": {"base"},
    "db": {"base"},
    "blob": {"base"},
    "mime": {"base"},
    "text": {"base"},
    "policy": {"base"},
    "store": {"base", "seal", "db", "blob"},
    "flow": {"base", "tls", "seal", "db", "blob", "mime", "text", "policy", "store"},
    "smtp": {"base", "tls", "flow"},
    "delivery": {"base", "blob", "mime", "text", "store", "flow", "smtp", "tls"},
    "web": {"base", "tls", "text", "mime", "store", "flow"},
    "preview": {"base"},
    "cli": {"base", "tls", "seal", "db", "blob", "mime", "text", "policy", "store", "flow", "smtp", "delivery", "web"},
}
# The client half of SMTP and the wire's syntax stand on base and tls alone, so that they fuzz and test by themselves.
BASE_ONLY = {"smtp/client", "smtp/cut", "smtp/stream", "smtp/syntax", "smtp/data"}
WRITERS = {"flow", "store"}  # who may include store/*_write.h

problems = []
for source in sorted((ROOT / "src").rglob("*.[ch]")):
    folder = source.relative_to(ROOT / "src").parts[0]
    name = f"{folder}/{source.stem}"
    for number, line in enumerate(source.read_text().splitlines(), 1):
        found = re.match(r'#include "([a-z_]+)/([a-z_/]+)\.h"', line)
        if not found or found[1] == "tests":
            continue
        other, header = found[1], found[2]
        place = f"{source.relative_to(ROOT)}:{number}: "
        if other != folder and other not in LAYERS.get(folder, set()):
            problems.append(f"{place}{folder} may not include {other}")
        if header.endswith("_private") and other != folder:
            problems.append(f"{place}{other}/{header}.h is private to its folder")
        if other == "store" and header.endswith("_write") and folder not in WRITERS:
            problems.append(f"{place}only flow changes what is stored")
        if name in BASE_ONLY and other not in ("base", "tls", "smtp"):
            problems.append(f"{place}{name} uses base and tls only")
print("\n".join(problems))
sys.exit(1 if problems else 0)
