"""Mails that others collected, broken ones among them: each is taken or refused, and what was taken can be opened."""

import os
import pathlib
import re
import smtplib

import pytest
from support import portal, wait
from support.node import ROOT, Node

CORPORA = pathlib.Path(os.environ.get("SEALPOST_CORPORA", ROOT.parent / "shared" / "corpora"))
KINDS = ("*.eml", "*.msg", "*.in")


def mails():
    return sorted(f for kind in KINDS for f in CORPORA.rglob(kind))


def hand_in(session, data):
    """The reply's code to the end of the mail."""
    assert session.mail("alice@acme.example")[0] == 250 and session.rcpt("carol@partner.example")[0] == 250
    try:
        code, _ = session.data(data)
    except smtplib.SMTPDataError as refused:
        code = refused.smtp_code
    session.rset()
    return code


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the corpora are not here")
def test_every_mail_is_taken_or_refused_and_can_be_opened(binary):
    node = Node(binary).make_acme()
    node.run("policy", "add", "--from", "everyone", "--to", "external", "--definition", "Default")
    node.start()
    try:
        codes = {}
        with smtplib.SMTP("127.0.0.1", node.smtp_port, timeout=60) as session:
            session.ehlo("client.acme.example")
            for file in mails():
                # Files have the line ends of their makers; on the wire there is only CRLF, and no NUL.
                data = re.sub(rb"\r\n|\r|\n", b"\r\n", file.read_bytes()).replace(b"\0", b"")
                codes[file] = hand_in(session, data)
        assert len(codes) > 90
        wrong = {f.name: c for f, c in codes.items() if c != 250 and not 500 <= c < 600}
        assert not wrong
        taken = [f for f, c in codes.items() if c == 250]
        assert len(taken) > 0.9 * len(codes), {f.name: c for f, c in codes.items() if c != 250}

        link = portal.link_for(node, "carol@partner.example")
        browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
        wait.until(lambda: node.json("queue", "list") == [], "the notifications to leave", 120)
        opened = 0
        for mail in node.outbox.to("carol@partner.example"):
            if not mail["Message-ID"].startswith("<notification"):
                continue
            message = "/message/" + re.search(r"/m/(\w+)", mail.get_body(("plain",)).get_content()).group(1)
            page = browser.get(message)
            assert page.status == 200
            assert browser.get(message + "/body").status in (200, 404)  # 404: it has none to show in a frame
            for file in [l for l in page.links if "/file/" in l]:
                assert browser.get(file).status == 200, (message, file)
            opened += 1
        assert opened > 0.8 * len(taken)  # the same mail twice in the corpora is one message
        assert node.process.poll() is None
        node.stop()
    finally:
        node.close()
