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


class Postgres:
    """Started once for a test run; each test gets a database of its own."""

    def __init__(self, fsync="on"):
        self.bin = _binaries()
        assert self.bin, "PostgreSQL is not installed"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-pg-"))
        self.data = self.folder / "data"
        self.port = wait.free_port()
        self.count = 0
        self.fsync = fsync
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "sealpost", "--auth=trust", "-E", "UTF8",
                  "--locale=C.UTF-8")
        self.process = None
        self.start()

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
                              "-c", "listen_addresses=127.0.0.1", "-c", f"fsync={self.fsync}",
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

    def new_database(self):
        """The URL of a new, empty database."""
        self.count += 1
        name = f"sealpost_{self.count}"
        self._run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "sealpost", name)
        return f"postgresql://sealpost@127.0.0.1:{self.port}/{name}"

    def dump(self, url):
        """Every byte a dump of the database shows, sealed columns as hex and decoded."""
        return subprocess.run([str(self.bin / "pg_dump"), url], check=True, capture_output=True).stdout

    def close(self):
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
