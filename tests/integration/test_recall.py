"""Recall by the sender and by an administrator (R4, R6), what everybody sees of it (R14, R15), and two at once."""

import http.client
import re
import ssl

import pytest
from support import commands, portal, rows, smtp, wait
from support.browser import Browser
from support.commands import Sender, text_of

CAROL, DAVE, BOB = "carol@partner.example", "dave@partner.example", "bob@acme.example"


def reader_of(node, address, count=1, codes=1):
    """A recipient at the message of the newest notification."""
    link = portal.link_for(node, address, count)
    browser, page = portal.sign_in_by_link(node, link, address, codes)
    return browser, "/message/" + link.rsplit("/", 1)[1]


def test_r4_r6_recall_takes_it_from_everybody_for_good_and_says_so(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    carol, message = reader_of(node, CAROL)
    assert "forty-two" in carol.get(message).text and "1 unread" not in carol.get("/inbox").text
    dave_link = portal.link_for(node, DAVE)
    alice = Sender(node)
    assert "Recall from 2 people" in text_of(alice.page())
    asked = alice.browser.get(alice.path + "/recall")
    assert "Recall from 2 people" in text_of(asked) and CAROL in asked.text and "Read " in text_of(asked)
    assert carol.get(message).status == 200  # asking alone recalls nothing
    done = alice.recall("Wrong <b>price</b>")
    assert done.status == 200 and "was recalled" in text_of(done) and "forty-two" in done.text
    assert "/recall" not in done.text and "/extend" not in done.text
    assert text_of(done).count("Recalled ") >= 3 and "Read " in text_of(done)  # who had read it before stays known
    assert "Recalled" in alice.row()

    for path in (message, message + "/body", message + "/print", message + "/file/0", message + "/reply"):
        gone = carol.get(path)
        words = text_of(gone)
        assert gone.status == 410 and "forty-two" not in gone.text, path
        assert "This message was recalled" in words and "Alice A." in words and "Recalled:" in words, path
        assert "Wrong <b>price</b>" in words, path
    assert "Alice" not in text_of(carol.get("/inbox"))
    # The link alone still shows nothing; after signing in it says what happened.
    dave = Browser(node)
    page = dave.get(dave_link)
    assert page.status == 200 and "recalled" not in page.text and "price" not in page.text
    page = dave.submit(page, r"/code$")
    page = dave.submit(page, r"/code$", code=portal.code_for(node, DAVE))
    assert page.status == 410 and "This message was recalled" in page.text
    assert "unread" not in text_of(dave.get("/inbox"))
    assert commands.events(node).count("message.recalled") == 3  # of each, and of the whole
    assert len(rows.query(node, "select holder_id from wrap")) == 1  # Alice's own
    # Nothing gives access back, to administrators neither.
    assert node.run("message", "extend", commands.message_id(node), "--until", "2030-01-01T00:00", code=7)
    assert node.run("message", "recall", commands.message_id(node), "--reason", "again", code=5)
    assert "already" in text_of(alice.browser.get(alice.path + "/recall"))


def test_r14_r15_a_link_tells_of_a_recall_only_after_signing_in(sqlite_node):
    """Its mail said nothing of that, and whoever has it need not be the recipient."""
    node = sqlite_node
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL]))
    link = portal.link_for(node, CAROL)
    before = Browser(node).get(link)
    carol, message = reader_of(node, CAROL)
    assert Sender(node).recall("Wrong price").status == 200
    assert carol.get(message).status == 410
    door = Browser(node).get(link)
    assert door.status == 200 and text_of(door) == text_of(before)
    browser, page = portal.sign_in_by_link(node, link, CAROL, 2)
    assert page.status == 410 and "This message was recalled" in text_of(page) and "Wrong price" in text_of(page)
    # Signed in, the link leads there at once.
    assert "This message was recalled" in text_of(browser.get(link))


@pytest.mark.parametrize("kept", ["by mail", "in the portal"])
def test_r4_the_reply_with_its_quote_stays(node, kept):
    """B is internal; C and the reply are outside and inside."""
    if kept == "in the portal":
        node.run("definition", "set", "Default", "--all-recipients", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[BOB, CAROL, DAVE]))
    carol, message = reader_of(node, CAROL)
    page = carol.submit(carol.get(message + "/reply-all"), r"/reply-all$", text="Sixty is too much.")
    assert page.status == 200
    reply = page.path
    link = portal.link_for(node, DAVE, 2)
    alice = Sender(node)  # by then her Sent holds the original only
    asked = text_of(alice.browser.get(alice.path + "/recall"))
    if kept == "in the portal":
        bob, _ = portal.sign_in_by_password(node, BOB)
        bobs = [l for l in bob.get("/inbox").links if l.startswith("/message/")]
        assert any("Hello Carol, the price is forty-two." in text_of(bob.get(l)) for l in bobs)
        assert "Recall from 3 people" in asked and "stays there" not in asked
    else:
        wait.until(lambda: [m for m in node.outbox.to(BOB) if "forty-two" in m.as_string()], "Bob's mail")
        assert "Recall from 2 people" in asked and "In your own mail system, stays there" in asked and BOB in asked
    assert alice.recall().status == 200
    assert carol.get(message).status == 410
    if kept == "in the portal":
        assert sum(bob.get(l).status == 410 for l in bobs) == 1
    else:
        assert "In your own mail system, stays there" in text_of(alice.page())
    assert "Sixty is too much." in carol.get(reply).text and "forty-two" in carol.get(reply).text
    dave, page = portal.sign_in_by_link(node, link, DAVE)
    assert "Sixty is too much." in page.text and "forty-two" in page.text
    inbox = alice.browser.get("/inbox")
    own = alice.browser.get(next(l for l in inbox.links if l.startswith("/message/")))
    assert "Sixty is too much." in own.text and "forty-two" in own.text


