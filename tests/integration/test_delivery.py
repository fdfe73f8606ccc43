"""Mail goes out: by MX from a signed zone, with retries, reports, shared transactions, and TLS as rule R2 asks."""

import email
import email.policy
import re

import pytest
from support import maildir, portal, rows, smtp, wait
from support.browser import Browser
from support.certificates import Authority
from support.commands import Sender
from support.mail_server import MailServer
from support.name_server import NameServer
from support.node import Node

HOUR = 3600 * 1000

RECORDS = [
    "two MX 10 dead.two", "two MX 20 alive.two", "dead.two A 127.0.0.7", "alive.two A 127.0.0.1",
    "null MX 0 .",
    "plain A 127.0.0.1", "xn--bcher-kva A 127.0.0.1",
    "hanging MX 10 mx.hanging", "mx.hanging A 127.0.0.8", "*.many MX 10 mx.hanging",
    "forged MX 10 mx.forged", "mx.forged A 127.0.0.1",
    "half MX 10 mx.half", "mx.half A 127.0.0.1", "mx.half AAAA 2001:db8::2",
]


class World:
    """A node that delivers directly, the internet (one mail server for all MX, one that hangs) and Acme's own server."""

    def __init__(self, binary, database, **settings):
        self.names = NameServer(RECORDS, forged=[("10 mx.forged.net.example.", "10 alive.two.net.example."), ("2001:db8::2", "2001:db8::3")])
        self.outside, self.inside = MailServer(), MailServer()
        self.hanging = MailServer("127.0.0.8", self.outside.port)
        self.hanging.silent = True
        self.node = Node(binary, database, values={"outbox": None, "delivery": "direct"},
                         sections=[self.names.section(self.outside.port)], **settings).make_acme()
        self.node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{self.inside.port}")
        self.node.start()

    def send(self, *recipients, subject="Plain", options=(), rcpt_options=(), **more):
        mail = smtp.make(subject=subject, to=list(recipients), **more)
        smtp.send(self.node.smtp_port, mail, recipients=list(recipients), options=options, rcpt_options=rcpt_options)
        return mail

    def delivery(self, recipient, kind=None):
        found = [d for d in self.node.json("queue", "list", "--all")
                 if d["recipient"] == recipient and kind in (None, d["kind"])]
        return found[0] if found else None

    def wait_for(self, recipient, state, **more):
        return wait.until(lambda: (d := self.delivery(recipient)) and d["state"] == state and not d["is_tried"] and
                          all(d[k] >= v for k, v in more.items()) and d, f"{recipient} {state}", 60)

    def reports(self, to="alice@acme.example"):
        """The delivery-status part of each report, as (fields of the mail, fields of the recipient, the mail)."""
        result = []
        for t in self.inside.to(to):
            mail = email.message_from_bytes(t.data, policy=email.policy.default)
            if mail.get_content_type() != "multipart/report":
                continue
            assert t.sender == ""
            status = [p for p in mail.walk() if p.get_content_type() == "message/delivery-status"][0]
            result.append((status.get_payload()[0], status.get_payload()[1], mail))
        return result

    def report_on(self, recipient, action):
        return wait.until(lambda: [r for r in self.reports()
                                   if recipient in r[1]["Final-Recipient"] and r[1]["Action"] == action],
                          f"a report that {recipient} {action}")[0]

    def close(self):
        for server in (self.outside, self.inside, self.hanging, self.names):
            server.close()
        self.node.kill()
        self.node.close()


@pytest.fixture
def sqlite_world(binary):
    world = World(binary, None)
    yield world
    world.close()


def test_the_second_mx_is_tried_when_the_first_is_dead(sqlite_world):
    sqlite_world.send("carol@two.net.example")
    done = sqlite_world.wait_for("carol@two.net.example", "sent")
    assert "alive.two.net.example" in done["host"]
    assert sqlite_world.outside.to("carol@two.net.example")


