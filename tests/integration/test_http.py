"""What a hostile client or a lenient proxy may send to the portal, byte by byte, and that one request is one answer."""

import re
import socket
import ssl

import pytest

from support.browser import Browser
from support.node import Node

SMUGGLED = b"GET /sign-in HTTP/1.1\r\nHost: HOST\r\n\r\n"


@pytest.fixture(scope="module")
def site(binary):
    node = Node(binary).make_acme().start()
    yield node
    node.stop()
    node.close()


def talk(node, data):
    """All that comes back until the connection ends or nothing more comes, as (statuses, whether it ended, text)."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = context.wrap_socket(socket.create_connection(("127.0.0.1", node.https_port), timeout=10))
    connection.sendall(data.replace(b"HOST", node.url[8:].encode()))
    got = b""
    try:
        while piece := connection.recv(65536):
            got += piece
            connection.settimeout(1)
        ended = True
    except TimeoutError:
        ended = False
    except (ConnectionError, ssl.SSLError):
        ended = True
    return [int(s) for s in re.findall(rb"^HTTP/1\.1 (\d+)", got, re.M)], ended, got


POST = b"POST /sign-in HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize("name, head, status", [
    ("length and chunks", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunks and length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    ("chunks", POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    ("chunks, odd", POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 411),
    ("two lengths", POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n", 400),
    ("two lengths alike", POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
    ("two lengths in one", POST + b"Content-Length: 0, 5\r\n\r\n", 400),
    ("a length with a sign", POST + b"Content-Length: +0\r\n\r\n", 400),
    ("a folded line", b"GET /sign-in HTTP/1.1\r\nHost: HOST\r\nX: a\r\n b\r\n\r\n", 400),
    ("a folded length", POST + b"X: a\r\n Content-Length: 5\r\n\r\n", 400),
    ("bare LF", b"GET /sign-in HTTP/1.1\nHost: HOST\n\n", 400),
    ("one bare LF", b"GET /sign-in HTTP/1.1\r\nHost: HOST\nX: a\r\n\r\n", 400),
    ("bare CR", b"GET /sign-in HTTP/1.1\r\nHost: HOST\r\nX: a\rb\r\n\r\n", 400),
    ("NUL", b"GET /sign-in HTTP/1.1\r\nHost: HOST\r\nX: a\0b\r\n\r\n", 400),
    ("a blank before the colon", POST + b"Content-Length : 5\r\n\r\n", 400),
    ("upgrade", b"GET /sign-in HTTP/1.1\r\nHost: HOST\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 400),
    ("no host", b"GET /sign-in HTTP/1.1\r\n\r\n", 400),
    ("two hosts", b"GET /sign-in HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n", 400),
    ("another host", b"GET /sign-in HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    ("a whole URL", b"GET http://evil.example/sign-in HTTP/1.1\r\nHost: HOST\r\n\r\n", 400),
    ("a body with GET", b"GET /sign-in HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\n", 400),
])
def test_smuggling(site, name, head, status):
    statuses, ended, _ = talk(site, head + SMUGGLED)
    if name == "a body with GET":  # its five bytes are read and dropped
        assert statuses[0] == status
    elif name in ("two lengths in one", "a length with a sign"):  # the library's own answer, said twice (web/server.h)
        assert set(statuses) == {status} and ended
    else:
        assert statuses == [status] and ended, (statuses, ended)


@pytest.mark.parametrize("header", ["X-Forwarded-Host: evil.example", "Forwarded: host=evil.example",
                                    "X-Host: evil.example", "X-Original-URL: /admin", "X-Forwarded-Proto: http"])
def test_no_header_changes_who_we_are(site, header):
    statuses, _, text = talk(site, f"GET /inbox HTTP/1.1\r\nHost: HOST\r\n{header}\r\n\r\n".encode())
    assert statuses[0] in (302, 303) and b"evil.example" not in text and b"Location: /sign-in" in text


@pytest.mark.parametrize("next_page", ["//evil.example", "/\\evil.example", "%09//evil.example", "/%09/evil.example",
                                       "https:evil.example", "https://evil.example/", "\\\\evil.example", "/%0d%0aX:%20y",
                                       "javascript:alert(1)"])
def test_after_sign_in_one_stays_here(site, next_page):
    browser = Browser(site)
    page = browser.get("/sign-in?next=" + next_page)
    page = browser.submit(page, r"/sign-in", address="alice@acme.example")
    page = browser.submit(page, r"/password$", password="correct horse battery")
    assert page.status == 200 and page.url.startswith(site.url + "/") and "evil" not in page.url
    assert browser.get("/inbox").path == "/inbox"
