"""The rows behind a node, where the outside shows them too late or not at all, and locks on them."""

import pathlib
import sqlite3
import subprocess

from . import wait

PSQL = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql"))


def query(node, sql):
    """The rows of a statement, as tuples of texts."""
    if node.database.startswith("sqlite:"):
        with sqlite3.connect(node.database[len("sqlite:"):], timeout=60) as connection:
            found = connection.execute(sql).fetchall()
        connection.close()
        return [tuple("" if v is None else str(v) for v in row) for row in found]
    out = subprocess.run([PSQL[-1], node.database, "-Atc", sql], check=True, capture_output=True, text=True).stdout
    return [tuple(line.split("|")) for line in out.splitlines()]


class Held:
    """A PostgreSQL transaction that holds what `sql` locks until release()."""

    def __init__(self, node, sql):
        self.node = node
        self.session = subprocess.Popen([PSQL[-1], node.database, "-At"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.session.stdin.write(f"begin;\n{sql};\nselect 'held';\n")
        self.session.stdin.flush()
        while self.session.stdout.readline().strip() != "held":
            assert self.session.poll() is None

    def wait_for_waiting(self, count=1):
        """Until that many of the node's transactions wait for a lock."""
        sql = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        wait.until(lambda: int(query(self.node, sql)[0][0]) >= count, f"{count} transaction(s) that wait for a lock")

    def release(self):
        self.session.stdin.write("commit;\n")
        self.session.stdin.close()
        self.session.wait(timeout=30)
        self.session.stdout.close()
