"""Mails of ours that tell people what becomes of messages, and how to know that a node has sent all that are due."""

from . import portal, smtp, wait

ALICE = "alice@acme.example"
MARKER = "marker@partner.example"
ASKS = {"Disposition-Notification-To": ALICE}


def mails(node, address, kind):
    return [m for m in node.outbox.to(address) if m["Message-ID"].startswith(f"<{kind}.")]


def marked(node):
    return sum(MARKER in m.as_string() for m in mails(node, ALICE, "receipt"))


def wait_for_round(node):
    """Until the node has told everybody of what happened before: a receipt of another message comes last."""
    smtp.send(node.smtp_port, smtp.make(subject="Marker [secure]", to=[MARKER], headers=ASKS))
    before = marked(node)
    link = portal.link_for(node, MARKER, before + 1)
    browser, _ = portal.sign_in_by_link(node, link, MARKER, before + 1)
    browser.get("/message/" + link.rsplit("/", 1)[1])
    wait.until(lambda: marked(node) > before, "the receipt of the marker")
