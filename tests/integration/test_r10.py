"""R10, Send BCC to Mail Server: what is sent in the portal also goes to the sender's own mailbox."""

import pytest
from support import maildir, portal, rows, smtp, wait
from test_lists import post

ALICE, BOB, CAROL = "alice@acme.example", "bob@acme.example", "carol@partner.example"


@pytest.fixture
def alice(node):
    node.run("account", "set", "send_bcc_to_mail_server", "yes")
    return portal.sign_in_by_password(node, ALICE)[0]


def compose(browser, **fields):
    words = {"subject": "Plan", "text": "Marmalade.", "to": f"{CAROL}, {BOB}", **fields}
    return portal.compose(browser, **words)


def own_copies(node):
    return [m for m in node.outbox.to(ALICE) if m["Subject"] == "Plan"]


def messages(browser, folder):
    return [link for link in browser.get(folder).links if link.startswith("/message/")]


def test_r10_is_off_by_default(sqlite_node):
    alice, _ = portal.sign_in_by_password(sqlite_node, ALICE)
    compose(alice)
    wait.until(lambda: sqlite_node.outbox.to(BOB), "Bob's mail")
    assert own_copies(sqlite_node) == [] and messages(alice, "/inbox") == []


def test_r10_the_sender_gets_the_same_mail_with_a_banner(node, alice):
    compose(alice, bcc="erin@partner.example")
    mail = wait.until(lambda: own_copies(node), "the own copy")[0]
    other = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert mail["Message-ID"] == other["Message-ID"] and mail["To"] == other["To"]
    text = maildir.text_of(mail)
    assert "This is your copy of a secure message" in text and "Marmalade." in text and "/m/" in text
    assert "your copy" not in maildir.text_of(other)


def test_r10_inbox_and_sent_show_it_with_one_mark_and_as_read(node, alice):
    page = compose(alice)
    for folder in ("/inbox", "/sent"):
        shown = alice.get(folder).text
        assert "Also in your mailbox" in shown and shown.count('<li class="row') == 1, folder
        assert 'class="row unread"' not in shown and "Unread:" not in shown.split("<main")[1]
    assert messages(alice, "/inbox") != messages(alice, "/sent")
    for folder in ("/inbox", "/sent"):
        opened = alice.get(messages(alice, folder)[0])
        assert "Marmalade." in opened.text and CAROL in opened.text and "Recall" in opened.text
    assert page.status == 200


def test_r10_it_is_read_from_the_start(node, alice):
    """Also before its sender sees a page of it, which would mark it."""
    alice.is_hasty = False
    assert "/leaving/" in compose(alice).url
    node.move_clock(10_000)
    wait.until(lambda: messages(alice, "/inbox"), "the message to leave")
    assert 'class="row unread"' not in alice.get("/inbox").text
    assert rows.query(node, "SELECT SUM(unread) FROM folder_count f JOIN person p ON p.id = f.person_id"
                            f" WHERE p.address = '{ALICE}'") == [("0",)]


def test_r10_who_is_a_recipient_as_well_gets_it_once(node, alice):
    compose(alice, to=f"{ALICE}, {CAROL}")
    wait.until(lambda: own_copies(node), "the mail")
    assert [d["kind"] for d in node.json("queue", "list", "--all") if d["recipient"] == ALICE] == ["internal-copy"]
    assert messages(alice, "/inbox") == []


def test_r10_no_mark_makes_the_two_differ(node, alice):
    """One read state: marking or opening either of the two is for both, and is told as one message."""
    compose(alice)
    both = [messages(alice, folder)[0] for folder in ("/inbox", "/sent")]
    ids = [m.rsplit("/", 1)[1] for m in both]

    def unread():
        return [alice.get(folder).text.count('class="row unread"') for folder in ("/inbox", "/sent")]

    def counts():
        return [int(n) for (n,) in rows.query(node, "SELECT c.unread FROM folder_count c JOIN person p ON p.id = c.person_id"
                                              f" WHERE p.address = '{ALICE}' AND c.folder IN (1, 2) ORDER BY c.folder")]
    for chosen in (ids[:1], ids[1:], ids):
        for what, words in (("unread", "1 message is marked as unread"), ("read", "1 message is marked as read")):
            assert words in post(alice, alice.get("/inbox"), f"/mark-{what}", id=chosen).text
            assert unread() == counts() == ([1, 1] if what == "unread" else [0, 0])
        assert "0 messages are marked" in post(alice, alice.get("/inbox"), "/mark-read", id=chosen).text
    for page in both:
        assert 'formaction="/mark-unread"' in alice.get(page).text
        post(alice, alice.get("/inbox"), "/mark-unread", id=ids)
        assert unread() == [1, 1] and "1 unread" in alice.get("/inbox").text.split("<main")[1]
        assert "Marmalade." in alice.get(page).text and unread() == counts() == [0, 0]
    # What is in Sent only is not marked.
    node.run("account", "set", "send_bcc_to_mail_server", "no")
    compose(alice, subject="Alone")
    other = next(m for m in messages(alice, "/sent") if m != both[1]).rsplit("/", 1)[1]
    assert "0 messages are marked" in post(alice, alice.get("/inbox"), "/mark-unread", id=[other]).text and unread() == [0, 0]