def test_nobody_is_called_again_to_what_was_recalled_from_them(sqlite_node):
    node = sqlite_node
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    wait.until(lambda: all(d["state"] == "sent" for d in node.json("queue", "list", "--all")), "the notifications")
    alice = Sender(node)
    offered = lambda page: re.findall(r'/notify">.*?name="address" value="([^"]+)"', page.text, re.S)  # noqa: E731
    assert offered(alice.page()) == [CAROL, DAVE]
    assert offered(alice.recall(from_=DAVE)) == [CAROL]


def test_recall_from_chosen_recipients(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    carol, carols = reader_of(node, CAROL)
    dave, daves = reader_of(node, DAVE)
    alice = Sender(node)
    page = alice.browser.get(alice.path + "/recall")
    nobody = alice.browser.request(alice.path + "/recall", f"csrf={page.form('recall').get('fields')['csrf']}".encode(),
                                   {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert nobody.status == 422 and "Tick at least one person" in text_of(nobody)
    assert alice.recall(from_=DAVE).status == 200
    assert (carol.get(carols).status, dave.get(daves).status) == (200, 410)
    assert "Recalled from 1 of 2" in alice.row()
    assert "Recall from 1 person" in text_of(alice.page())
    for address, code in ((DAVE, 5), ("nobody@partner.example", 3)):
        node.run("message", "recall", commands.message_id(node), "--recipient", address, "--reason", "x", code=code)
    for reason in ("x" * 1001, "Bell \a"):
        assert alice.recall(reason=reason).status == 422
    assert carol.get(carols).status == 200
    node.run("message", "recall", commands.message_id(node), "--reason", "Sent by mistake")
    gone = text_of(carol.get(carols))
    assert "administrator" in gone and "Sent by mistake" in gone


def test_recall_from_several_chosen_recipients(sqlite_node):
    node, erin = sqlite_node, "erin@partner.example"
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE, erin]))
    alice = Sender(node)
    csrf = alice.browser.get(alice.path + "/recall").form("recall")["fields"]["csrf"]
    answer = alice.browser.request(alice.path + "/recall", f"csrf={csrf}&from={DAVE}&from={erin}".encode(),
                                   {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert answer.status == 200 and "Recalled from 2 of 3" in alice.row()


def test_r15_recall_tells_strangers_and_recipients_nothing(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    carol, message = reader_of(node, CAROL)
    alice = Sender(node)
    assert carol.get(alice.path + "/recall").status == 404 and carol.get(alice.path + "/extend").status == 404
    csrf = carol.get("/settings").form("choices")["fields"]["csrf"]
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url}
    for path, status in ((alice.path, 404), (message, 403), ("/message/" + "0" * 26, 404)):
        for verb, field in (("recall", "whole=1"), ("extend", "until=2030-01-01T00:00")):
            answer = carol.request(f"{path}/{verb}", f"csrf={csrf}&{field}".encode(), headers)
            assert answer.status == status, (path, verb)
    assert carol.get(message).status == 200 and "message.recalled" not in commands.events(node)
    # A reply's author outside commands nothing.
    page = carol.submit(carol.get(message + "/reply"), r"/reply$", text="Too much.")
    assert "/recall" not in page.text and carol.get(page.path + "/recall").status == 403


def test_r15_a_recipient_inside_commands_nothing_either(node):
    node.run("definition", "set", "Default", "--all-recipients", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, BOB]))
    bob, _ = portal.sign_in_by_password(node, BOB)
    message = next(l for l in bob.get("/inbox").links if l.startswith("/message/"))
    csrf = bob.get("/settings").form("choices")["fields"]["csrf"]
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url}
    for verb, field in (("recall", "whole=1"), ("recall", f"from={CAROL}"), ("extend", "until=2030-01-01T00:00")):
        assert bob.get(f"{message}/{verb}").status == 403, verb
        assert bob.request(f"{message}/{verb}", f"csrf={csrf}&{field}".encode(), headers).status == 403, verb
    assert {"message.recalled", "message.extended"}.isdisjoint(commands.events(node))


