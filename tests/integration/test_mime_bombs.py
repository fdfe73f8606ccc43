"""Mails made to be dear: each has its verdict, and its page, within a second of CPU and 64 MB over idle (measured on a
build without sanitizers)."""

import os
import pathlib
import re
import smtplib
import subprocess

import pytest
from support import mime_bombs, portal, smtp, wait
from support.node import Node

MOST_CPU_SECONDS = 1.0
MOST_KIB = 64 * 1024
REFUSED = {  # past a named limit; all others are taken
    "empty parts": "554 parts", "empty parts without an empty line": "554 parts",
    "nested multiparts": "554 depth", "a chain of messages": "554 depth",
    "header fields": "552 fields", "one long header line": "552 bytes", "folded header lines": "552 bytes",
    "continuations": "552 bytes", "continuations within the limit": "554 parameters",
    "continuation indexes that wrap": "554 parameters", "many names": "554 parameters", "nine names": "554 file", "200,000 addresses": "552 bytes"}


class Meter:
    """What the process spends from one reading to the next."""

    def __init__(self, node):
        self.proc = pathlib.Path(f"/proc/{node.process.pid}")
        self.idle_kib = self.status("VmRSS")
        self.start()

    def status(self, field):
        return int(re.search(rf"^{field}:\s+(\d+)", (self.proc / "status").read_text(), re.M).group(1))

    def cpu(self):
        fields = (self.proc / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def start(self):
        (self.proc / "clear_refs").write_text("5")  # the peak begins anew
        self.cpu_before = self.cpu()

    def read(self):
        """(seconds of CPU, KiB over idle at the peak) since start."""
        return self.cpu() - self.cpu_before, self.status("VmHWM") - self.idle_kib


def hand_in(port, mail):
    """(code, text) to the end of the mail."""
    with smtplib.SMTP("127.0.0.1", port, timeout=120) as session:
        session.ehlo("client.acme.example")
        assert session.mail("alice@acme.example")[0] == 250 and session.rcpt("carol@partner.example")[0] == 250
        try:
            code, text = session.data(mail)
        except smtplib.SMTPDataError as refused:
            code, text = refused.smtp_code, refused.smtp_error
        return code, text.decode()


def notified(node):
    return [m for m in node.outbox.to("carol@partner.example") if m["Message-ID"].startswith("<notification")]


def message_of(mail):
    return "/message/" + re.search(r"/m/(\w+)", mail.get_body(("plain",)).get_content()).group(1)


def test_no_mail_is_dear(binary):
    if b"__asan_init" in subprocess.run(["nm", "-D", binary], capture_output=True).stdout:
        pytest.skip("sanitizers keep freed memory; run with SEALPOST_BINARY of another build")
    node = Node(binary).make_acme().start()
    try:
        smtp.send(node.smtp_port, smtp.make())
        browser, _ = portal.sign_in_by_link(node, portal.link_for(node, "carol@partner.example"), "carol@partner.example")
        browser.get(message_of(notified(node)[0]))
        meter = Meter(node)
        over, table = [], []
        for name, shape in mime_bombs.shapes():
            head = f"From: alice@acme.example\r\nTo: carol@partner.example\r\nSubject: {name} [secure]\r\n"
            known = len(notified(node))
            meter.start()
            code, text = hand_in(node.smtp_port, head.encode() + shape)
            cost = [("verdict", *meter.read())]
            refusal = f"{code} {text.split()[1].rstrip(':')}" if code != 250 else None
            assert refusal == REFUSED.get(name), (name, code, text)
            if code == 250:
                wait.until(lambda: len(notified(node)) > known, "the notification", 60)
                message = message_of(notified(node)[-1])
                for page in ("", "/body"):
                    meter.start()
                    answer = browser.get(message + page)
                    cost.append((page or "page", *meter.read()))
                    assert answer.status in (200, 404), (name, page, answer.status)
            table.append(f"{name}: {len(shape)} bytes, {code} {text if code != 250 else ''} " +
                         ", ".join(f"{step} {cpu:.2f} s {kib >> 10} MiB" for step, cpu, kib in cost))
            print(table[-1])
            over += [table[-1] for _, cpu, kib in cost if cpu > MOST_CPU_SECONDS or kib > MOST_KIB]
        assert not over, "\n".join(over)
        assert node.process.poll() is None
    finally:
        node.stop()
        node.close()