def test_a_domain_without_mx_is_reached_by_its_address(sqlite_world):
    sqlite_world.send("carol@plain.net.example")
    sqlite_world.wait_for("carol@plain.net.example", "sent")


def test_an_international_domain_is_looked_up_as_dns_has_it(sqlite_world):
    sqlite_world.outside.utf8 = True
    sqlite_world.send("carol@B\u00fccher.net.example", options=["SMTPUTF8"])
    sqlite_world.wait_for("carol@B\u00fccher.net.example", "sent")
    sqlite_world.node.run("destination", "add", "b\u00fccher.net.example")
    for address in ("dave@b\u00fccher.net.example", "erin@xn--bcher-kva.net.example"):
        sqlite_world.send(address, options=["SMTPUTF8"])
        assert "TLS is required" in sqlite_world.wait_for(address, "waiting", attempts=1)["last_reply"]


def test_a_host_without_a_good_ipv6_address_is_reached_by_its_other_one(sqlite_world):
    sqlite_world.send("carol@half.net.example")
    assert "mx.half.net.example" in sqlite_world.wait_for("carol@half.net.example", "sent")["host"]


@pytest.mark.parametrize("domain, status", [("null.net.example", "5.1.10"), ("no-such-domain.net.example", "5.1.2")])
def test_a_domain_that_takes_no_mail_is_reported_at_once(sqlite_world, domain, status):
    sqlite_world.send(f"carol@{domain}")
    sqlite_world.wait_for(f"carol@{domain}", "failed")
    of_mail, of_recipient, mail = sqlite_world.report_on(f"carol@{domain}", "failed")
    assert of_recipient["Status"] == status and of_mail["Reporting-MTA"]
    assert of_recipient["Diagnostic-Code"].startswith("x-sealpost; the domain ")
    assert mail["Auto-Submitted"] == "auto-replied"


def test_a_forged_answer_is_not_believed(sqlite_world):
    sqlite_world.send("carol@forged.net.example")
    waiting = sqlite_world.wait_for("carol@forged.net.example", "waiting", attempts=1)
    wait.until(lambda: "DNSSEC" in sqlite_world.delivery("carol@forged.net.example")["last_reply"], "the reason")
    assert waiting["state"] == "waiting" and not sqlite_world.outside.to("carol@forged.net.example")


def test_4xx_is_tried_again_and_5xx_goes_back_for_that_recipient_alone(world):
    world.outside.rcpt = {"later@two.net.example": "450 4.2.1 mailbox busy", "never@two.net.example": "550 5.1.1 nobody here"}
    world.send("carol@two.net.example", "later@two.net.example", "never@two.net.example", options=["ENVID=order+2B7"])
    world.wait_for("carol@two.net.example", "sent")
    world.wait_for("never@two.net.example", "failed")
    world.wait_for("later@two.net.example", "waiting", attempts=1)
    of_mail, of_recipient, _ = world.report_on("never@two.net.example", "failed")
    assert "nobody here" in of_recipient["Diagnostic-Code"] and of_mail["Original-Envelope-Id"] == "order+7"
    world.outside.rcpt = {}
    world.node.move_clock(2 * 60 * 1000)
    world.wait_for("later@two.net.example", "sent", attempts=2)
    assert len(world.outside.to("carol@two.net.example")) == 1  # who had it gets it no second time
    assert len(world.reports()) == 1


