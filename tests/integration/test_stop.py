"""SIGTERM: what is in hand finishes within its time, and what does not is nobody's, so that any node may go on."""

import threading
import time

import pytest
from support import smtp, wait
from support.mail_server import MailServer
from support.node import Node

STOP_SECONDS = 10
MAILS = 12


def hang_at_greeting(server, event):
    server.silent = True


def hang_after_data(server, event):
    server.before_end = lambda transaction: event.wait()


@pytest.mark.parametrize("hang", [hang_at_greeting, hang_after_data])
def test_a_hanging_server_does_not_hold_up_the_end_and_keeps_no_mail(binary, database, hang):
    server, mended = MailServer(), threading.Event()
    server.mail = {"alice@acme.example": "450 4.3.2 not now"}
    node = Node(binary, database, values={"outbox": None, "delivery": "smart_host"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{server.port}"\n}}']).make_acme().start()

    def queue():
        return node.json("queue", "list")

    try:
        for i in range(MAILS):
            smtp.send(node.smtp_port, smtp.make(subject="plain", to=f"u{i}@else.example"))
        wait.until(lambda: [(d["attempts"], d["is_tried"]) for d in queue()] == [(1, False)] * MAILS, "a first try of all")
        server.mail, before = {}, server.connections
        hang(server, mended)
        server.drop_connections()
        node.move_clock(2 * 60 * 1000)  # all are due together: five are sent, the others leased
        wait.until(lambda: server.connections - before >= 5 and sum(d["is_tried"] for d in queue()) == MAILS, "leases")
        began = time.monotonic()
        node.stop()
        assert time.monotonic() - began < STOP_SECONDS + 5
        assert [(d["attempts"], d["is_tried"]) for d in queue()] == [(1, False)] * MAILS
        server.silent = False
        mended.set()
        node.start()
        wait.until(lambda: queue() == [], "everything to be sent after the restart")
    finally:
        mended.set()
        node.close()
        server.close()
