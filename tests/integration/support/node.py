"""A Sealpost node of a test's own: a folder, a configuration on free ports, and the built program."""

import atexit
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile

from . import maildir, postgres, wait

ROOT = pathlib.Path(__file__).resolve().parents[3]

ACME_FILES = ["root.key", "certificate.pem", "key.pem"]
ACME_DATABASE = "acme"

# Nodes with Acme that others are copied from, by PostgreSQL server; None: SQLite. Copying takes a tenth of the commands' time.
acmes = {}


class Node:
    """Configured when made; then `make_acme`, or `init` for a node without an account."""

    def __init__(self, binary, database=None, **settings):
        self.binary = binary
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-node-"))
        self.smtp_port = wait.free_port()
        self.https_port = wait.free_port()
        self.url = f"https://127.0.0.1:{self.https_port}"
        self.database = database or f"sqlite:{self.folder}/sealpost.db"
        self.config = self.folder / "sealpost.conf"
        self.outbox = maildir.Maildir(self.folder / "outbox")
        self.clock = self.folder / "clock"
        self.clock.write_bytes(struct.pack("=q", 0))
        self.works = self.folder / "works"
        self.works.write_bytes(struct.pack("=q", 0))
        self.process = None
        self.is_usual = not {"host_name", "database", "blobs", "root_key"} & settings.get("values", {}).keys()
        self._write_config(settings)

    def _write_config(self, settings):
        values = {"host_name": "gw.acme.example", "portal_url": self.url, "return_domain": "return.acme.example",
                  "database": self.database, "blobs": "blobs", "root_key": "root.key", "outbox": "outbox",
                  "web_dir": str(ROOT / "web"), **settings.get("values", {})}
        lines = [f'{k} = "{v}"' for k, v in values.items() if v is not None]
        limits = "\n".join(f"  {k} = {v}" for k, v in settings.get("limits", {}).items())
        lines.append('tls {\n  certificate = certificate.pem\n  key = key.pem\n}')
        lines.append(f'listen {{\n  smtp = "127.0.0.1:{self.smtp_port}"\n  https = "127.0.0.1:{self.https_port}"\n}}')
        lines.append(f"limits {{\n{limits}\n}}")
        lines.extend(settings.get("sections", ()))
        self.config.write_text("\n".join(lines) + "\n")

    def environment(self):
        return {**os.environ, "SEALPOST_CONFIG": str(self.config), "SEALPOST_TEST_CLOCK": str(self.clock),
                "SEALPOST_TEST_WORKS": str(self.works)}

    def run(self, *words, code=0, stdin=None):
        """Runs a command; its output. The exit code must be as said."""
        done = subprocess.run([self.binary, *words], env=self.environment(), input=stdin, text=True,
                              capture_output=True, timeout=120)
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if code == 0 else done.stderr

    def json(self, *words):
        return json.loads(self.run(*words, "--json"))

    def beside(self):
        """Another node of the same database, blobs and outbox, whose time is its own."""
        shared = {"root_key": self.folder / "root.key", "blobs": self.folder / "blobs", "outbox": self.folder / "outbox"}
        other = Node(self.binary, self.database, values=shared)
        other.outbox = self.outbox
        for name in ("certificate.pem", "key.pem"):
            shutil.copy(self.folder / name, other.folder)
        return other

    def init(self):
        server = postgres.server_of(self.database)
        if server:
            server.create(self.database)
        self.run("init")
        return self

    def make_acme(self):
        """The account most tests use; passwords are the same for all."""
        server = postgres.server_of(self.database)
        if not self.is_usual or (server and server.is_one_tests):
            return self.init().add_acme()
        if server not in acmes:
            acmes[server] = Node(self.binary, server and server.url(ACME_DATABASE)).init().add_acme()
            atexit.register(acmes[server].close)
        acmes[server].copy_to(self, server)
        return self

    def copy_to(self, other, server):
        for name in [*ACME_FILES, *([] if server else ["sealpost.db"])]:
            shutil.copy(self.folder / name, other.folder)
        if server:
            server.create(other.database, template=ACME_DATABASE)

    def add_acme(self):
        self.run("account", "add", "acme", "--display-name", "Acme")
        self.run("domain", "add", "acme.example", "--next-hop", "127.0.0.1:1")
        self.run("source", "add", "--network", "127.0.0.1/32")
        for name in ("alice", "bob"):
            self.run("user", "add", f"{name}@acme.example", "--name", f"{name.title()} A.", "--password-stdin",
                     stdin="correct horse battery\n")
        return self

    def start(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([self.binary, "serve"], env=self.environment(), stdout=log, stderr=log)
        wait.until(lambda: self.process.poll() is not None or
                   (wait.port_open(self.smtp_port) and wait.port_open(self.https_port)), "the node to listen", 60)
        assert self.process.poll() is None, self.log()
        return self

    def move_clock(self, milliseconds):
        """The node's time is that much later from now on."""
        now = struct.unpack_from("=q", self.clock.read_bytes())[0]
        with open(self.clock, "r+b") as f:
            f.write(struct.pack("=q", now + milliseconds))

    def stop_clock(self, at):
        """The node's time is exactly that, in milliseconds since 1970, until another one is said."""
        with open(self.clock, "r+b") as f:
            f.write(struct.pack("=qq", 0, at))

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=60) == 0, self.log()[-3000:]
            self.process = None

    def close(self):
        if self.process:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def raw_bytes(self):
        """Everything the node keeps on disk, but the outbox (which stands for the net) and its own keys."""
        data = b""
        for path in self.folder.rglob("*"):
            if path.is_file() and "outbox" not in path.parts:
                data += path.read_bytes()
        return data
