"""A mail server splits a mail as it likes: in several transactions it is the same message as in one."""

import smtplib
import threading

import pytest
from support import maildir, portal, rows, smtp, wait
from support.mail_server import MailServer
from support.node import Node

HOUR = 3600 * 1000


def secure_partner(node, definition="Default", domain="partner.example"):
    node.run("policy", "add", "--from", "internal", "--to", f"domain:{domain}", "--definition", definition)


def split(node, *parts, **more):
    """Hands in one mail in as many transactions as there are parts, each a list of recipients."""
    mail = smtp.make(subject="Figures", to=[r for part in parts for r in part], **more)
    for part in parts:
        smtp.send(node.smtp_port, mail, recipients=part)
    return mail


def only_message(node):
    (message,) = node.json("message", "list")
    return node.json("message", "show", message["id"])[0]


RELAYED, SECURED = ["x@other.example"], ["carol@partner.example", "bob@acme.example"]


@pytest.mark.parametrize("parts", [[RELAYED, SECURED], [SECURED, RELAYED]], ids=["relayed-first", "secured-first"])
def test_r12_a_mail_relayed_in_part_is_one_secure_message_in_any_order(node, parts):
    secure_partner(node)
    split(node, *parts)
    link = portal.link_for(node, "carol@partner.example")
    plain = wait.until(lambda: node.outbox.to("x@other.example"), "the relayed mail")[0]
    assert maildir.text_of(plain).startswith("Hello Carol")
    copy = wait.until(lambda: node.outbox.to("bob@acme.example"), "Bob's copy")[0]
    assert maildir.text_of(copy).startswith("[") and "forty-two" in maildir.text_of(copy)
    message = only_message(node)
    assert message["kind"] == "secured" and message["definition"] == "Default" and message["expires"]
    assert {r["address"]: r["route"] for r in message["recipients"]} == {
        "carol@partner.example": "portal", "bob@acme.example": "mail-server"}
    assert "message.secured" in [e["event"] for e in message["events"]]
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    assert "Figures" in alice.get("/sent").text

    # When the content of relayed mail goes, this one's stays, and the queue's key to it is gone.
    smtp.send(node.smtp_port, smtp.make(subject="Relayed alone", to="y@other.example"))
    wait.until(lambda: node.outbox.to("y@other.example"), "the mail that is relayed alone")
    node.move_clock(26 * HOUR)
    wait.until(lambda: rows.query(node, "select count(*) from message_content") == [("1",)], "relayed content to go")
    assert rows.query(node, "select count(*) from wrap where holder_id = message_id") == [("0",)]
    carol, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    assert "forty-two" in carol.get("/message/" + link.rsplit("/", 1)[1]).text


def test_r2_the_organisations_own_part_of_a_secured_mail_is_no_relayed_mail(node):
    secure_partner(node)
    split(node, ["carol@partner.example"], ["bob@acme.example"])
    copy = wait.until(lambda: node.outbox.to("bob@acme.example"), "Bob's copy")[0]
    assert maildir.text_of(copy).startswith("[")
    assert [d["kind"] for d in only_message(node)["deliveries"]] == ["notification", "internal-copy"]


@pytest.mark.parametrize("parts", [[RELAYED, SECURED], [SECURED, RELAYED], [SECURED[:1], SECURED[1:]],
                                   [SECURED[1:], SECURED[:1]]], ids=lambda parts: parts[0][0])
