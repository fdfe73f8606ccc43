"""Extension and expiry by their rules (R1, R5, R14), and what destroyed means."""

import datetime
import pathlib
import re
import struct
import time

import pytest
from support import commands, maildir, portal, rows, smtp, wait
from support.commands import Sender, text_of
from test_recall import CAROL, DAVE, reader_of

MINUTE = 60 * 1000
DAY = 24 * 60 * MINUTE


def when(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def words(milliseconds):
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M")


def clock(node):
    return int(time.time() * 1000) + struct.unpack_from("=q", node.clock.read_bytes())[0]


@pytest.fixture
def short(node):
    """A message of two days to Carol and Dave, kept ten days at most, and its Alice."""
    node.run("account", "set", "retention_days", "10")
    node.run("definition", "set", "Default", "--expire-days", "2")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    portal.link_for(node, DAVE)
    return Sender(node)


def test_r1_an_extension_ends_with_retention(node, short):
    sent = when(commands.facts(node)["sent"])
    page = short.browser.get(short.path + "/extend")
    latest = re.search(r'max="([^"]+)"', page.text).group(1)
    assert latest == words(sent + 10 * DAY)
    assert re.search(r'min="([^"]+)"', page.text).group(1) == words(sent + 2 * DAY + MINUTE)
    for until, told in ((words(sent + 10 * DAY + MINUTE), "latest possible is"), (words(sent + DAY), "later time"),
                        ("2026-02-31T10:00", "Enter a date"), ("soon", "Enter a date"), ("", "Enter a date")):
        answer = short.extend(until)
        assert answer.status == 422 and told in text_of(answer), until
    assert commands.facts(node)["extended"] is None
    message = commands.message_id(node)
    refused = node.run("message", "extend", message, "--until", words(sent + 11 * DAY) + "Z", code=6)
    assert "latest possible is " + words(sent + 10 * DAY) in refused
    done = short.extend(latest)
    assert done.status == 200 and "was extended" in text_of(done)


@pytest.mark.parametrize(("days", "suggested"), [("4", 8), ("7", 10)], ids=["as long again", "the latest"])
def test_r1_r5_the_end_that_is_suggested_is_taken(sqlite_node, days, suggested):
    node = sqlite_node
    node.run("account", "set", "retention_days", "10")
    node.run("definition", "set", "Default", "--expire-days", days)
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL]))
    alice = Sender(node)
    sent = when(commands.facts(node)["sent"])
    page = alice.browser.get(alice.path + "/extend")
    assert page.form(r"/extend$")["fields"]["until"] == words(sent + suggested * DAY) and "is a suggestion" in page.text
    assert "is a suggestion" not in alice.extend(words(sent)).text
    assert "was extended" in text_of(alice.browser.submit(page, r"/extend$"))
    assert commands.facts(node)["expires"][:16] == words(sent + suggested * DAY)


def test_r1_no_administrator_sets_an_end_in_the_past(node, short):
    carol, message = reader_of(node, CAROL)
    expires = commands.facts(node)["expires"]
    for until in (clock(node) - MINUTE, clock(node) - 3 * DAY):
        node.run("message", "extend", commands.message_id(node), "--until", words(until) + "Z", code=6)
    assert commands.facts(node)["expires"] == expires and "message.extended" not in commands.events(node)
    assert "forty-two" in carol.get(message).text
    # Sooner than before is allowed.
    node.run("message", "extend", commands.message_id(node), "--until", words(when(expires) - DAY) + "Z")


@pytest.fixture
def exact(node):
    """A message of two days to Carol, kept ten at most, of a clock that stands at a whole minute: when it was sent."""
    node.run("account", "set", "retention_days", "10")
    node.run("definition", "set", "Default", "--expire-days", "2")
    sent = (clock(node) // MINUTE + 1) * MINUTE
    node.stop_clock(sent)
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL]))
    assert rows.query(node, "select expires_at, content_ends_at from message") == [
        (str(sent + 2 * DAY), str(sent + 10 * DAY))]
    return sent


