"""Memory per message in flight is constant, whatever its size (measured on a build without sanitizers)."""

import pathlib
import subprocess

import pytest
from support import portal, smtp
from support.node import Node

LARGE = 190 << 20  # bytes of the mail
MOST_KIB = 16 * 1024  # beyond the base: buffers, threads and the allocator's spares, not the mail


def peak_kib(node):
    for line in pathlib.Path(f"/proc/{node.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1])


def test_a_200_mb_mail_passes_in_and_out_in_constant_memory(binary):
    if b"__asan_init" in subprocess.run(["nm", "-D", binary], capture_output=True).stdout:
        pytest.skip("sanitizers keep freed memory; run with SEALPOST_BINARY of another build")
    node = Node(binary).make_acme().start()
    smtp.send(node.smtp_port, smtp.make(to="dave@partner.example"))
    portal.link_for(node, "dave@partner.example")
    session = smtp.Raw(node.smtp_port)
    before = peak_kib(node)
    for line in ("EHLO x.example", "MAIL FROM:<alice@acme.example>", "RCPT TO:<carol@partner.example>"):
        session.command(line)
    session.command("DATA")
    session.write("From: alice@acme.example\r\nTo: carol@partner.example\r\nSubject: Large [secure]\r\n"
                  "Message-ID: <large@acme.example>\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n"
                  "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=large.bin\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n")
    line = b"QUJD" * 19 + b"\r\n"
    piece = line * 10000
    sent = 0
    while sent < LARGE:
        session.write(piece)
        sent += len(piece)
    session.write("--b--\r\n.\r\n")
    assert session.reply()[0] == 250
    after_in = peak_kib(node)
    link = portal.link_for(node, "carol@partner.example")
    browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    page = browser.get("/message/" + link.rsplit("/", 1)[1])
    download = browser.get(next(l for l in page.links if "/file/" in l))
    assert len(download.body) == sent // len(line) * 57 and download.body[:6] == b"ABCABC"
    after_out = peak_kib(node)
    node.stop()
    node.close()
    print(f"peak KiB: before {before}, after the mail {after_in}, after the download {after_out}")
    assert after_in - before < MOST_KIB
    assert after_out - before < 2 * MOST_KIB
