"""No delivery ends without a word (R12, R14): expired, lost, and given back."""

import email
import email.policy
import smtplib

import pytest
from support import commands, rows, smtp, wait
from support.mail_server import MailServer
from support.node import Node

HOUR = 3600 * 1000
LATER = "450 4.2.1 mailbox busy"


class World:
    """A node that hands mail for inside and outside to one mail server."""

    def __init__(self, binary, database):
        self.server = MailServer()
        self.node = Node(binary, database, values={"outbox": None, "delivery": "smart_host"},
                         sections=[f'smart_host {{\n  address = "127.0.0.1:{self.server.port}"\n}}']).make_acme()
        self.node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{self.server.port}")
        self.node.start()

    def send(self, *recipients, **more):
        smtp.send(self.node.smtp_port, smtp.make(to=list(recipients), **more))

    def waiting(self):
        return self.node.json("queue", "list")

    def wait_for_tries(self, times=1):
        wait.until(lambda: all(d["attempts"] >= times and not d["is_tried"] for d in self.waiting()), "all to be tried")

    def delivery(self, recipient):
        return [d for d in self.node.json("queue", "list", "--all")
                if d["recipient"] == recipient and d["kind"] != "report"][0]

    def wait_for(self, recipient, state):
        wait.until(lambda: self.delivery(recipient)["state"] == state, f"{recipient} {state}")

    def events(self, recipient):
        message = self.node.json("message", "show", self.delivery(recipient)["message"])[0]
        return [e["event"] for e in message["events"]]

    def report_mail_on(self, recipient):
        """The fields of the recipient and the one report on it to Alice, as a mail."""
        def reports():
            found = []
            for t in self.server.to("alice@acme.example"):
                mail = email.message_from_bytes(t.data, policy=email.policy.default)
                status = [p for p in mail.walk() if p.get_content_type() == "message/delivery-status"]
                if status and recipient in status[0].get_payload()[1]["Final-Recipient"]:
                    found.append((status[0].get_payload()[1], mail))
            return found
        (report,) = wait.until(reports, f"a report on {recipient}")
        return report

    def report_on(self, recipient):
        """The same with its text for people."""
        fields, mail = self.report_mail_on(recipient)
        return fields, mail.get_body(("plain",)).get_content()

    def close(self):
        self.node.kill()
        self.node.close()
        self.server.close()


def test_r12_r14_what_expires_before_it_is_delivered_is_told_and_relayed_mail_does_not_expire(world):
    node, server = world.node, world.server
    node.run("definition", "add", "OneDay", "--expire-days", "1")
    node.run("policy", "add", "--from", "internal", "--to", "domain:partner.example", "--definition", "OneDay")
    recipients = ["x@other.example", "carol@partner.example", "bob@acme.example"]
    server.rcpt = dict.fromkeys(recipients, LATER)
    world.send(*recipients, subject="Figures")
    world.wait_for_tries()
    node.move_clock(25 * HOUR)
    for recipient in recipients[1:]:
        world.wait_for(recipient, "cancelled")
        of_recipient, text = world.report_on(recipient)
        assert (of_recipient["Action"], of_recipient["Status"]) == ("failed", "4.4.7")
        assert "expired before it could be delivered" in of_recipient["Diagnostic-Code"] and "expired" in text
    assert world.events("bob@acme.example").count("delivery.cancelled") == 2
    world.wait_for_tries()
    assert [d["recipient"] for d in world.waiting()] == ["x@other.example"]
    server.rcpt = {}
    node.move_clock(5 * HOUR)
    world.wait_for("x@other.example", "sent")
    assert b"forty-two" in server.to("x@other.example")[0].data
    assert rows.query(node, "select count(*) from wrap where holder_id = message_id") == [("0",)]


def keys_of_the_queue(node):
    return rows.query(node, "select count(*) from wrap where holder_id = message_id")[0][0]


def test_r4_r12_relayed_mail_outlives_a_recall_with_the_key_that_the_queue_needs_for_it(world):
    node, server = world.node, world.server
    node.run("policy", "add", "--from", "internal", "--to", "domain:partner.example", "--definition", "Default")
    server.rcpt = dict.fromkeys(["x@other.example", "carol@partner.example"], LATER)
    world.send("x@other.example", "carol@partner.example", subject="Figures")
    world.wait_for_tries()
    node.run("message", "recall", commands.message_id(node), "--reason", "Wrong price")
    world.wait_for("carol@partner.example", "cancelled")
    world.wait_for_tries(2)  # a recall tries what is left of the mail at once
    assert keys_of_the_queue(node) == "1"
    server.rcpt = {}
    node.move_clock(5 * HOUR)
    world.wait_for("x@other.example", "sent")
    assert b"forty-two" in server.to("x@other.example")[0].data and not server.to("carol@partner.example")
    assert keys_of_the_queue(node) == "0"


def test_r6_a_recall_destroys_the_queues_key_at_once_where_nothing_else_needs_it(world):
    node = world.node
    world.server.rcpt = dict.fromkeys(["bob@acme.example", "carol@partner.example"], LATER)
    world.send("bob@acme.example", "carol@partner.example", subject="Offer [secure]")
    world.wait_for_tries()
    node.stop()  # so that nobody but the recall takes the key
    assert keys_of_the_queue(node) == "1"
    node.run("message", "recall", commands.message_id(node), "--reason", "Wrong price")
    assert keys_of_the_queue(node) == "0"
    node.start()
    for recipient in ("bob@acme.example", "carol@partner.example"):
        world.wait_for(recipient, "cancelled")