def test_r1_an_end_is_after_now_and_what_is_set_and_not_after_the_latest_to_the_millisecond(node, exact):
    message, alice = commands.message_id(node), Sender(node)
    for until in (words(exact) + "Z", words(exact + 10 * DAY) + ":01Z"):
        node.run("message", "extend", message, "--until", until, code=6)
    assert "later time" in text_of(alice.extend(words(exact + 2 * DAY)))
    assert "told=extended" in alice.extend(words(exact + 10 * DAY)).url
    node.run("message", "extend", message, "--until", words(exact) + ":01Z")
    node.run("message", "extend", message, "--until", words(exact + 10 * DAY) + "Z")


@pytest.mark.parametrize("left", [1, 0])
def test_r5_r14_it_ends_at_its_millisecond_and_is_extended_until_then(node, exact, left):
    ends = exact + 2 * DAY
    message_id = commands.message_id(node)
    node.stop_clock(ends - 5 * MINUTE)
    carol, message = reader_of(node, CAROL)
    alice = Sender(node)
    old = alice.browser.get(alice.path + "/extend")
    node.stop_clock(ends - left)
    page = carol.get(message)
    answer = alice.browser.submit(old, r"/extend$", until=words(exact + 9 * DAY))
    node.run("message", "extend", message_id, "--until", words(exact + 10 * DAY) + "Z", code=0 if left else 7)
    node.run("message", "recall", message_id, "--reason", "x", code=0 if left else 7)
    assert (page.status, "forty-two" in page.text) == ((200, True) if left else (410, False))
    assert ("told=extended" if left else "told=expired") in answer.url
    assert when(commands.facts(node)["expires"]) == exact + (10 if left else 2) * DAY


@pytest.mark.parametrize("days", ["0", "30"])
def test_r1_what_would_last_longer_ends_with_retention(node, days):
    """Also what has no expiry of its own: to the minute, for everybody, and there is nothing to extend."""
    node.run("account", "set", "retention_days", "10")
    node.run("definition", "add", "Endless", "--expire-days", days)
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:endless]", to=[CAROL, DAVE]))
    sent = when(commands.facts(node)["sent"])
    assert when(commands.facts(node)["expires"]) == sent + 10 * DAY
    alice = Sender(node)
    assert "/extend" not in alice.page().text
    page = alice.browser.get(alice.path + "/extend")
    assert "not beyond the time messages are kept" in text_of(page)
    node.run("message", "extend", commands.message_id(node), "--until", words(sent + 11 * DAY) + "Z", code=6)
    # A longer retention that is set later is not the one it was sent with.
    node.run("account", "set", "retention_days", "20")
    node.move_clock(sent + 10 * DAY - 2 * MINUTE - clock(node))
    carol, message = reader_of(node, CAROL)
    assert "forty-two" in carol.get(message).text and "Expires" in text_of(carol.get("/inbox"))
    node.move_clock(sent + 10 * DAY + 1000 - clock(node))
    gone = carol.get(message)
    assert gone.status == 410 and "forty-two" not in gone.text
    wait.until(lambda: rows.query(node, "select count(*) from wrap") == [("0",)], "the keys to go")
    assert {"message.expired", "message.destroyed"} <= set(commands.events(node))


def test_r5_the_sender_extends_once_and_an_administrator_whenever(node, short):
    carol, message = reader_of(node, CAROL)
    sent = when(commands.facts(node)["sent"])
    until = sent - sent % MINUTE + 5 * DAY
    node.run("message", "extend", commands.message_id(node), "--until", words(sent + 4 * DAY) + "Z")
    assert commands.facts(node)["extended"] is None  # it does not use up the sender's
    old = short.browser.get(short.path + "/extend")
    assert short.extend(words(until)).status == 200
    assert when(commands.facts(node)["expires"]) == until and "Extended" in short.row()
    assert "Expires in 4 days" in text_of(carol.get(message))
    for answer in (short.browser.submit(old, r"/extend$", until=words(until + DAY)),
                   short.browser.get(short.path + "/extend")):
        assert "cannot be extended again" in text_of(answer)
    assert when(commands.facts(node)["expires"]) == until
    node.run("message", "extend", commands.message_id(node), "--until", words(until + DAY) + "Z")
    assert when(commands.facts(node)["expires"]) == until + DAY
    told = [e for e in commands.facts(node)["events"] if e["event"] == "message.extended"]
    assert [e["by_address"] for e in told] == [None, "alice@acme.example", None]
    table = node.run("message", "show", commands.message_id(node))
    assert re.search(rf"message.extended +- +alice@acme.example .* to {words(until)}:00Z\n", table), table
    assert f"{told[1]['message']}  -        " in node.run("message", "events")


