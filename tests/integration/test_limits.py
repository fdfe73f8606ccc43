"""Every limit on who comes from outside, set low, and what is said beyond it; others are served meanwhile."""

import re
import socket
import ssl
import time

import pytest
from support import smtp, wait
from support.node import Node

STRANGER = "127.0.0.2"  # no source of the account


def session(node, source="127.0.0.1"):
    raw = smtp.Raw(node.smtp_port, source=source)
    assert raw.command("EHLO x.example")[0] == 250
    return raw


def begin_mail(node, declared=""):
    raw = session(node)
    answer = raw.command("MAIL FROM:<alice@acme.example>" + declared)
    if answer[0] == 250:
        assert raw.command("RCPT TO:<carol@partner.example>")[0] == 250
    return raw, answer


def content(node, mail):
    raw, _ = begin_mail(node)
    assert raw.command("DATA")[0] == 354
    raw.write(mail)
    return raw.reply()


def repeat(line, times, **more):
    def play(node):
        raw = session(node, **more)
        for _ in range(times):
            answer = raw.command(line)
        return answer
    return play


def recipients(node):
    raw, _ = begin_mail(node)
    raw.command("RCPT TO:<dave@partner.example>")
    return raw.command("RCPT TO:<erin@partner.example>")


def mails(node):
    raw = session(node)
    for _ in range(2):
        assert raw.command("MAIL FROM:<alice@acme.example>")[0] == 250
        answer = raw.command("RSET")
    return raw.reply() if answer[0] == 250 else answer


def errors(node):
    raw = session(node)
    for _ in range(4):
        answer = raw.command("NONSENSE")
    return raw.reply() if answer[0] == 500 else answer


def junk(node):
    raw = session(node)
    for _ in range(3):
        answer = raw.command("NOOP")
    return raw.reply() if answer[0] == 250 else answer


def waits(source):
    return lambda node: session(node, source).reply()


def first_session(node, source):
    """Once the connection that looked whether the node listens has ended."""
    try:
        return session(node, source)
    except AssertionError:
        return None


def another(source, first):
    def play(node):
        kept = wait.until(lambda: first_session(node, first), "a free session")
        answer = smtp.Raw(node.smtp_port, greet=False, source=source).reply()
        assert kept.command("NOOP")[0] == 250
        return answer
    return play


def silent_in_data(node):
    raw, _ = begin_mail(node)
    assert raw.command("DATA")[0] == 354
    raw.write("Subject: x\r\n")
    return raw.reply()


def slow_data(node):
    """A byte now and then: never idle, but below the minimum rate."""
    raw, _ = begin_mail(node)
    assert raw.command("DATA")[0] == 354
    raw.socket.settimeout(0.1)
    for _ in range(300):
        raw.write("x")
        try:
            raw.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            continue
        break
    raw.socket.settimeout(60)
    return raw.reply()


def slow_handshake(node):
    raw = session(node)
    assert raw.command("STARTTLS")[0] == 220
    raw.write(b"\x16\x03\x01")
    return raw.reply()


@pytest.mark.parametrize("limits, play, code, status", [
    ({}, repeat("NOOP " + "x" * 3000, 1), 500, "5.5.6"),
    ({"mail_size": "10KB"}, lambda n: begin_mail(n, " SIZE=10241")[1], 552, "5.3.4"),
    ({"mail_size": "10KB"}, lambda n: content(n, b"Subject: x\r\n\r\n" + b"x" * 20000 + b"\r\n.\r\n"), 552, "5.3.4"),
    ({}, lambda n: content(n, b"X: " + b"x" * 110_000 + b"\r\n\r\n.\r\n"), 552, "5.6.0"),
    ({"smtp_hops": 2}, lambda n: content(n, b"Received: x\r\n" * 3 + b"\r\nx\r\n.\r\n"), 554, "5.4.6"),
    ({"smtp_recipients": 2}, recipients, 452, "4.5.3"),
    ({"smtp_mails_per_session": 2}, mails, 421, "4.3.2"),
    ({"smtp_errors": 3}, errors, 421, "4.7.0"),
    ({"smtp_junk_commands": 3}, junk, 421, "4.7.0"),
    ({"smtp_command_seconds": 1}, waits("127.0.0.1"), 421, "4.4.2"),
    ({"smtp_stranger_command_seconds": 1}, waits(STRANGER), 421, "4.4.2"),
    ({"smtp_sessions": 1}, another("127.0.0.1", "127.0.0.1"), 421, "4.3.2"),
    ({"smtp_sessions_per_network": 1}, another(STRANGER, STRANGER), 421, "4.3.2"),
    ({"smtp_strangers": 1}, another("127.0.0.3", STRANGER), 421, "4.3.2"),
    ({"smtp_data_idle_seconds": 1}, silent_in_data, 421, "4.4.2"),
    ({"smtp_data_grace_seconds": 1}, slow_data, 421, "4.4.2"),
    ({"smtp_handshake_seconds": 1}, slow_handshake, 0, ""),
])
def test_smtp(binary, limits, play, code, status):
    node = Node(binary, limits=limits).make_acme().start()
    try:
        answer = play(node)
        assert answer[0] == code and (not status or status in answer[1][-1]), answer
        if "smtp_sessions" not in limits:
            smtp.send(node.smtp_port, smtp.make(subject="Plain", text="hi\r\n"))  # others are not held up
        node.stop()
    finally:
        node.close()


