"""The rows behind a node, where the outside shows them too late or not at all, and locks on them."""

import concurrent.futures
import pathlib
import sqlite3
import struct
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


def execute(node, statements):
    """Changes rows, in one transaction."""
    if node.database.startswith("sqlite:"):
        connection = sqlite3.connect(node.database[len("sqlite:"):], timeout=60)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return
    subprocess.run([PSQL[-1], node.database, "-1qv", "ON_ERROR_STOP=1"], input=";\n".join(statements) + ";\n", check=True,
                   text=True)


def literal(node, value):
    """Bytes as SQL."""
    return f"X'{value.hex()}'" if node.database.startswith("sqlite:") else f"'\\x{value.hex()}'::bytea"


def id_text(digits):
    """An identifier as addresses of pages have it, from its hexadecimal digits."""
    number = int(digits, 16) << 2  # 26 digits of five bits
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[number >> at & 31] for at in range(125, -1, -5))


def columns(node, table):
    if node.database.startswith("sqlite:"):
        return [row[1] for row in query(node, f"pragma table_info({table})")]
    return [row[0] for row in query(node, f"select column_name from information_schema.columns where table_name = '{table}'")]


class _HeldPostgres:
    """A transaction that holds what `sql` locks until release()."""

    def __init__(self, node, sql):
        self.node = node
        self.session = subprocess.Popen([PSQL[-1], node.database, "-At"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.session.stdin.write(f"begin;\n{sql};\nselect 'held';\n")
        self.session.stdin.flush()
        while self.session.stdout.readline().strip() != "held":
            assert self.session.poll() is None

    def waiting(self):
        # The node's own housekeeping comes to copies that were read, and is none of those who race.
        return int(query(self.node, "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                         " and query not like 'UPDATE copy SET receipt_at%'")[0][0])

    def release(self):
        self.session.stdin.write("commit;\n")
        self.session.stdin.close()
        self.session.wait(timeout=30)
        self.session.stdout.close()


class _HeldSqlite:
    """The same of SQLite, where every change waits for whoever writes."""

    def __init__(self, node, _sql):
        self.works = node.works
        self.connection = sqlite3.connect(node.database[len("sqlite:"):], timeout=60, isolation_level=None,
                                          check_same_thread=False)
        self.connection.execute("begin immediate")

    def waiting(self):
        return struct.unpack("=q", self.works.read_bytes())[0]

    def release(self):
        self.connection.execute("rollback")
        self.connection.close()


class Held:
    """Rows that nobody but us may change until release()."""

    def __init__(self, node, sql):
        self.held = (_HeldSqlite if node.database.startswith("sqlite:") else _HeldPostgres)(node, sql)

    def wait_for_waiting(self, count=1):
        """Until that many of the node's transactions wait."""
        wait.until(lambda: self.held.waiting() >= count, f"{count} transaction(s) that wait", 8)

    def release(self):
        self.held.release()


def deadlocks(node):
    """How often the server had to end one of several transactions that waited for each other."""
    if node.database.startswith("sqlite:"):
        return 0
    log = pathlib.Path(query(node, "show data_directory")[0][0]).parent / "log"
    return log.read_text().count("deadlock detected")


def strays(node):
    """Copies in a mailbox that is none of whom their address signs in as, and folders that are counted wrong."""
    return query(node, "select p.address from copy c join person p on p.id = c.person_id"
                       " where c.folder <> 0 and c.mailbox_id <> coalesce(p.main_id, p.id)") + query(
        node, "select p.address, f.folder from folder_count f join person p on p.id = f.person_id"
              " where f.total <> (select count(*) from copy c where c.mailbox_id = p.id and c.folder = f.folder)"
              " or f.unread <> (select count(*) from copy c where c.mailbox_id = p.id and c.folder = f.folder"
              " and c.unread = 1)")


def race(node, sql, *actions):
    """What each action gave, when all have read what they read before one of them changes the rows that `sql` locks.
    They come to the rows, and go on from there, in their order."""
    held = Held(node, sql)
    with concurrent.futures.ThreadPoolExecutor(len(actions)) as pool:
        try:
            running = []
            for action in actions:
                running.append(pool.submit(action))
                held.wait_for_waiting(len(running))
        finally:
            held.release()
        return [r.result() for r in running]
