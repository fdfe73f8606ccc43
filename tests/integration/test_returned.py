"""Mail servers that take our mail and think again: bounces and automatic answers come back to us, and with them no
content leaves the organisation."""

import smtplib

import pytest
from support import portal, smtp, wait
from support.mail_server import MailServer, Outbox
from support.node import Node
from support.postfix import Postfix

ANSWER = "We take forty-two of them."
# What an out-of-office program of a mail server does; the polite one keeps to RFC 3834, the rude one to nothing.
RESPONDER = """
import email, smtplib, sys
port, sender, recipient = sys.argv[1:]
mail = email.message_from_bytes(sys.stdin.buffer.read())
with smtplib.SMTP("127.0.0.1", int(port)) as session:
    session.sendmail({from_}, [sender], (
        "From: " + recipient + "\\r\\nTo: " + sender + "\\r\\nSubject: Out of office: " + mail["Subject"] + "\\r\\n"
        {header}"In-Reply-To: " + mail["Message-ID"] + "\\r\\n\\r\\nI am away.\\r\\n\\r\\n> " + mail.get_payload()).encode())
"""
# Mail was taken before somebody looked: there is nobody of that name (EX_NOUSER).
NOBODY = """
import sys
print("left us")
sys.exit(67)
"""
RESPONDERS = {"polite": RESPONDER.format(from_='""', header='"Auto-Submitted: auto-replied\\r\\n" '),
              "rude": RESPONDER.format(from_="recipient", header="")}


class World:
    """Sealpost between the internet and the organisation's mail server, of which one is a real Postfix."""

    def __init__(self, binary, database):
        self.outside, self.inside = MailServer(), MailServer()
        self.smart_host_port = wait.free_port()
        self.node = Node(binary, database, values={"outbox": None, "delivery": "smart_host"},
                         sections=[f'smart_host {{\n  address = "127.0.0.1:{self.outside.port}"\n}}']).make_acme()
        self.node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{self.inside.port}")
        self.node.outbox = Outbox(self.outside)
        self.postfix = None

    def begin(self, responder):
        """Acme's mail server is a Postfix that does this with mail to its people."""
        self.postfix = Postfix(relay_to=self.outside.port, responder=responder,
                               routes={"acme.example": "responder:",
                                       "return.acme.example": f"smtp:[127.0.0.1]:{self.node.smtp_port}"})
        self.node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{self.postfix.port}")
        self.node.start()

    def carol_answers(self):
        """Her browser, the page of her answer in Sent, and the answer's message."""
        smtp.send(self.node.smtp_port, smtp.make(subject="Offer [secure]"))
        link = portal.link_for(self.node, "carol@partner.example")
        carol, _ = portal.sign_in_by_link(self.node, link, "carol@partner.example")
        page = carol.submit(carol.get(f"/message/{link.rsplit('/', 1)[1]}/reply"), r"/reply$", text=ANSWER)
        assert page.status == 200 and "sent=1" in page.url
        (answer,) = [m for m in self.node.json("message", "list") if m["sender"] == "carol@partner.example"]
        return carol, page.path, answer["id"]

    def events(self, message):
        return [e["event"] for e in self.node.json("message", "show", message)[0]["events"]]

    def check_outside(self):
        """Nothing but notifications and codes went out, none of them with content."""
        wait.until(lambda: self.node.json("queue", "list") == [], "an empty queue")
        for t in self.outside.taken:
            assert t.sender.startswith("r-") and t.recipients == ["carol@partner.example"]
            assert b"forty-two" not in t.data

    def close(self):
        self.node.close()
        for server in (self.outside, self.inside, self.postfix):
            if server:
                server.close()


def test_an_answer_that_bounces_later_is_an_event_and_read_in_the_portal(world):
    world.begin(NOBODY)
    carol, page, answer = world.carol_answers()
    wait.until(lambda: "delivery.bounced" in world.events(answer), "the bounce", 60)
    assert "delivery.sent" in world.events(answer)
    shown = carol.get(page).text
    assert "waits in the portal" in shown and "5.1.1" not in shown and "Delivered to" not in shown
    alice, _ = portal.sign_in_by_password(world.node, "alice@acme.example")
    inbox = alice.get("/inbox")
    assert "Re: Offer" in inbox.text
    assert ANSWER in alice.get(next(l for l in inbox.links if l.startswith("/message/"))).text
    world.check_outside()


@pytest.mark.parametrize("manners", RESPONDERS)
def test_an_out_of_office_answer_to_an_answer_is_an_event_and_goes_no_further(world, manners):
    world.begin(RESPONDERS[manners])
    carol, page, answer = world.carol_answers()
    event = "return.discarded" if manners == "polite" else "return.not-read-here"
    wait.until(lambda: event in world.events(answer), "the automatic answer", 60)
    shown = carol.get(page).text
    assert "Delivered to Acme’s mail server" in shown and "Could not be delivered" not in shown
    assert "I am away" not in shown and "away" not in carol.get("/inbox").text
    assert "delivery.bounced" not in world.events(answer)
    world.check_outside()


