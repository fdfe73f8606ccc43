"""SIGTERM: what is in hand finishes within its time, and what does not is nobody's, so that any node may go on."""

import socket
import subprocess
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


class SilentNames:
    """A name server that is asked and says nothing."""

    def __init__(self, host, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.port = self.socket.getsockname()[1]

    def wait_for_question(self):
        self.socket.settimeout(30)
        assert self.socket.recv(4096)


def check_quick_stop(node, names):
    """What waits for a name is neither waited for nor counted as tried."""
    smtp.send(node.smtp_port, smtp.make(subject="plain", to="u@else.example"))
    names.wait_for_question()
    began = time.monotonic()
    node.stop()
    assert time.monotonic() - began < STOP_SECONDS + 5
    assert [(d["attempts"], d["is_tried"]) for d in node.json("queue", "list")] == [(0, False)]


def test_a_name_server_that_says_nothing_does_not_hold_up_the_end(binary):
    names = SilentNames("127.0.0.1", 0)
    node = Node(binary, values={"outbox": None, "delivery": "direct"},
                sections=[f'resolver {{\n  server = "127.0.0.1@{names.port}"\n}}']).make_acme().start()
    try:
        check_quick_stop(node, names)
    finally:
        node.close()


def start_with_names(node, server):
    """With a system of its own, whose name server that is."""
    resolv = node.folder / "resolv.conf"
    resolv.write_text(f"nameserver {server}\noptions timeout:30 attempts:5\n")
    script = f'mount --bind "{resolv}" /etc/resolv.conf && exec "{node.binary}" serve'
    log = open(node.folder / "log", "ab")
    node.process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], env=node.environment(), stdout=log, stderr=log)
    wait.until(lambda: node.process.poll() is not None or wait.port_open(node.smtp_port), "the node to listen", 60)
    assert node.process.poll() is None, node.log()


def test_a_silent_name_server_of_the_system_does_not_hold_up_the_end(binary):
    try:
        names = SilentNames("127.0.0.9", 53)
        subprocess.run(["unshare", "--mount", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs to be root: a name server of the system listens on port 53")
    node = Node(binary, values={"outbox": None, "delivery": "smart_host"},
                sections=['smart_host {\n  address = "smart-host.else.example:25"\n}']).make_acme()
    try:
        start_with_names(node, "127.0.0.9")
        check_quick_stop(node, names)
    finally:
        node.close()
