"""No line of a document and no row of a table stands twice: two who wrote at once leave that behind."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONG = 40  # bytes from which a line is no chance likeness

problems = []
for document in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]):
    lines, before = set(), None
    for number, line in enumerate(document.read_text().splitlines(), 1):
        row = re.match(r"\|[^|]+\| *[^|]{10}", line)  # its name, and how its text begins
        if (len(line) >= LONG and line in lines) or (row and before and row[0] == before[0]):
            problems.append(f"{document.relative_to(ROOT)}:{number}: stands twice: {line[:60]}")
        lines.add(line)
        before = row
print("\n".join(problems))
sys.exit(1 if problems else 0)