def test_a_notification_not_yet_sent_is_not_sent(binary, database):
    from support.mail_server import MailServer
    from support.node import Node
    server = MailServer()
    node = Node(binary, database, values={"outbox": None, "delivery": "smart_host"},
                sections=[f'smart_host {{\n  address = "127.0.0.1:{server.port}"\n}}']).make_acme()
    node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{server.port}")
    node.start()
    try:
        server.rcpt = {CAROL: "450 4.2.1 busy", BOB: "450 4.2.1 busy"}
        smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE, BOB]))
        wait.until(lambda: [d for d in node.json("queue", "list") if d["attempts"] and not d["is_tried"]][1:],
                   "both to be tried")
        node.run("message", "recall", commands.message_id(node), "--reason", "mistake")
        server.rcpt = {}
        wait.until(lambda: not node.json("queue", "list"), "the queue to be empty")
        states = {d["recipient"]: d["state"] for d in commands.facts(node)["deliveries"]}
        assert states == {CAROL: "cancelled", DAVE: "sent", BOB: "cancelled"}
        assert not server.to(CAROL) and not server.to(BOB)
    finally:
        node.stop()
        node.close()
        server.close()


def read_slowly(node, browser, path):
    """A download that is under way: the answer and how much it promises."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", node.https_port, context=context, timeout=60)
    connection.connect()
    cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    assert answer.status == 200
    return answer, int(answer.headers["Content-Length"])


@pytest.mark.parametrize("what, end", [("/file/", "recall"), ("/file/", "expiry"), ("/settings/export/inbox/1", "recall")])
def test_r4_a_running_download_is_cut(node, what, end):
    big = bytes(range(256)) * (40 << 12)
    node.run("account", "set", "export", "yes")
    node.run("definition", "set", "Default", "--save", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", files=[("big.bin", "application/octet-stream", big)]))
    carol, message = reader_of(node, CAROL)
    path = next((l for l in carol.get(message).links if what in l), what)
    answer, promised = read_slowly(node, carol, path)
    begin = answer.read(100_000)
    if end == "recall":
        node.run("message", "recall", commands.message_id(node), "--reason", "x")
    else:
        node.move_clock(366 * 24 * 3600 * 1000)
    with pytest.raises((http.client.IncompleteRead, ConnectionError, ssl.SSLError)) as cut:
        answer.read()
    got = len(begin) + len(getattr(cut.value, "partial", b""))
    assert got < promised // 2, f"{got} of {promised}"
    assert "cut while it was sent" in node.log()


def test_r6_recalls_at_once_are_one(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    portal.link_for(node, DAVE)
    alices = [Sender(node) for _ in range(4)]
    pages = [a.browser.get(a.path + "/recall") for a in alices]
    answers = rows.race(node, "select 1 from message for update", *[
        lambda i=i: alices[i].browser.submit(pages[i], r"/recall$", whole="1", reason=str(i)) for i in range(4)])
    told = [re.search(r"told=(\w+)", a.url).group(1) for a in answers]
    assert sorted(told) == ["recalled"] + ["recalled_before"] * 3
    assert commands.events(node).count("message.recalled") == 3
    assert rows.query(node, "select count(*) from recall") == [("1",)]
    counts = rows.query(node, "select total, unread from folder_count where folder = 1")
    assert set(counts) == {("0", "0")}


@pytest.mark.parametrize("first", ["recall", "open"])
def test_r4_r13_recall_against_open(node, first):
    """Either the body was shown, and that is known, or it was not shown."""
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL)
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
    message = "/message/" + portal.link_for(node, CAROL, 2).rsplit("/", 1)[1]
    alice = Sender(node)
    page = alice.browser.get(alice.path + "/recall")
    actions = {"open": lambda: carol.get(message),
               "recall": lambda: alice.browser.submit(page, r"/recall$", whole="1", reason="")}
    order = [first] + [a for a in actions if a != first]
    results = dict(zip(order, rows.race(node, "select 1 from copy for no key update", *[actions[a] for a in order])))
    assert "told=recalled" in results["recall"].url
    shown = first == "open"
    assert ("forty-two" in results["open"].text) == shown and results["open"].status == (200 if shown else 410)
    assert commands.events(node).count("body.shown") == shown
    assert carol.get(message).status == 410
    counts = rows.query(node, "select unread from folder_count where folder = 1 order by unread")
    assert counts == [("0",)]


def test_r4_a_download_that_begins_while_a_recall_ends_is_refused(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", files=[("a.bin", "application/octet-stream", b"x")]))
    carol, message = reader_of(node, CAROL)
    path = next(l for l in carol.get(message).links if "/file/" in l)
    alice = Sender(node)
    page = alice.browser.get(alice.path + "/recall")
    _, file = rows.race(node, "select 1 from copy for no key update",
                        lambda: alice.browser.submit(page, r"/recall$", whole="1", reason=""),
                        lambda: carol.get(path))
    assert file.status == 410 and "file.downloaded" not in commands.events(node)
