#!/usr/bin/python3
"""What people cost who are signed in and do nothing: resident memory of the node before, with 500 of them signed in, and with a
connection of each kept open as a browser does. Figures are for reading, not for asserting."""

import os
import pathlib
import socket
import ssl
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from support import portal  # noqa: E402
from support.node import Node  # noqa: E402

PEOPLE = int(os.environ.get("SEALPOST_BENCH_PEOPLE", "500"))


def resident_kib(node):
    status = pathlib.Path(f"/proc/{node.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def sign_in(node, number):
    """Cookies of one who looked at the Inbox."""
    browser, page = portal.sign_in_by_password(node, f"user{number}@acme.example")
    assert page.status == 200, page.text
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


def open_connection(node, cookies, path):
    """A request answered, and the connection left open. A stream is answered as far as its head."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    address = urllib.parse.urlsplit(node.url)
    connection = context.wrap_socket(socket.create_connection((address.hostname, address.port)), server_hostname="localhost")
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookies}\r\n\r\n".encode())
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    return connection


def report(what, kib, before):
    print(f"{what:>28} {kib / 1024:>8.1f} MiB, {(kib - before) / PEOPLE:>6.1f} KiB each", flush=True)


def main():
    node = Node(os.environ["SEALPOST_BINARY"], limits={"http_connections_per_address": 2 * PEOPLE},
                values={"log_level": "warning"}).make_acme().start()
    for number in range(PEOPLE):
        node.run("user", "add", f"user{number}@acme.example", "--password-stdin", stdin="correct horse battery\n")
    sign_in(node, 0)  # what the first of all costs is the node's
    before = resident_kib(node)
    cookies = [sign_in(node, number) for number in range(PEOPLE)]
    report("signed in", resident_kib(node), before)
    connections = [open_connection(node, cookie, "/inbox") for cookie in cookies]
    report("with an open connection", resident_kib(node), before)
    for connection in connections:
        connection.close()
    node.kill()
    node.close()


main()