def test_a_hanging_server_of_many_domains_does_not_hold_up_the_others(binary):
    world = World(binary, None, limits={"delivery_workers": 3, "deliveries_per_destination": 2})
    try:
        for i in range(60):  # more than wait in the node
            world.send(f"r@d{i}.many.net.example")
        wait.until(lambda: world.hanging.connections == 2 and
                   sum(not d["is_tried"] for d in world.node.json("queue", "list")) >= 60 - 2 - 3 * 16,
                   "two to hang and the others to wait")
        world.send("carol@two.net.example")
        world.wait_for("carol@two.net.example", "sent")
        assert world.hanging.connections == 2
        queue = world.node.json("queue", "list")
        assert sum(d["attempts"] for d in queue if not d["is_tried"]) == 0  # what was given back was not tried
        world.hanging.silent = False
        world.hanging.drop_connections()

        def all_came():  # those that were given back late, and the two that hung, wait longer than the others
            world.node.move_clock(1000)
            return {r for t in world.hanging.taken for r in t.recipients} == {f"r@d{i}.many.net.example" for i in range(60)}
        wait.until(all_came, "all to come once it does not hang", 60)
    finally:
        world.close()


def test_a_hanging_server_does_not_hold_up_other_destinations(sqlite_world):
    for _ in range(30):
        sqlite_world.send(*[f"r{i}@hanging.net.example" for i in range(10)])
    wait.until(lambda: sqlite_world.hanging.connections >= 5, "connections to the server that hangs")
    sqlite_world.send("carol@two.net.example")
    sqlite_world.wait_for("carol@two.net.example", "sent")
    assert sqlite_world.hanging.connections <= 5  # deliveries_per_destination


def test_recipients_of_one_server_share_a_transaction_and_mails_a_connection(sqlite_world):
    people = [f"r{i}@two.net.example" for i in range(90)]
    sqlite_world.send(*people)
    wait.until(lambda: len(sqlite_world.outside.taken) and
               all(d["state"] == "sent" for d in sqlite_world.node.json("queue", "list", "--all")), "all to be sent")
    assert len(sqlite_world.outside.taken) == 1 and sorted(sqlite_world.outside.taken[0].recipients) == sorted(people)
    before = sqlite_world.outside.connections
    for i in range(20):
        sqlite_world.send("carol@two.net.example", text=f"mail {i}\r\n")
    wait.until(lambda: len(sqlite_world.outside.to("carol@two.net.example")) == 20, "twenty mails")
    assert sqlite_world.outside.connections - before <= 5


def test_a_server_that_ended_an_idle_connection_costs_no_try(sqlite_world):
    sqlite_world.send("carol@two.net.example")
    sqlite_world.wait_for("carol@two.net.example", "sent")
    sqlite_world.outside.drop_connections()
    sqlite_world.send("dave@two.net.example")
    assert sqlite_world.wait_for("dave@two.net.example", "sent")["attempts"] == 1


def test_a_delay_is_told_once(sqlite_world):
    sqlite_world.outside.rcpt = {"carol@two.net.example": "450 4.2.1 mailbox busy"}
    sqlite_world.send("carol@two.net.example")
    sqlite_world.wait_for("carol@two.net.example", "waiting", attempts=1)
    assert not sqlite_world.reports()
    for attempts in (2, 3):
        sqlite_world.node.move_clock(5 * HOUR)
        sqlite_world.wait_for("carol@two.net.example", "waiting", attempts=attempts)
    of_recipient = sqlite_world.report_on("carol@two.net.example", "delayed")[1]
    assert of_recipient["Will-Retry-Until"] and of_recipient["Status"].startswith("4.")
    sqlite_world.node.move_clock(5 * 24 * HOUR)
    sqlite_world.wait_for("carol@two.net.example", "failed")
    sqlite_world.report_on("carol@two.net.example", "failed")
    assert len(sqlite_world.reports()) == 2
    assert [e["event"] for e in sqlite_world.node.json("message", "events")].count("delivery.delayed") == 1


def test_notify_never_means_no_report(sqlite_world):
    sqlite_world.send("carol@null.net.example", rcpt_options=["NOTIFY=NEVER"])
    sqlite_world.send("dave@null.net.example")
    sqlite_world.wait_for("carol@null.net.example", "failed")
    sqlite_world.report_on("dave@null.net.example", "failed")
    assert len(sqlite_world.reports()) == 1


