#!/usr/bin/python3
"""Intake by smtp-source: Postfix (smtpd, cleanup, queue, discard) and Sealpost (accepted, sealed, stored with its
notification queued, synced) in turn in the same run. Prints messages a second, CPU per message and peak memory, and the
ratio. Figures are for reading, not for asserting."""

import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from support import wait  # noqa: E402
from support.node import Node  # noqa: E402
from support.postfix import Postfix  # noqa: E402

SMTP_SOURCE = "/usr/sbin/smtp-source"
ROUNDS = int(os.environ.get("SEALPOST_BENCH_ROUNDS", "3"))


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
    # Notifications stay queued: the smart host takes connections and says nothing.
    silent = socket.create_server(("127.0.0.1", 0))
    node = Node(os.environ["SEALPOST_BINARY"], limits={"smtp_sessions_per_network": 200, "delivery_workers": 1},
                values={"outbox": None, "log_level": "warning"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{silent.getsockname()[1]}"\n}}']).make_acme().start()
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