def test_r10_deleting_one_leaves_the_other(node, alice):
    compose(alice)
    inbox, sent = messages(alice, "/inbox")[0], messages(alice, "/sent")[0]
    page = alice.get(inbox)
    form = next(f["action"] for f in page.forms if "delete" in f["action"] or f["action"].endswith("/deleted"))
    alice.submit(page, form)
    assert messages(alice, "/inbox") == [] and messages(alice, "/sent") == [sent]
    assert "Marmalade." in alice.get(sent).text


def test_r10_the_sender_is_no_recipient_of_it(node, alice):
    node.run("definition", "set", "Default", "--read-receipt", "yes", "--expire-days", "3")
    compose(alice, to=CAROL)
    wait.until(lambda: own_copies(node), "the own copy")
    alice.get(messages(alice, "/inbox")[0])
    shown = node.json("message", "show", node.json("message", "list")[0]["id"])[0]
    assert [r["address"] for r in shown["recipients"]] == [CAROL]
    assert [(u["address"], u["recipients"]) for u in node.json("licence", "usage")] == [(ALICE, 1)]
    node.move_clock(2 * 24 * 3600 * 1000)
    node.stop()
    node.start()
    wait.until(lambda: [m for m in node.outbox.to(CAROL) if "end" in m["Subject"] or len(node.outbox.to(CAROL)) > 1],
               "Carol's reminder", 90)
    kinds = [d["kind"] for d in node.json("queue", "list", "--all") if d["recipient"] == ALICE]
    assert kinds == ["own-copy"]


def test_r10_recall_says_that_it_stays(node, alice):
    compose(alice, to=CAROL)
    wait.until(lambda: own_copies(node), "the own copy")
    wait.until(lambda: rows.query(node, "SELECT 1 FROM delivery WHERE kind = 14 AND state = 2"), "it to be written down")
    sent = messages(alice, "/sent")[0]
    page = alice.get(sent + "/recall")
    assert "Your own copy in your mailbox stays there." in page.text
    alice.submit(page, r"/recall$", whole="1")
    assert "Marmalade." in alice.get(sent).text
    assert "Marmalade." in alice.get(messages(alice, "/inbox")[0]).text


def test_r10_it_is_never_secured_again(node, alice):
    node.run("policy", "add", "--from", "internal", "--to", "everyone", "--definition", "Default")
    compose(alice, to=CAROL)
    mail = wait.until(lambda: own_copies(node), "the own copy")[0]
    raw = b"\r\n".join(line for line in mail.path.read_bytes().replace(b"\r\n", b"\n").split(b"\n")
                       if not line.startswith((b"Return-Path", b"X-Original-To")))
    smtp.send(node.smtp_port, raw, sender=ALICE, recipients=[ALICE])
    wait.until(lambda: len(own_copies(node)) == 2, "the mail to be relayed")
    assert sorted(m["kind"] for m in node.json("message", "list")) == ["relayed", "secured"]
    assert [u["recipients"] for u in node.json("licence", "usage")] == [1]
    # The mark opens no way to others.
    smtp.send(node.smtp_port, raw.replace(b"Message-ID: <", b"Message-ID: <again."), sender=ALICE,
              recipients=["dave@partner.example"])
    assert [d["kind"] for d in node.json("queue", "list", "--all") if d["recipient"] == "dave@partner.example"] == ["notification"]


def test_r10_an_answer_of_the_sender_goes_there_too(node, alice):
    compose(alice, to=CAROL)
    link = portal.link_for(node, CAROL)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    carol.submit_files(carol.get("/message/" + link.rsplit("/", 1)[1] + "/reply"), r"/reply$", [], text="We take it.")
    assert [m for m in node.outbox.to(CAROL) if m["Subject"] == "Re: Plan"] == []  # an outsider has no such copy
    answer = next(m for m in messages(alice, "/inbox") if "We take it." in alice.get(m).text)
    alice.submit_files(alice.get(answer + "/reply"), r"/reply$", [], text="Good.")
    wait.until(lambda: [m for m in node.outbox.to(ALICE) if m["Subject"] == "Re: Plan" and "Good." in maildir.text_of(m)],
               "the own copy of the answer")