def test_smtp_answers_are_held_back_after_errors(binary):
    node = Node(binary, limits={"smtp_soft_errors": 1}).make_acme().start()
    try:
        raw = session(node)
        raw.command("NONSENSE")
        raw.command("NONSENSE")
        before = time.monotonic()
        assert raw.command("NOOP")[0] == 250 and time.monotonic() - before > 0.9
        before = time.monotonic()
        assert session(node).command("NOOP")[0] == 250 and time.monotonic() - before < 0.9
        node.stop()
    finally:
        node.close()


def connect(node):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", node.https_port), timeout=60))


def status(connection):
    """Of the next answer; 0 when the connection ends instead."""
    try:
        found = re.match(rb"HTTP/1.1 (\d+)", connection.recv(65536))
    except (ConnectionError, ssl.SSLError):
        return 0
    return int(found[1]) if found else 0


def get(node, connection, path="/sign-in", headers=""):
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {node.url[8:]}\r\n{headers}\r\n".encode())
    return status(connection)


def post(node, length):
    connection = connect(node)
    connection.sendall(f"POST /sign-in HTTP/1.1\r\nHost: {node.url[8:]}\r\nContent-Type: application/x-www-form-urlencoded"
                       f"\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n".encode())
    return status(connection)


def slow_head(node):
    connection = connect(node)
    connection.settimeout(0.1)
    for _ in range(300):
        try:
            connection.sendall(b"G")
            return status(connection)
        except TimeoutError:
            continue
        except OSError:
            return 0
    return "still open"


def begin_body(node):
    connection = connect(node)
    connection.sendall(f"POST /sign-in HTTP/1.1\r\nHost: {node.url[8:]}\r\nContent-Type: application/x-www-form-urlencoded"
                       "\r\nContent-Length: 1000\r\n\r\n".encode())
    return connection


def stalled_body(node):
    return status(begin_body(node))


def slow_body(node):
    connection = begin_body(node)
    connection.settimeout(0.1)
    for _ in range(300):
        try:
            connection.sendall(b"a")
            return status(connection)
        except TimeoutError:
            continue
    return "still open"


def one_more(node):
    kept = [connect(node) for _ in range(2)]
    assert all(get(node, c) == 200 for c in kept)
    try:
        return get(node, connect(node))
    except OSError:
        return 0


@pytest.mark.parametrize("limits, play, expected", [
    ({}, lambda n: get(n, connect(n)), 200),
    ({}, lambda n: get(n, connect(n), headers="X: " + "x" * 33_000 + "\r\n"), 431),
    ({}, lambda n: get(n, connect(n), path="/" + "a/" * 20), 400),
    ({}, lambda n: get(n, connect(n), path="/sign-in?" + "a=b&" * 60), 400),
    ({}, lambda n: post(n, 3 << 20), 413),
    ({"http_head_seconds": 1}, slow_head, 0),
    ({"http_grace_seconds": 1}, stalled_body, 0),
    ({"http_grace_seconds": 1}, slow_body, 408),
    ({"http_connections_per_address": 2}, one_more, 0),
])
def test_http(binary, limits, play, expected):
    node = Node(binary, limits=limits).make_acme().start()
    try:
        assert play(node) == expected
        if "http_connections_per_address" not in limits:
            assert get(node, connect(node)) == 200  # others are not held up
        node.stop()
    finally:
        node.close()