def test_r2_content_of_a_secured_mail_goes_by_verified_tls_however_it_was_split(binary, database, parts):
    inside, outside = MailServer(), MailServer()
    inside.rcpt = {"bob@acme.example": "450 4.2.1 later"}
    node = Node(binary, database, values={"outbox": None, "delivery": "smart_host"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{outside.port}"\n}}']).make_acme()
    node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{inside.port}", "--tls", "always")
    secure_partner(node)
    node.start()
    try:
        mail = smtp.make(subject="Figures", to=[r for part in parts for r in part])
        for part in parts:
            smtp.send(node.smtp_port, mail, recipients=part)
            wait.until(lambda: all(d["attempts"] and not d["is_tried"] for d in node.json("queue", "list")),
                       "all to be tried")
        inside.rcpt = {}
        waiting = [d for d in node.json("queue", "list") if d["recipient"] == "bob@acme.example"][0]
        node.run("queue", "retry", waiting["id"])
        wait.until(lambda: any("TLS" in d["last_reply"] and not d["is_tried"] and
                               d["recipient"] == "bob@acme.example" for d in node.json("queue", "list")),
                   "Bob's mail to wait for TLS")
        assert inside.content_bytes == 0
    finally:
        node.kill()
        node.close()
        inside.close()
        outside.close()


def test_r2_what_is_relayed_outside_goes_by_the_rule_for_its_destination_also_when_its_mail_is_secured(binary, database):
    outside = MailServer()
    outside.rcpt = {"x@other.example": "450 4.2.1 later"}
    node = Node(binary, database, values={"outbox": None, "delivery": "smart_host"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{outside.port}"\n}}']).make_acme()
    secure_partner(node)
    node.start()
    try:
        split(node, ["x@other.example"], ["carol@partner.example"], ["y@other.example"])
        wait.until(lambda: all(d["attempts"] and not d["is_tried"] for d in node.json("queue", "list")), "all to be tried")
        outside.rcpt = {}
        node.move_clock(HOUR)
        for address in ("x@other.example", "y@other.example"):
            (sent,) = wait.until(lambda address=address: outside.to(address), f"the mail to {address}")
            assert sent.data.decode().split("\r\n\r\n", 1)[1].startswith("Hello Carol")  # as it came, without TLS
        message = only_message(node)
        assert sorted(d["kind"] for d in message["deliveries"]) == ["notification", "relay", "relay"]
        assert [r["address"] for r in message["recipients"]] == ["carol@partner.example"]
    finally:
        node.kill()
        node.close()
        outside.close()


def test_r2_what_is_relayed_to_another_accounts_people_waits_for_no_tls_that_account_asks_for(binary, database):
    """Its hop is no part of the sender's organisation, whose secured content alone needs that proof."""
    second = MailServer()
    node = Node(binary, database, values={"outbox": None, "delivery": "smart_host"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{second.port}"\n}}']).make_acme()
    node.run("account", "add", "second")
    node.run("domain", "add", "second.example", "--next-hop", f"127.0.0.1:{second.port}", "--tls", "always", "--account", "second")
    node.run("policy", "add", "--account", "acme", "--from", "internal", "--to", "domain:partner.example", "--definition", "Default")
    node.start()
    try:
        smtp.send(node.smtp_port, smtp.make(subject="Figures", to=["x@second.example", "carol@partner.example"]))
        (sent,) = wait.until(lambda: second.to("x@second.example"), "the relayed mail")
        assert sent.data.decode().split("\r\n\r\n", 1)[1].startswith("Hello Carol")
        (message,) = node.json("message", "list", "--account", "acme")
        assert message["kind"] == "secured"
    finally:
        node.kill()
        node.close()
        second.close()


@pytest.fixture
def postgres_world(binary, postgres):
    """A node on PostgreSQL that hands mail for inside and outside to one mail server."""
    server = MailServer()
    node = Node(binary, postgres.new_url(), values={"outbox": None, "delivery": "smart_host"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{server.port}"\n}}']).make_acme()
    node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{server.port}")
    yield node.start(), server
    node.kill()
    node.close()
    server.close()


def test_r12_who_joins_while_the_last_delivery_ends_gets_the_mail(postgres_world):
    """The queue's key to a message is not destroyed between the joining transaction's insert and its commit, nor the
    other way round: held at the wrap, the end of Bob's delivery has counted none that waits when Dave is added."""
    node, server = postgres_world
    mail = smtp.make(subject="Offer [secure]", to=["bob@acme.example", "dave@acme.example"])
    server.rcpt = {"bob@acme.example": "450 4.2.0 later"}
    smtp.send(node.smtp_port, mail, recipients=["bob@acme.example"])
    wait.until(lambda: (q := node.json("queue", "list")) and q[0]["attempts"] and not q[0]["is_tried"], "a first try")
    held = rows.Held(node, "select 1 from wrap where holder_id = message_id for share")
    server.rcpt = {"dave@acme.example": "450 4.2.0 later"}  # so that the key is needed once the end is written down
    node.move_clock(5 * 60 * 1000)
    held.wait_for_waiting(1)
    joining = threading.Thread(target=smtp.send, args=(node.smtp_port, mail),
                               kwargs={"recipients": ["dave@acme.example"]})
    joining.start()
    # Either it waits as well, or it is through already and what it added counts.
    wait.until(lambda: not joining.is_alive() or len(rows.query(
        node, "select 1 from pg_stat_activity where wait_event_type = 'Lock'")) >= 2, "Dave's transaction")
    held.release()
    joining.join(60)
    wait.until(lambda: (q := node.json("queue", "list")) and len(q) == 1 and q[0]["attempts"] and not q[0]["is_tried"],
               "Bob's mail to be sent and Dave's to be tried")
    server.rcpt = {}
    node.move_clock(5 * 60 * 1000)
    wait.until(lambda: node.json("queue", "list") == [], "an empty queue")
    assert len(server.to("bob@acme.example")) == len(server.to("dave@acme.example")) == 1
    assert rows.query(node, "select count(*) from wrap where holder_id = message_id") == [("0",)]


def test_r12_who_joins_while_relayed_content_goes_is_refused_or_gets_the_mail(postgres_world):
    """The same for the house-keeping that removes a relayed mail's content. The fingerprint is younger than a day,
    the content's end has come: two nodes whose clocks differ."""
    node, server = postgres_world
    mail = smtp.make(subject="Plain", to=["x@other.example", "y@other.example"])
    smtp.send(node.smtp_port, mail, recipients=["x@other.example"])
    wait.until(lambda: node.json("queue", "list") == [], "an empty queue")
    held = rows.Held(node, "select 1 from wrap where holder_id = message_id for share")
    rows.query(node, "update message set content_ends_at = 1")
    held.wait_for_waiting(1)
    server.rcpt = {"y@other.example": "450 4.2.0 later"}
    answers = []

    def join():
        try:
            smtp.send(node.smtp_port, mail, recipients=["y@other.example"])
            answers.append(250)
        except smtplib.SMTPDataError as refused:
            answers.append(refused.smtp_code)
    joining = threading.Thread(target=join)
    joining.start()
    wait.until(lambda: answers or len(rows.query(
        node, "select 1 from pg_stat_activity where wait_event_type = 'Lock'")) >= 2, "the joining transaction")
    held.release()
    joining.join(60)
    wait.until(lambda: all(d["attempts"] and not d["is_tried"] for d in node.json("queue", "list")), "a try, if any")
    server.rcpt = {}
    node.move_clock(5 * 60 * 1000)
    wait.until(lambda: node.json("queue", "list") == [], "an empty queue")
    assert answers and (answers == [250]) == bool(server.to("y@other.example"))


TERMS = ("select may_print, may_reply, may_reply_all, read_receipt, expires_at - sent_at, all_recipients "
         "from message")


@pytest.mark.parametrize("parts", [[["carol@partner.example"], ["dave@strict.example"]],
                                   [["dave@strict.example"], ["carol@partner.example"]],
                                   [["carol@partner.example", "dave@strict.example"]]],
                         ids=["lenient-first", "strict-first", "together"])
def test_the_rules_of_a_message_do_not_depend_on_how_the_mail_was_split(node, parts):
    node.run("definition", "add", "Strict", "--print", "no", "--reply", "no", "--reply-all", "no", "--expire-days", "1")
    secure_partner(node)
    secure_partner(node, "Strict", "strict.example")
    split(node, *parts)
    assert rows.query(node, TERMS) == [("0", "0", "0", "0", str(24 * HOUR), "0")]
    assert sorted(only_message(node)["definition"].split(", ")) == ["Default", "Strict"]
    assert only_message(node)["definition"].startswith("Default" if parts[0][0].startswith("carol") else "Strict")
    link = portal.link_for(node, "carol@partner.example")
    carol, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    page = carol.get("/message/" + link.rsplit("/", 1)[1])
    assert "forty-two" in page.text and "/reply" not in page.text


def test_internal_people_of_a_message_kept_in_the_portal_for_all_read_it_there_in_any_part(node):
    node.run("definition", "add", "Portal", "--all-recipients", "yes")
    secure_partner(node, "Portal")
    split(node, ["carol@partner.example"], ["bob@acme.example"])
    assert {r["address"]: r["route"] for r in only_message(node)["recipients"]} == {
        "carol@partner.example": "portal", "bob@acme.example": "portal"}


@pytest.mark.parametrize("message_id, deliveries", [("", 2), ("Message-ID: <1@device.example>\r\n", 1)],
                         ids=["without-message-id", "with"])
def test_r12_the_same_mail_twice_is_one_only_when_its_message_id_says_so(node, message_id, deliveries):
    alarm = (f"From: alice@acme.example\r\nTo: x@other.example\r\nSubject: Alarm\r\n{message_id}"
             "\r\nDoor open\r\n").encode()
    for _ in range(2):
        smtp.send(node.smtp_port, alarm, recipients=["x@other.example"])
    wait.until(lambda: node.json("queue", "list") == [] and node.outbox.to("x@other.example"), "the queue to be empty")
    assert len(node.outbox.to("x@other.example")) == len(node.json("message", "list")) == deliveries


@pytest.mark.parametrize("change, kept", [({}, 1), ({"text": "Two.\r\n"}, 2), ({"subject": "Offers [secure]"}, 2),
                                          ({"sender": "bob@acme.example"}, 2)],
                         ids=["the-same", "another-text", "another-subject", "another-sender"])
def test_r12_what_differs_under_one_message_id_stays_apart(node, change, kept):
    for changed in ({}, change):
        mail = {"subject": "Offer [secure]", "text": "One.\r\n", "sender": "alice@acme.example", **changed}
        sender = mail.pop("sender")
        smtp.send(node.smtp_port, smtp.make(message_id="<one@acme.example>", **mail), sender=sender)
    assert len(node.json("message", "list")) == kept


def test_answers_belong_to_the_first_message_of_a_message_id(node):
    """Also when it came again after a day, as a message of its own, or with other content."""
    named = {"message_id": "<offer@acme.example>"}
    for text in ("One.\r\n", "Two.\r\n"):
        smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", text=text, **named))
    smtp.send(node.smtp_port, smtp.make(subject="Plain", message_id="<plain@acme.example>"))
    node.move_clock(25 * HOUR)
    wait.until(lambda: rows.query(node, "select count(*) from intake where known_id is null") == [("0",)], "a day to be over")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", text="One.\r\n", **named))
    smtp.send(node.smtp_port, smtp.make(subject="Re: Offer", headers={"In-Reply-To": "<offer@acme.example>"}))
    first, *_, answer = rows.query(node, "select id, answers_id, kind from message order by id")
    assert rows.query(node, "select count(*) from message") == [("5",)]
    assert answer[1] == first[0] and answer[2] == "1"


def test_the_queue_keeps_no_key_of_a_relayed_mail_that_became_a_secure_message(node):
    secure_partner(node)
    mail = split(node, ["x@other.example"])
    wait.until(lambda: node.outbox.to("x@other.example") and node.json("queue", "list") == [], "the relayed mail")
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example"])
    link = portal.link_for(node, "carol@partner.example")
    assert rows.query(node, "select count(*) from wrap where holder_id = message_id") == [("0",)]
    carol, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    assert "forty-two" in carol.get("/message/" + link.rsplit("/", 1)[1]).text


@pytest.mark.parametrize("end", ["recalled_at = 1", "expires_at = 1"])
def test_r6_r12_a_message_that_has_ended_takes_no_more_recipients_and_says_so(node, end):
    secure_partner(node)
    mail = split(node, ["carol@partner.example"])
    rows.query(node, f"update message set {end}")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        smtp.send(node.smtp_port, mail, recipients=["dave@partner.example"])
    assert refused.value.smtp_code == 550 and b"recalled or expired" in refused.value.smtp_error
    assert [r["address"] for r in only_message(node)["recipients"]] == ["carol@partner.example"]
