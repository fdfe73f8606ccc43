#!/usr/bin/python3
"""Intake by smtp-source: Postfix (smtpd, cleanup, queue, discard) and Sealpost (accepted, sealed, stored with its
notification queued, synced) in turn in the same run. Prints messages a second, CPU per message and peak memory, and the
ratio. Figures are for reading, not for asserting."""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from support import wait  # noqa: E402
from support.node import ROOT, Node  # noqa: E402

SMTP_SOURCE = "/usr/sbin/smtp-source"
ROUNDS = int(os.environ.get("SEALPOST_BENCH_ROUNDS", "3"))


class Postfix:
    """An instance of its own with everything discarded."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-postfix-"))
        self.port = wait.free_port()
        config, queue, data = (self.folder / n for n in ("etc", "queue", "data"))
        for f in (config, queue, data):
            f.mkdir()
        os.chmod(self.folder, 0o755)
        shutil.chown(data, "postfix")
        (config / "main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.test.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
default_transport = discard:
relay_transport = discard:
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
alias_maps =
alias_database =
maillog_file = {self.folder}/log
maillog_file_prefixes = {self.folder}
""")
        (config / "master.cf").write_text(f"""127.0.0.1:{self.port} inet n - n - 100 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
""")
        subprocess.run(["postfix", "-c", config, "set-permissions"], capture_output=True)
        subprocess.run(["postfix", "-c", config, "start"], check=True, capture_output=True)
        self.config = config
        wait.until(lambda: wait.port_open(self.port), "Postfix to listen")

    def pids(self):
        master = int((self.folder / "queue/pid/master.pid").read_text())
        children = subprocess.run(["pgrep", "-P", str(master)], capture_output=True, text=True).stdout.split()
        return [master, *map(int, children)]

    def close(self):
        subprocess.run(["postfix", "-c", self.config, "stop"], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def cpu_seconds(pids):
    total = 0.0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(f) for f in fields[11:15]) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError):
            pass
    return total


def run_source(port, sessions, count, size):
    began = time.monotonic()
    subprocess.run([SMTP_SOURCE, "-d", "-s", str(sessions), "-m", str(count), "-l", str(size), "-S", "Bench [secure]",
                    "-f", "alice@acme.example", "-t", "carol@partner.example", f"inet:127.0.0.1:{port}"],
                   check=True, capture_output=True)
    return count / (time.monotonic() - began)


def measure(port, pids, sessions, count, size):
    before = cpu_seconds(pids())
    rate = run_source(port, sessions, count, size)
    return rate, (cpu_seconds(pids()) - before) / count * 1000


def main():
    node = Node(os.environ["SEALPOST_BINARY"], limits={"smtp_sessions_per_network": 200, "delivery_workers": 1},
                values={"outbox": None, "delivery": "direct", "log_level": "warning"},
                sections=['resolver {\n  server = "127.0.0.1@1"\n}']).make_acme().start()
    postfix = Postfix()
    print(f"{'size':>7} {'sessions':>8} {'Postfix/s':>10} {'Sealpost/s':>10} {'ratio':>6} {'P ms CPU':>9} {'S ms CPU':>9}")
    for size in (10240, 102400):
        for sessions in (1, 10, 50):
            count = 500 if sessions == 1 else 3000 if size < 20000 else 1000
            rounds = [(measure(postfix.port, postfix.pids, sessions, count, size),
                       measure(node.smtp_port, lambda: [node.process.pid], sessions, count, size)) for _ in range(ROUNDS)]
            p, s = statistics.median(r[0][0] for r in rounds), statistics.median(r[1][0] for r in rounds)
            pc, sc = statistics.median(r[0][1] for r in rounds), statistics.median(r[1][1] for r in rounds)
            print(f"{size:>7} {sessions:>8} {p:>10.0f} {s:>10.0f} {s / p:>6.2f} {pc:>9.2f} {sc:>9.2f}", flush=True)
    peak = [l for l in pathlib.Path(f"/proc/{node.process.pid}/status").read_text().splitlines() if "VmHWM" in l]
    print("Sealpost peak memory:", peak[0].split(":")[1].strip())
    postfix.close()
    node.kill()
    node.close()


main()
