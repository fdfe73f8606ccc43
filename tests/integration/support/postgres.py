"""A PostgreSQL server of the tests' own, on a free port of 127.0.0.1."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

from . import wait


def _binaries():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


servers = []


def server_of(url):
    """The running server of this process that a database's URL names; None for SQLite."""
    return next((server for server in servers if url.startswith(server.url(""))), None)


class Postgres:
    """Started once for a test run, when not one test's own; each test gets a database of its own. What it wrote need not
    survive the machine: no test ends that."""

    def __init__(self, is_one_tests=False):
        self.bin = _binaries()
        assert self.bin, "PostgreSQL is not installed"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-pg-"))
        self.data = self.folder / "data"
        self.port = wait.free_port()
        self.count = 0
        self.is_one_tests = is_one_tests
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "sealpost", "--auth=trust", "-E", "UTF8",
                  "--locale=C.UTF-8")
        self.process = None
        self.start()
        servers.append(self)

    def _as_postgres(self, *command):
        words = [str(w) for w in command]
        return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else words

    def _run(self, name, *arguments):
        subprocess.run(self._as_postgres(self.bin / name, *arguments), check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def start(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            self._as_postgres(self.bin / "postgres", "-D", self.data, "-k", self.folder, "-p", self.port,
                              "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                              "-c", "max_connections=200", "-c", "wal_recycle=off"),
            stdout=log, stderr=log, cwd=self.folder)
        ready = self._as_postgres(self.bin / "pg_isready", "-h", "127.0.0.1", "-p", self.port)
        wait.until(lambda: subprocess.run(ready, stdout=subprocess.DEVNULL).returncode == 0,
                   "PostgreSQL to start")

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split("\n")[0])

    def stop(self):
        os.kill(self.pid(), signal.SIGINT)  # a fast shutdown
        self.process.wait(timeout=30)

    def url(self, database):
        return f"postgresql://sealpost@127.0.0.1:{self.port}/{database}"

    def new_url(self):
        """The URL of a database yet to be created."""
        self.count += 1
        return self.url(f"sealpost_{self.count}")

    def create(self, url, template="template1"):
        self._run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "sealpost", "-T", template, url.rsplit("/", 1)[1])

    def drop(self, url):
        """Gives the room of a database back, some 10 MB; it may never have been made, or still be in use."""
        self._run("dropdb", "-h", "127.0.0.1", "-p", self.port, "-U", "sealpost", "--if-exists", "--force",
                  url.rsplit("/", 1)[1])

    def dump(self, url):
        """Every byte a dump of the database shows, sealed columns as hex and decoded."""
        return subprocess.run([str(self.bin / "pg_dump"), url], check=True, capture_output=True).stdout

    def close(self):
        servers.remove(self)
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
