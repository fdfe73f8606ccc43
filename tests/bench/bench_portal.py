#!/usr/bin/python3
"""The portal's inbox and message page, with a mailbox of 100 and one of 100,000 messages, in turn in the same run: pages a
second and the times of answers at 50 connections under TLS, and the ratio; then each order and filter of the large one, one
request after the other. Figures are for reading, not for asserting."""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from support import portal, wait  # noqa: E402
from support.node import Node  # noqa: E402

ROUNDS = int(os.environ.get("SEALPOST_BENCH_ROUNDS", "3"))
SMALL, LARGE = 100, int(os.environ.get("SEALPOST_BENCH_MAILBOX", "100000"))
CONNECTIONS, SECONDS = 50, 8
# No message of the large mailbox has files or ends soon, so these filters find nothing.
LISTS = ("", "?sort=oldest", "?sort=who", "?sort=who-back", "?sort=ends", "?sort=ends-back", "?show=unread", "?show=files",
         "?show=soon", "?show=unread,files,soon", "?show=unread&sort=who", "?show=files&sort=who", "?show=files&sort=ends")
REQUESTS = 20


def fill(node, user, count):
    while count:
        now = min(count, 50000)  # a session takes 10,000 mails at most
        subprocess.run(["/usr/sbin/smtp-source", "-d", "-s", "10", "-m", str(now), "-l", "3000", "-S", "Bench [secure]",
                        "-f", "alice@acme.example", "-t", user, f"inet:127.0.0.1:{node.smtp_port}"], check=True)
        count -= now


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def load(node, cookie, path):
    """Pages a second, p50 and p99 in ms."""
    out = subprocess.run(["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "--latency", "-H", f"Cookie: {cookie}",
                          node.url + path], check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in out, out
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
            milliseconds(re.search(r"\n +50%\s+(\S+)", out).group(1)), milliseconds(re.search(r"\n +99%\s+(\S+)", out).group(1)))


def times_of(browser, path):
    """Median and most, in ms, of one request after the other."""
    took = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        assert browser.get(path).status == 200
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took), max(took)


def visit(node, user):
    """Signed in: the browser, its cookie, and the newest message's page."""
    browser, page = portal.sign_in_by_password(node, user)
    inbox = browser.get("/inbox")
    message = next(link for link in inbox.links if re.search(r"/message/[^?/]+$", link))
    opened = browser.get(message)
    assert opened.status == 200 and "Bench" in opened.text
    return browser, "; ".join(f"{c.name}={c.value}" for c in browser.cookies), message


def main():
    sink_port = wait.free_port()
    sink = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{sink_port}", "1000"], stdout=subprocess.DEVNULL)
    node = Node(os.environ["SEALPOST_BINARY"], limits={"smtp_sessions_per_network": 200},
                values={"outbox": None, "delivery": "smart_host", "log_level": "warning"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{sink_port}"\n}}']).init()
    node.run("account", "add", "acme", "--display-name", "Acme")
    node.run("domain", "add", "acme.example", "--next-hop", f"127.0.0.1:{sink_port}")
    node.run("source", "add", "--network", "127.0.0.1/32")
    node.run("definition", "set", "Default", "--all-recipients", "yes")
    users = {"bob@acme.example": SMALL, "dora@acme.example": LARGE}
    for user in users:
        node.run("user", "add", user, "--password-stdin", stdin="correct horse battery\n")
    node.start()
    for user, count in users.items():
        fill(node, user, count)
    wait.until(lambda: not node.json("queue", "list"), "the notifications to leave", 600)
    visits = {user: visit(node, user) for user in users}
    print(f"{'page':>8} {'mailbox':>8} {'pages/s':>8} {'p50 ms':>7} {'p99 ms':>7}")
    for name in ("inbox", "message"):
        rounds = []
        for _ in range(ROUNDS):
            rounds.append([load(node, cookie, "/inbox" if name == "inbox" else message)
                           for _, cookie, message in visits.values()])
        medians = [[statistics.median(r[which][figure] for r in rounds) for figure in range(3)] for which in range(2)]
        for size, (rate, p50, p99) in zip(users.values(), medians):
            print(f"{name:>8} {size:>8} {rate:>8.0f} {p50:>7.2f} {p99:>7.2f}", flush=True)
        print(f"{name:>8} a page of the large mailbox costs {medians[0][0] / medians[1][0]:.2f} of the small one's time")
    print(f"{'list of ' + str(LARGE):>32} {'median':>8} {'most ms':>8}")
    for path in LISTS:
        print("{:>32} {:>8.1f} {:>8.1f}".format("/inbox" + path, *times_of(visits["dora@acme.example"][0], "/inbox" + path)), flush=True)
    node.kill()
    node.close()
    sink.terminate()


main()
