"""250 means kept: the process is killed at random while mail comes in, and nothing accepted is lost or doubled."""

import os
import random
import re
import smtplib
import threading
import time

from support import maildir, smtp, wait
from support.node import Node

SENDERS = 10
KILLS = int(os.environ.get("SEALPOST_TEST_KILLS", "20"))


class Sender(threading.Thread):
    def __init__(self, node, number):
        super().__init__(daemon=True)
        self.node, self.number, self.stopping = node, number, threading.Event()
        self.accepted, self.count = [], 0

    def run(self):
        while not self.stopping.is_set():
            self.count += 1
            word = f"mail-{self.number}-{self.count}"
            mail = smtp.make(subject="Kept [secure]", to=f"{word}@partner.example", text=f"content of {word}\r\n")
            try:
                smtp.send(self.node.smtp_port, mail)
                self.accepted.append(word)
            except (OSError, smtplib.SMTPException):
                self.stopping.wait(0.05)  # the node is down; the next try may find it up


def test_a_kill_loses_nothing_accepted(binary, database):
    node = Node(binary, database, limits={"smtp_sessions_per_network": 100}).make_acme().start()
    senders = [Sender(node, n) for n in range(SENDERS)]
    for s in senders:
        s.start()
    chance = random.Random(7)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.5))  # the random moment is the test
        node.kill()
        node.start()
    for s in senders:
        s.stopping.set()
    for s in senders:
        s.join(60)
    accepted = [w for s in senders for w in s.accepted]
    assert len(accepted) > KILLS

    # What was leased when the process died is due again when the lease ends.
    node.move_clock(20 * 60 * 1000)

    def notified():
        return {m["X-Original-To"].split("@")[0] for _, m in node.outbox.mails()}
    wait.until(lambda: set(accepted) <= notified(), "every accepted mail's notification", 120)
    shown = [m["X-Original-To"] for _, m in node.outbox.mails()]
    assert len(shown) == len(set(shown))
    messages = len(node.json("message", "list"))
    node.stop()
    print(f"{len(accepted)} accepted, {KILLS} kills, {messages} messages listed")
    node.close()
