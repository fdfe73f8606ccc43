"""A real Postfix is the organisation's mail server."""

import subprocess

import pytest
from support import portal, smtp, wait
from support.postfix import Postfix


@pytest.fixture
def postfix(node):
    server = Postfix(relay_to=node.smtp_port)
    yield server
    server.close()


def test_one_mail_of_120_recipients_split_by_postfix_is_one_message(node, postfix):
    people = [f"person{n}@partner.example" for n in range(120)]
    smtp.send(postfix.port, smtp.make(subject="To all [secure]", to=people[:3]), recipients=people)
    wait.until(lambda: len(node.outbox.files()) >= 120, "120 notifications", 120)
    messages = node.json("message", "list")
    assert len(messages) == 1
    recipients = node.json("message", "show", messages[0]["id"])[0]["recipients"]
    assert len(recipients) == 120
    assert sum(r["role"] == "to" for r in recipients) == 3  # the others were in the envelope only
    addresses = [m["X-Original-To"] for _, m in node.outbox.mails()]
    assert sorted(addresses) == sorted(people)


def test_swaks_through_postfix_reaches_the_recipient(node, postfix):
    subprocess.run(["swaks", "--server", f"127.0.0.1:{postfix.port}", "--from", "alice@acme.example", "--to",
                    "carol@partner.example", "--h-Subject", "Offer [secure]", "--body", "forty-two"], check=True,
                   capture_output=True)
    link = portal.link_for(node, "carol@partner.example")
    browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    assert "forty-two" in browser.get("/message/" + link.rsplit("/", 1)[1]).text