def test_a_notification_that_bounces_later_is_an_event_and_no_evidence_of_reading(world):
    world.postfix = Postfix(responder=NOBODY, routes={"partner.example": "responder:",
                                    "return.acme.example": f"smtp:[127.0.0.1]:{world.node.smtp_port}"})
    config = world.node.config
    config.write_text(config.read_text().replace(f":{world.outside.port}", f":{world.postfix.port}"))
    world.node.start()
    smtp.send(world.node.smtp_port, smtp.make(subject="Offer [secure]"))
    (message,) = world.node.json("message", "list")
    wait.until(lambda: "delivery.bounced" in world.events(message["id"]), "the bounce", 60)
    assert "delivery.sent" in world.events(message["id"]) and "body.shown" not in world.events(message["id"])
    wait.until(lambda: world.inside.to("alice@acme.example"), "the report to Alice")
    alice, _ = portal.sign_in_by_password(world.node, "alice@acme.example")
    sent = alice.get("/sent")
    shown = alice.get(next(l for l in sent.links if l.startswith("/message/"))).text
    assert "Not delivered" in shown and "5.1.1" in shown and "Read " not in shown
    assert "1 mail not delivered" in sent.text
    assert [u["recipients"] for u in world.node.json("licence", "usage")] == [1], "what bounced stays counted (R11)"


def forged(address):
    return (f"From: mailer-daemon@evil.example\r\nTo: {address}\r\nSubject: failed\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; evil.example\r\n\r\n"
            "Final-Recipient: rfc822; carol@partner.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n").encode()


def test_a_forged_bounce_changes_nothing(world):
    world.node.start()
    smtp.send(world.node.smtp_port, smtp.make(subject="Offer [secure]"))
    sender = wait.until(lambda: world.outside.to("carol@partner.example"), "the notification")[0].sender
    (message,) = world.node.json("message", "list")
    wait.until(lambda: world.node.json("queue", "list") == [], "an empty queue")
    before = world.node.json("message", "show", message["id"])
    local, domain = sender.split("@")
    other = "b" if local[-1] != "b" else "c"
    tagless = local.rsplit("-", 1)[0]
    for address in (f"{local[:-1]}{other}@{domain}", f"{tagless}@{domain}", f"{tagless}-@{domain}",
                    f"r-{'a' * 26}-{local.rsplit('-', 1)[1]}@{domain}", f"secure@{domain}", f"r-@{domain}"):
        with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused)):
            smtp.send(world.node.smtp_port, forged(address), sender="", recipients=[address])
    assert world.node.json("message", "show", message["id"]) == before
    assert not world.inside.taken
    smtp.send(world.node.smtp_port, forged(sender), sender="", recipients=[sender])  # the right one counts
    assert "delivery.bounced" in world.events(message["id"])


def test_a_bounce_comes_from_servers_that_are_no_source(world):
    """As all that are on the internet."""
    for source in world.node.json("source", "list"):
        world.node.run("source", "remove", source["id"])
    world.node.run("source", "add", "--network", "127.0.0.2/32")
    world.node.start()
    smtp.send(world.node.smtp_port, smtp.make(subject="Offer [secure]"), source="127.0.0.2")
    sender = wait.until(lambda: world.outside.to("carol@partner.example"), "the notification")[0].sender
    with pytest.raises(smtplib.SMTPDataError):  # a person's answer
        smtp.send(world.node.smtp_port, b"From: c@partner.example\r\n\r\nThanks\r\n", "c@partner.example", [sender])
    smtp.send(world.node.smtp_port, forged(sender), sender="", recipients=[sender])
    (message,) = world.node.json("message", "list")
    assert "delivery.bounced" in world.events(message["id"])


WORDS = {
    "qmail": ("", "Hi. This is the qmail-send program at partner.example.\r\n\r\n<carol@partner.example>:\r\n"
                  "Sorry, no mailbox here by that name. (#5.1.1)\r\n"),
    "exim": ("X-Failed-Recipients: carol@partner.example\r\n", "Nachricht unzustellbar: 550 5.1.1 unbekannt\r\n"),
    "exchange": ("", "Your message\r\n\r\n  To: Carol\r\n\r\ndid not reach the following recipient(s):\r\n\r\n"
                     "carol@partner.example 5.1.1\r\n"),
}


@pytest.mark.parametrize("form", WORDS)
def test_r12_a_bounce_in_words_is_told_to_the_sender_and_one_with_a_return_path_is_not(world, form):
    world.node.start()
    smtp.send(world.node.smtp_port, smtp.make(subject="Offer [secure]"))
    address = wait.until(lambda: world.outside.to("carol@partner.example"), "the notification")[0].sender
    (message,) = world.node.json("message", "list")
    wait.until(lambda: world.node.json("queue", "list") == [], "an empty queue")
    header, text = WORDS[form]
    mail = f"From: x@partner.example\r\nTo: {address}\r\nPrecedence: bulk\r\n{header}\r\n{text}".encode()
    smtp.send(world.node.smtp_port, mail, sender="x@partner.example", recipients=[address])
    assert "delivery.bounced" not in world.events(message["id"])
    smtp.send(world.node.smtp_port, mail, sender="", recipients=[address])
    assert "delivery.bounced" in world.events(message["id"])
    wait.until(lambda: world.inside.to("alice@acme.example"), "the report to Alice")
    alice, _ = portal.sign_in_by_password(world.node, "alice@acme.example")
    shown = alice.get(next(l for l in alice.get("/sent").links if l.startswith("/message/"))).text
    assert "Not delivered" in shown and "5.1.1" in shown and "Read " not in shown