def test_success_of_a_secured_mail_is_reported_as_relayed(world):
    world.send("carol@two.net.example", subject="Offer [secure]",
               rcpt_options=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;carol@two.net.example"])
    of_recipient = world.report_on("carol@two.net.example", "relayed")[1]
    assert of_recipient["Original-Recipient"] == "rfc822;carol@two.net.example" and of_recipient["Status"] == "2.0.0"
    assert not [r for r in world.reports() if r[1]["Action"] == "delivered"]


@pytest.mark.parametrize("given, shown", [
    ("rfc822;carol+2Bnews+3D@two.net.example", "rfc822;carol+news=@two.net.example"),
    ("utf-8;J\\x{F6}rg@two.net.example", "utf-8;J\\x{F6}rg@two.net.example"),
    ("utf-8;J\u00f6rg@two.net.example", "utf-8;J\\x{F6}rg@two.net.example"),
    ("rfc822;J+C3+B6rg@two.net.example", "rfc822;J+C3+B6rg@two.net.example"),  # no ASCII: stays xtext
    ("rfc822;x+0D+0AStatus:+205.0.0", "rfc822;x+0D+0AStatus:+205.0.0"),
])
def test_a_report_names_the_original_recipient_without_xtext(sqlite_world, given, shown):
    sqlite_world.send("carol@two.net.example", subject="Offer [secure]",
                      rcpt_options=["NOTIFY=SUCCESS", f"ORCPT={given}"], options=[] if given.isascii() else ["SMTPUTF8"])
    of_recipient = sqlite_world.report_on("carol@two.net.example", "relayed")[1]
    assert (of_recipient["Original-Recipient"], of_recipient["Status"]) == (shown, "2.0.0")


def test_a_report_names_an_international_recipient_in_ascii(sqlite_world):
    """RFC 6533 3."""
    sqlite_world.send("J\u00f6rg+x@null.net.example", options=["SMTPUTF8"])
    of_recipient, mail = sqlite_world.report_on("@null.net.example", "failed")[1:]
    assert of_recipient["Final-Recipient"] == "utf-8; J\\x{F6}rg\\x{2B}x@null.net.example"
    assert mail.as_bytes().isascii()


def test_success_of_a_relayed_mail_is_reported_by_whoever_knows_it(sqlite_world):
    sqlite_world.send("carol@two.net.example", rcpt_options=["NOTIFY=SUCCESS"])
    assert sqlite_world.report_on("carol@two.net.example", "relayed")
    sqlite_world.outside.dsn = True
    wait.until(lambda: sqlite_world.node.json("queue", "list") == [], "an empty queue")
    sqlite_world.outside.drop_connections()  # they knew of no DSN
    sqlite_world.send("dave@two.net.example", rcpt_options=["NOTIFY=SUCCESS"])
    sqlite_world.wait_for("dave@two.net.example", "sent")
    assert any("NOTIFY=SUCCESS" in c for _, c in sqlite_world.outside.commands)
    assert len(sqlite_world.reports()) == 1


def test_a_notification_that_cannot_be_delivered_is_told_to_the_sender(world):
    world.outside.rcpt = {"never@two.net.example": "550 5.1.1 nobody here"}
    world.send("never@two.net.example", subject="Offer [secure]")
    _, of_recipient, mail = world.report_on("never@two.net.example", "failed")
    text = mail.get_body(("plain",)).get_content()
    assert of_recipient["Diagnostic-Code"] == "smtp; 550 5.1.1 nobody here" and of_recipient["Status"] == "5.1.1"
    assert "is kept" in text
    assert "Offer" not in mail.as_string()


def test_lines_go_out_as_they_came_in(sqlite_world):
    lines = [b"From: alice@acme.example", b"To: carol@two.net.example", b"Subject: dots", b"", b".", b"..", b".leading", b"last"]
    smtp.send(sqlite_world.node.smtp_port, b"\r\n".join(lines) + b"\r\n", recipients=["carol@two.net.example"])
    data = wait.until(lambda: sqlite_world.outside.to("carol@two.net.example"), "the mail")[0].data
    assert b"\r\n\r\n..\r\n...\r\n..leading\r\nlast\r\n" in data
    assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


BAD_TLS = {
    "no-starttls": lambda server, authority: setattr(server, "context", None),
    "refused": lambda server, authority: setattr(server, "starttls_reply", "454 4.7.0 not now"),
    "self-signed": lambda server, authority: setattr(server, "context", authority.context("localhost", "self-signed")),
    "expired": lambda server, authority: setattr(server, "context", authority.context("localhost", "expired")),
    "wrong-name": lambda server, authority: setattr(server, "context", authority.context("other.example")),
}


def tls_node(binary, authority, server, how="always"):
    node = Node(binary, values={"outbox": None, "delivery": "smart_host"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{wait.free_port()}"\n}}']).make_acme()
    text = node.config.read_text().replace("tls {", f'tls {{\n  authorities = "{authority.file}"')
    node.config.write_text(text)
    node.run("domain", "set", "acme.example", "--next-hop", f"localhost:{server.port}", "--tls", how)
    return node.start()


@pytest.mark.parametrize("fault", BAD_TLS)
def test_r2_content_goes_to_a_mail_server_only_by_verified_tls(binary, authority, fault):
    server = MailServer()
    BAD_TLS[fault](server, authority)
    node = tls_node(binary, authority, server)
    try:
        mail = smtp.make(subject="Offer [secure]", to="bob@acme.example, carol@partner.example")
        smtp.send(node.smtp_port, mail)
        waiting = wait.until(lambda: [d for d in node.json("queue", "list") if d["kind"] == "internal-copy" and
                                      d["last_reply"]], "a try")[0]
        assert waiting["state"] == "waiting"
        assert server.content_bytes == 0 and not any(c.startswith("MAIL") for _, c in server.commands)
        server.starttls_reply, server.context = None, authority.context("localhost")
        node.run("queue", "retry", waiting["id"])
        taken = wait.until(lambda: server.to("bob@acme.example"), "Bob's mail, once the server is mended")[0]
        got = email.message_from_bytes(taken.data, policy=email.policy.default)
        assert taken.tls and "forty-two" in maildir.text_of(got)
        message = [m for m in node.json("message", "list") if m["kind"] == "secured"][0]
        done = wait.until(lambda: [d for d in node.json("message", "show", message["id"])[0]["deliveries"]
                                   if d["recipient"] == "bob@acme.example" and d["state"] == "sent"], "its end")[0]
        assert done["verified"] == "yes" and done["tls"].startswith("TLS1")
    finally:
        node.kill()
        node.close()
        server.close()


def test_r2_a_destination_that_was_kept_as_it_was_typed_still_counts_and_can_be_removed(sqlite_world):
    """As earlier builds kept an international name."""
    node, domain = sqlite_world.node, "b\u00fccher.net.example"
    node.run("destination", "add", domain)
    node.stop()
    rows.execute(node, [f"UPDATE destination SET domain = '{domain}'"])
    node.start()
    sqlite_world.send(f"dave@{domain}", options=["SMTPUTF8"])
    assert "TLS is required" in sqlite_world.wait_for(f"dave@{domain}", "waiting", attempts=1)["last_reply"]
    node.run("destination", "remove", domain)
    assert node.json("destination", "list") == []


def test_r2_what_the_portal_sends_goes_to_a_mail_server_only_by_verified_tls(binary, authority):
    """An own copy (R10) and an answer, which its recipient gets by the mail server too."""
    server = MailServer()
    node = tls_node(binary, authority, server)
    try:
        node.run("account", "set", "send_bcc_to_mail_server", "yes")
        node.run("definition", "set", "Default", "--all-recipients", "yes")
        portal.compose(portal.sign_in_by_password(node, "alice@acme.example")[0], to="bob@acme.example", subject="Lunch", text="Noon?")
        bob, _ = portal.sign_in_by_password(node, "bob@acme.example")
        message, = {link for link in bob.get("/inbox").links if link.startswith("/message/")}
        bob.submit_files(bob.get(message + "/reply"), r"/reply$", [], text="Noon.")
        tried = lambda: [d for d in node.json("queue", "list", "--all") if d["kind"] in ("own-copy", "reply") and d["last_reply"]]
        waiting = wait.until(lambda: len(tried()) == 3 and tried(), "the copies of both and the answer to be tried")
        assert {d["kind"] for d in waiting} == {"own-copy", "reply"}
        arrived = lambda: [m for m in server.taken if b"Lunch" in m.data]
        assert not arrived() and {d["state"] for d in waiting} == {"waiting"}
        server.context = authority.context("localhost")
        for delivery in waiting:
            node.run("queue", "retry", delivery["id"])
        wait.until(lambda: len(arrived()) == 3, "all three")
        assert all(m.tls for m in arrived())
    finally:
        node.kill()
        node.close()
        server.close()


@pytest.mark.parametrize("context", ["tls", "plain"])
def test_the_sender_sees_which_server_took_a_notification_and_how_safely(binary, authority, context):
    server = MailServer(context=authority.context("localhost") if context == "tls" else None)
    node = Node(binary, values={"outbox": None, "delivery": "smart_host"},
                sections=[f'smart_host {{\n  address = "localhost:{server.port}"\n}}']).make_acme()
    node.config.write_text(node.config.read_text().replace("tls {", f'tls {{\n  authorities = "{authority.file}"'))
    node.start()
    try:
        smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
        wait.until(lambda: [d for d in node.json("queue", "list", "--all") if d["state"] == "sent"], "the notification")
        shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", Sender(node).page().text))
        said = r"over TLS1\.\d, certificate verified" if context == "tls" else "without TLS"
        assert re.search(r"Notification sent \d+:\d\d · localhost \[127\.0\.0\.1\] · " + said, shown), shown
    finally:
        node.kill()
        node.close()
        server.close()



def test_r2_mail_to_a_destination_that_asks_for_tls_waits_without_and_comes_back(world):
    node = world.node
    node.run("destination", "add", "Two.Net.Example")
    assert [d["domain"] for d in node.json("destination", "list")] == ["two.net.example"]
    assert "sealpost domain" in node.run("destination", "add", "acme.example", code=6)
    world.send("carol@two.net.example", "dave@plain.net.example")
    world.send("erin@two.net.example", subject="Offer [secure]")
    for address in ("carol@two.net.example", "erin@two.net.example"):
        assert "TLS is required" in world.wait_for(address, "waiting", attempts=1)["last_reply"]
    world.wait_for("dave@plain.net.example", "sent")  # others are not concerned
    assert world.outside.to("carol@two.net.example") == world.outside.to("erin@two.net.example") == []
    node.move_clock(6 * 24 * 3600 * 1000)
    fields, recipient, mail = world.report_on("carol@two.net.example", "failed")
    assert "TLS is required" in mail.as_string()
    node.run("destination", "remove", "two.net.example")
    world.send("carol@two.net.example")
    world.wait_for("carol@two.net.example", "sent")
    assert "destination two.net.example" in " ".join(e["detail"] for e in node.json("message", "events"))


def test_r2_a_hop_loosened_by_name_is_an_event_and_a_warning(binary, authority):
    server = MailServer()
    node = tls_node(binary, authority, server, how="loosened")
    try:
        smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to="bob@acme.example, carol@partner.example"))
        wait.until(lambda: server.to("bob@acme.example"), "Bob's mail in clear")
        assert "loosened" in node.run("domain", "list")
        assert "acme.example" in node.run("check") and "TLS" in node.run("check")
    finally:
        node.kill()
        node.close()
        server.close()


@pytest.mark.parametrize("kind", ["delivery-status", "global-delivery-status"])
def test_a_notification_that_comes_back_later_is_told_to_the_sender_once(world, kind):
    world.send("carol@two.net.example", subject="Offer [secure]")
    notification = wait.until(lambda: world.outside.to("carol@two.net.example"), "the notification")[0]
    bounce = (f"From: mailer-daemon@two.net.example\r\nTo: {notification.sender}\r\nSubject: failed\r\n"
              "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
              'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
              f"--b\r\n\r\nIt failed.\r\n--b\r\nContent-Type: message/{kind}\r\n\r\n"
              "Reporting-MTA: dns; two.net.example\r\n\r\nFinal-Recipient: rfc822; carol@two.net.example\r\n"
              "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n").encode()
    wait.until(lambda: world.node.json("queue", "list") == [], "an empty queue")
    for _ in range(2):
        smtp.send(world.node.smtp_port, bounce, sender="", recipients=[notification.sender])
    assert world.report_on("carol@two.net.example", "failed")[1]["Status"] == "5.1.1"
    wait.until(lambda: world.node.json("queue", "list") == [], "an empty queue")
    assert len(world.reports()) == 1


def test_success_of_the_rest_of_a_mails_recipients_is_reported_too(sqlite_world):
    mail = smtp.make(subject="Offer [secure]", to=["carol@two.net.example", "dave@two.net.example"])
    for recipient in ("carol", "dave", "dave"):
        smtp.send(sqlite_world.node.smtp_port, mail, recipients=[f"{recipient}@two.net.example"], rcpt_options=["NOTIFY=SUCCESS"])
    for recipient in ("carol", "dave"):
        sqlite_world.report_on(f"{recipient}@two.net.example", "relayed")
    wait.until(lambda: sqlite_world.node.json("queue", "list") == [], "an empty queue")
    assert len(sqlite_world.reports()) == 2


@pytest.mark.parametrize("tls", ["opportunistic", "verified"])
def test_words_behind_the_answer_to_starttls_end_the_connection(binary, tls):
    """Whoever sits between may add plain text to the server's 220 (CVE-2021-38371 and its kind)."""
    between = MailServer()
    between.starttls_reply = "220 2.0.0 go ahead\r\n250-between\r\n250 SIZE 1"
    node = Node(binary, values={"outbox": None},
                sections=(f'smart_host {{\n  address = "127.0.0.1:{between.port}"\n  tls = {tls}\n}}',)).make_acme().start()
    try:
        smtp.send(node.smtp_port, smtp.make(subject="Plain"))
        wait.until(lambda: [d for d in node.json("queue", "list", "--all") if d["attempts"] and d["last_reply"]], "a try", 60)
        used = {number for number, command in between.commands if command.startswith("STARTTLS")}
        said = [(n, c) for n, c in between.commands if n in used]
        assert used and all(c.startswith(("EHLO", "STARTTLS")) for _, c in said), said
        assert between.content_bytes == 0 or tls == "opportunistic"
        node.stop()
    finally:
        node.close()
        between.close()


def taken_with(server, address, pattern):
    """What the pattern finds in a mail to the address, once it is there."""
    def found():
        texts = [maildir.text_of(email.message_from_bytes(t.data, policy=email.policy.default)) for t in server.to(address)]
        return next((m for t in texts if (m := re.search(pattern, t))), None)
    return wait.until(found, f"{pattern} in a mail to {address}").group(0)


def test_r15_only_internal_people_see_what_the_mail_server_said(world):
    said = "550 5.1.1 no such mailbox on store17.acme.lan"
    world.send("carol@two.net.example", subject="Offer [secure]")
    carol = Browser(world.node)
    page = carol.submit(carol.get(taken_with(world.outside, "carol@two.net.example", r"https://\S+/m/\S+")), r"/code$")
    page = carol.submit(page, r"/code$", code=taken_with(world.outside, "carol@two.net.example", r"\b\d{4} \d{4}\b"))
    message = next(l for l in carol.get("/inbox").links if l.startswith("/message/"))
    world.inside.rcpt = {"alice@acme.example": said, "bob@acme.example": said}
    page = carol.submit_files(carol.get(message + "/reply"), r"/reply$", [], text="We take it.")
    wait.until(lambda: (d := world.delivery("alice@acme.example", "reply")) and d["state"] == "failed", "Alice's mail to fail")
    page = carol.get(page.path)
    assert "waits in the portal" in page.text and "store17" not in page.text

    alice, _ = portal.sign_in_by_password(world.node, "alice@acme.example")
    page = alice.submit_files(alice.get("/compose"), r"/compose$", [], to="bob@acme.example", subject="Lunch", text="Noon?")
    wait.until(lambda: (d := world.delivery("bob@acme.example", "internal-copy")) and d["state"] == "failed",
               "Bob's mail to fail")
    assert "store17" in alice.get(page.path).text


def test_r10_when_the_own_copy_fails_the_message_still_goes_and_its_sender_is_told(world):
    class Tagged(dict):
        """What has a return address of the node's own, as the copy has and the report about it has not."""

        def get(self, address, default=None):
            return "552 5.2.2 mailbox full" if address.startswith("r-") else default
    world.node.run("account", "set", "send_bcc_to_mail_server", "yes")
    world.inside.mail = Tagged()
    alice, _ = portal.sign_in_by_password(world.node, "alice@acme.example")
    portal.compose(alice, to="bob@acme.example, carol@two.net.example", subject="Lunch", text="Noon?")
    wait.until(lambda: (d := world.delivery("alice@acme.example", "own-copy")) and d["state"] == "failed", "the copy to fail")
    wait.until(lambda: (d := world.delivery("bob@acme.example", "internal-copy")) and d["state"] == "sent", "Bob's mail")
    wait.until(lambda: (d := world.delivery("carol@two.net.example", "notification")) and d["state"] == "sent", "Carol's")
    fields, recipient, mail = world.report_on("alice@acme.example", "failed")
    words = " ".join(maildir.text_of(mail).split())
    assert "only the copy for your own mailbox" in words and "check the address" not in words and "Noon?" not in mail.as_string()
    assert len(world.reports()) == 1


def test_mail_that_waits_goes_the_way_that_was_mended(binary, database):
    """A next hop is corrected while the node runs, the smart host by a restart; and R2: the new one's TLS rule holds."""
    inside, outside = MailServer(), MailServer()
    node = Node(binary, database, values={"outbox": None, "delivery": "smart_host"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{wait.free_port()}"\n}}']).make_acme().start()
    try:
        smtp.send(node.smtp_port, smtp.make(subject="plain", to="bob@acme.example"))
        smtp.send(node.smtp_port, smtp.make(subject="plain", to="carol@partner.example"))

        def waiting(tries):
            return wait.until(lambda: [d for d in node.json("queue", "list") if d["attempts"] == tries and not d["is_tried"]],
                              f"try {tries}")

        wait.until(lambda: len(waiting(1)) == 2, "both to wait")
        node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{inside.port}")
        node.stop()
        text = node.config.read_text()
        node.config.write_text(text[:text.index("smart_host {")] +
                               f'smart_host {{\n  address = "127.0.0.1:{outside.port}"\n  tls = verified\n}}\n')
        node.start()
        node.move_clock(2 * 60 * 1000)
        wait.until(lambda: inside.to("bob@acme.example"), "Bob's mail at the new next hop")
        left = waiting(2)
        assert left[0]["destination"] == f"127.0.0.1:{outside.port}" and "TLS is required" in left[0]["last_reply"]
        assert outside.content_bytes == 0
    finally:
        node.kill()
        node.close()
        inside.close()
        outside.close()
