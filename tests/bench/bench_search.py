#!/usr/bin/python3
"""A mailbox of 10,000 messages: opening one, listing, and searching, one request after the other over TLS, then searching by
four people at once: median and p99 in ms. Texts are of different length and words, some 200 different ones a message.
Figures are for reading, not for asserting."""

import concurrent.futures
import os
import pathlib
import random
import re
import smtplib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from support import portal, smtp  # noqa: E402
from support.node import Node  # noqa: E402

MESSAGES = int(os.environ.get("SEALPOST_BENCH_MAILBOX", "10000"))
TIMES = int(os.environ.get("SEALPOST_BENCH_TIMES", "200"))
USER = "dora@acme.example"
RANDOM = random.Random(1)
VOCABULARY = ["".join(RANDOM.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(RANDOM.randint(3, 11))) for _ in range(20000)]


def text_of(number):
    words = RANDOM.choices(VOCABULARY, k=RANDOM.randint(50, 400))
    if number % 1000 == 7:
        words.append("needleinthehay")
    return "\r\n".join(" ".join(words[i:i + 10]) for i in range(0, len(words), 10)) + "\r\n"


def fill(node):
    for begin in range(0, MESSAGES, 5000):  # a session takes 10,000 mails at most
        with smtplib.SMTP("127.0.0.1", node.smtp_port, timeout=60) as session:
            for number in range(begin, min(begin + 5000, MESSAGES)):
                mail = smtp.make(subject=f"{RANDOM.choice(VOCABULARY)} {number} [secure]", to=USER, text=text_of(number))
                session.sendmail("alice@acme.example", [USER], mail.as_bytes(policy=mail.policy.clone(linesep="\r\n")))


def measure(action, times=TIMES):
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        assert action().status == 200
        took.append((time.perf_counter() - begin) * 1000)
    return took


def report(name, took):
    took.sort()
    print(f"{name:>34} {statistics.median(took):>9.1f} {took[int(len(took) * 0.99)]:>9.1f}", flush=True)


def searcher(node, query):
    """Signed in, the search typed in; what is measured is the page of results."""
    browser, _ = portal.sign_in_by_password(node, USER)
    page = browser.submit(browser.get("/inbox"), r"/search$", q=query)
    assert page.status == 200
    return lambda: browser.get("/search")


def main():
    node = Node(os.environ["SEALPOST_BINARY"], limits={"smtp_sessions_per_network": 200}, values={"log_level": "warning"}).init()
    node.run("account", "add", "acme", "--display-name", "Acme")
    node.run("domain", "add", "acme.example", "--next-hop", "127.0.0.1:1")
    node.run("source", "add", "--network", "127.0.0.1/32")
    node.run("definition", "set", "Default", "--all-recipients", "yes")
    node.run("user", "add", USER, "--password-stdin", stdin="correct horse battery\n")
    node.start()
    begin = time.perf_counter()
    fill(node)
    print(f"{MESSAGES} messages in {time.perf_counter() - begin:.0f} s; load average {os.getloadavg()[0]:.1f}")
    browser, _ = portal.sign_in_by_password(node, USER)
    message = next(link for link in browser.get("/inbox").links if re.search(r"/message/[^?/]+$", link))
    print(f"{'':>34} {'median ms':>9} {'p99 ms':>9}")
    report("inbox", measure(lambda: browser.get("/inbox")))
    report("message", measure(lambda: browser.get(message)))
    for name, query in (("search, 10 found", "needleinthehay"), ("search, nothing found", "nowhereatall"),
                        ("search, two words", f"needle {VOCABULARY[5]}"), ("search, a page of many", "acme")):
        report(name, measure(searcher(node, query)))
    searchers = [searcher(node, "nowhereatall") for _ in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        report("search, nothing found, 4 at once", sum(pool.map(lambda s: measure(s, TIMES // 4), searchers), []))
    node.kill()
    node.close()


main()