@pytest.mark.parametrize("lost", ["wrap", "message_content"])
def test_r12_mail_whose_key_or_content_is_lost_comes_back_and_is_an_error(world, lost):
    world.server.rcpt = {"bob@acme.example": LATER}
    world.send("bob@acme.example", subject="Offer [secure]")
    world.wait_for_tries()
    rows.query(world.node, f"delete from {lost}")
    world.node.move_clock(HOUR)
    world.wait_for("bob@acme.example", "failed")
    assert world.report_on("bob@acme.example")[0]["Action"] == "failed"
    assert "delivery.failed" in world.events("bob@acme.example")
    assert "cannot open" in world.node.log()


BOUNCE = """From: mailer-daemon@partner.example
To: {0}
Subject: failed
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

It failed.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; partner.example

Final-Recipient: rfc822; carol@partner.example
Action: failed
Status: 5.1.1

--b--
"""


@pytest.mark.parametrize("subject, shows, named", [
    ("Lunch on Friday, größer", "no", True),
    ("Offer [secure]", "no", False),
    ("Offer [secure]", "yes", True),
])
def test_r14_a_report_says_which_mail_it_is_about(world, subject, shows, named):
    """By its subject, where ordinary mail may show that, and so that mail programs put it beside the mail."""
    world.node.run("account", "set", "notification_subject", shows)
    world.server.rcpt = {"carol@partner.example": "550 5.1.1 nobody here"}
    world.send("carol@partner.example", subject=subject, message_id="<figures.1@acme.example>")
    _, mail = world.report_mail_on("carol@partner.example")
    assert mail["In-Reply-To"] == mail["References"] == "<figures.1@acme.example>"
    (header,) = [p.get_payload() for p in mail.walk() if p.get_content_type() == "text/rfc822-headers"]
    original = email.message_from_string(header, policy=email.policy.default)
    assert original["Message-ID"] == "<figures.1@acme.example>"
    title = subject.removesuffix(" [secure]")
    assert original["Subject"] == (title if named else None)
    assert (f"Subject: {title}" in mail.get_body(("plain",)).get_content()) == named
    assert ("Offer" in mail.as_string()) == (named and title == "Offer")


def bounce_to(address):
    return BOUNCE.format(address).replace("\n", "\r\n").encode()


def test_r12_a_bounce_that_is_faster_than_the_answer_to_its_mail_counts(world):
    def send_back(transaction):
        if transaction.recipients == ["carol@partner.example"]:
            smtp.send(world.node.smtp_port, bounce_to(transaction.sender), sender="", recipients=[transaction.sender])
    world.server.before_end = send_back
    world.send("carol@partner.example", subject="Offer [secure]")
    assert world.report_on("carol@partner.example")[0]["Status"] == "5.1.1"
    wait.until(lambda: "notification id=" in world.node.log(), "the end of the try")
    assert world.delivery("carol@partner.example")["state"] == "failed"
    assert [e for e in world.events("carol@partner.example") if e.startswith("delivery")] == ["delivery.bounced"]


def test_r12_a_bounce_in_a_mail_that_is_refused_is_not_counted(world):
    """What becomes of a mail, for its recipients and for our own addresses, becomes so as a whole."""
    world.send("carol@partner.example", subject="Offer [secure]")
    notification = wait.until(lambda: world.server.to("carol@partner.example"), "the notification")[0]
    world.wait_for("carol@partner.example", "sent")
    bounce = bounce_to(notification.sender).replace(b"From: mailer-daemon@partner.example", b"From: alice@acme.example")
    for _ in range(2):  # the sender's server tries again
        with pytest.raises(smtplib.SMTPDataError):
            smtp.send(world.node.smtp_port, bounce.replace(b"Subject: ", b"Subject: [secure:nope] "),
                      recipients=[notification.sender, "bob@acme.example"])
    assert "delivery.bounced" not in world.events("carol@partner.example")
    assert world.delivery("carol@partner.example")["state"] == "sent"
    smtp.send(world.node.smtp_port, bounce, recipients=[notification.sender, "bob@acme.example"])
    assert world.events("carol@partner.example").count("delivery.bounced") == 1
    assert world.delivery("carol@partner.example")["state"] == "failed"
    wait.until(lambda: world.server.to("bob@acme.example"), "Bob's mail")


@pytest.mark.parametrize("end, state", [("451 4.3.0 not now", "waiting"), ("550 5.7.1 no", "waiting"),
                                        ("250 2.0.0 taken", "sent")])
def test_r12_the_end_of_what_another_node_holds_counts_only_when_the_mail_was_sent(world, end, state):
    def give_it_to_another(_):
        other = "x'{}'" if world.node.database.startswith("sqlite:") else "'\\x{}'"
        rows.query(world.node, "update delivery set attempts = 2, holder_id = " + other.format("0f" * 16))
    world.server.end, world.server.before_end = end, give_it_to_another
    world.send("x@other.example", subject="Plain")
    wait.until(lambda: "outcome=" in world.node.log(), "the end of the try")
    world.server.before_end = lambda transaction: None
    delivery = world.delivery("x@other.example")
    assert delivery["state"] == state and delivery["attempts"] == 2
    assert rows.query(world.node, "select count(holder_id) from delivery where kind = 1") == [("1" if state == "waiting" else "0",)]
    assert ("delivery.sent" in world.events("x@other.example")) == (state == "sent")
    assert "delivery.failed" not in world.events("x@other.example")