def test_r5_a_definition_may_keep_senders_from_extending(node):
    node.run("definition", "add", "Fixed", "--expire-days", "2", "--extend", "no")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:Fixed]", to=[CAROL]))
    portal.link_for(node, CAROL)
    node.run("definition", "set", "Fixed", "--extend", "yes")  # changes nothing that was sent before
    sent = when(commands.facts(node)["sent"])
    alice = Sender(node)
    page = alice.page()
    assert "/recall" in page.text and "/extend" not in page.text
    told = alice.browser.get(alice.path + "/extend")
    assert "do not let its sender extend it" in text_of(told)
    csrf = page.form("recall|notify|delete").get("fields")["csrf"]
    answer = alice.browser.request(
        alice.path + "/extend", f"csrf={csrf}&until={words(sent + 5 * DAY)}".encode(),
        {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert "do not let its sender extend it" in text_of(answer)
    assert when(commands.facts(node)["expires"]) == sent + 2 * DAY
    node.run("message", "extend", commands.message_id(node), "--until", words(sent + 5 * DAY) + "Z")
    assert commands.events(node).count("message.extended") == 1
    node.run("account", "set", "retention_days", "30")
    smtp.send(node.smtp_port, smtp.make(subject="Second [secure:Fixed]", to=[CAROL]))
    portal.link_for(node, CAROL, 2)
    assert "/extend" in Sender(node).page().text


def test_r5_r6_what_was_recalled_is_extended_by_nobody(node, short):
    """Until when it could have been extended otherwise, and by a page that was open before."""
    facts = commands.facts(node)
    until = words(when(facts["sent"]) + 5 * DAY)
    old = short.browser.get(short.path + "/extend")
    assert short.recall().status == 200
    answer = short.browser.submit(old, r"/extend$", until=until)
    assert "told=recalled" in answer.url or "was recalled" in text_of(answer)
    node.run("message", "extend", commands.message_id(node), "--until", until + "Z", code=7)
    now = commands.facts(node)
    assert (now["expires"], now["extended"]) == (facts["expires"], None)
    assert "message.extended" not in commands.events(node)


def test_r5_extensions_at_once_are_one(node, short):
    sent = when(commands.facts(node)["sent"])
    alices = [Sender(node) for _ in range(4)]
    pages = [a.browser.get(a.path + "/extend") for a in alices]
    answers = rows.race(node, "select 1 from message for update", *[
        lambda i=i: alices[i].browser.submit(pages[i], r"/extend$", until=words(sent + (4 + i) * DAY))
        for i in range(4)])
    told = [re.search(r"told=(\w+)", a.url).group(1) for a in answers]
    assert told == ["extended"] + ["extended_before"] * 3
    assert words(when(commands.facts(node)["expires"])) == words(sent + 4 * DAY)
    assert commands.events(node).count("message.extended") == 1


def test_r14_expiry_is_exact_final_and_told(node, short):
    carol, message = reader_of(node, CAROL)
    assert carol.get(message).status == 200
    expires = when(commands.facts(node)["expires"])
    assert expires - when(commands.facts(node)["sent"]) == 2 * DAY
    old = short.browser.get(short.path + "/extend")
    # Signed in again and again: a session does not last two days.
    node.move_clock(2 * DAY - 5 * MINUTE)
    carol, _ = portal.sign_in_by_link(node, node.url + message.replace("/message/", "/m/"), CAROL, 2)
    node.move_clock(expires - clock(node) - 20_000)
    assert carol.get(message).status == 200
    node.move_clock(21_000)
    gone = carol.get(message)
    assert gone.status == 410 and "has expired" in gone.text and "Alice" in text_of(gone)
    notice = wait.until(lambda: [m for m in node.outbox.to("alice@acme.example")
                                 if m["Message-ID"].startswith("<unread")], "the notice to Alice")
    assert len(notice) == 1
    told = maildir.text_of(notice[0])
    assert DAVE in told and CAROL not in told and "Offer" not in notice[0].as_string()
    wait.until(lambda: len(rows.query(node, "select holder_id from wrap")) == 1, "only Alice's key to be left")
    assert commands.events(node).count("message.expired") == 1
    alice = Sender(node)
    page = alice.page()
    assert "forty-two" in page.text and "Expired" in text_of(page) and "/recall" not in page.text
    assert re.search(r"https://\S+(/message/\S+)", told).group(1) == alice.path
    answer = alice.browser.get(alice.path + "/extend")
    assert "has expired, which is final" in text_of(answer)
    message_id = commands.message_id(node)
    node.run("message", "extend", message_id, "--until", words(expires + DAY) + "Z", code=7)
    node.run("message", "recall", message_id, "--reason", "x", code=7)
    assert old.status == 200


def test_the_notice_of_unread_expiry_is_a_setting(node, short):
    node.run("account", "set", "expired_notice", "no")
    node.move_clock(2 * DAY + MINUTE)
    wait.until(lambda: "message.expired" in commands.events(node), "the expiry")
    assert not [d for d in node.json("queue", "list", "--all") if d["kind"] == "unread"]


def test_at_the_end_of_retention_everything_goes(node, short):
    node.move_clock(10 * DAY + MINUTE)
    wait.until(lambda: "message.destroyed" in commands.events(node), "the end")
    assert rows.query(node, "select count(*) from wrap") == [("0",)]
    assert rows.query(node, "select count(*) from message_content") == [("0",)]
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    gone = alice.get(short.path)
    assert gone.status == 410 and "no longer exists" in gone.text
    assert not [l for l in alice.get("/sent").links if l.startswith("/message/")]


def read_files(node, server):
    """The files of the database and what is in them: of a server those of this database, and its log."""
    if server:
        path = rows.query(node, "select pg_relation_filepath('wrap')")[0][0]
        folders = [(pathlib.Path(server.data) / path).parent, pathlib.Path(server.data) / "pg_wal"]
    else:
        folders = [node.folder]
    found = {}
    for path in (p for folder in folders for p in folder.rglob("*")):
        try:
            if path.is_file() and "outbox" not in path.parts:
                found[path.name] = path.read_bytes()
        except FileNotFoundError:
            pass
    return found


def files_with(node, server, patterns):
    return {name for name, data in read_files(node, server).items() if any(p in data for p in patterns)}


@pytest.mark.parametrize("end", ["recall", "expiry"])
def test_destroyed_keys_are_in_no_file_of_the_database(node, request, end):
    """Within 60 s: tables, free pages, the log. Many messages around it, so that pages split and rows move."""
    server = None if node.database.startswith("sqlite:") else request.getfixturevalue("postgres")
    node.run("definition", "set", "Default", "--expire-days", "2")
    for _ in range(4):
        smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[f"p{i}@partner.example" for i in range(40)]))
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    portal.link_for(node, DAVE)
    in_hex = "encode(w.sealed, 'hex')" if server else "hex(w.sealed)"
    keys = [bytes.fromhex(row[0]) for row in rows.query(
        node, f"select {in_hex} from wrap w join copy c on c.id = w.holder_id where c.is_owner = 0 order by c.id")]
    assert len(keys) == 162 and all(len(k) == 73 for k in keys)
    if server:
        rows.query(node, "analyze wrap")  # as the server does by itself, and keeps samples of what it reads
    # Half of a key's bytes count too: whoever has most of one has it.
    parts = [half for key in keys[::4] for half in (key[1:25], key[41:])]
    assert all(files_with(node, server, [part]) for part in parts[::20])
    if end == "recall":
        for message in node.json("message", "list"):
            if message["kind"] == "secured":
                node.run("message", "recall", message["id"], "--reason", "x")
    else:
        node.move_clock(2 * DAY + MINUTE)
        wait.until(lambda: rows.query(node, "select count(*) from wrap") == [("5",)], "the expiry", 60)
    wait.until(lambda: not files_with(node, server, parts[::20]), "the keys to be wiped", 60)
    assert files_with(node, server, parts) == set()
    wait.until(lambda: rows.query(node, "select count(*) from destruction where wiped_at <= 0") == [("0",)],
               "that to be noted")
