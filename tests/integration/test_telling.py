"""What senders and recipients are told by mail, each thing once: read receipts, reminders, what stays unread (R13)."""

import datetime
import re
import subprocess
import threading
import urllib.parse

import pytest
from support import commands, maildir, portal, rows, smtp, wait
from support.browser import Browser
from support.node import Node
from support.told import ASKS, mails, wait_for_round

DAY = 24 * 3600 * 1000
ALICE, CAROL, DAVE = "alice@acme.example", "carol@partner.example", "dave@partner.example"


def receipts(node):
    return [m for m in mails(node, ALICE, "receipt") if "marker@" not in m.as_string()]


def send(node, *to, **more):
    smtp.send(node.smtp_port, smtp.make(to=list(to), subject="Offer [secure]", **more))


def test_r13_a_receipt_goes_out_on_the_first_reading_and_on_nothing_weaker(node):
    send(node, CAROL, DAVE, headers=ASKS)
    link = portal.link_for(node, CAROL)
    for _ in range(3):  # what a link scanner does
        Browser(node).get(link)
    dave = portal.link_for(node, DAVE)
    browser = Browser(node)
    page = browser.submit(browser.get(dave), r"/code$")  # a code sent, nobody signed in
    wait_for_round(node)
    assert receipts(node) == []

    reader, _ = portal.sign_in_by_link(node, link, CAROL)
    path = "/message/" + link.rsplit("/", 1)[1]
    for _ in range(3):
        assert "forty-two" in reader.get(path).text
    (receipt,) = wait.until(lambda: receipts(node), "the receipt")
    assert receipt.get_content_type() == "multipart/report"
    assert receipt.get_param("report-type") == "disposition-notification"
    human, machine = receipt.iter_parts()
    assert machine.get_content_type() == "message/disposition-notification"
    fields = machine.as_string()
    assert f"Final-Recipient: rfc822; {CAROL}" in fields
    assert "Disposition: automatic-action/MDN-sent-automatically; displayed" in fields
    assert "Original-Message-ID: <" in fields
    assert receipt["In-Reply-To"] and receipt["In-Reply-To"] in fields
    assert CAROL in human.get_content() and "Offer" not in receipt.as_string()
    assert "forty-two" not in receipt.as_string() and DAVE not in receipt.as_string()
    reader.get(path)
    wait_for_round(node)
    assert len(receipts(node)) == 1


def test_no_receipt_unless_the_mail_or_its_definition_asks(node):
    send(node, CAROL)
    link = portal.link_for(node, CAROL)
    reader, _ = portal.sign_in_by_link(node, link, CAROL)
    assert "forty-two" in reader.get("/message/" + link.rsplit("/", 1)[1]).text
    wait_for_round(node)
    assert receipts(node) == []

    node.run("definition", "add", "Told", "--read-receipt", "yes")
    smtp.send(node.smtp_port, smtp.make(to=[CAROL], subject="Other", headers={"X-Sealpost-Definition": "Told"}))
    link = portal.link_for(node, CAROL, 2)
    assert "forty-two" in reader.get("/message/" + link.rsplit("/", 1)[1]).text
    wait.until(lambda: receipts(node), "the receipt that the definition asks for")


def test_r13_who_writes_to_the_own_address_gets_no_receipt(sqlite_node):
    node = sqlite_node
    node.run("definition", "add", "Inside", "--all-recipients", "yes", "--read-receipt", "yes")
    smtp.send(node.smtp_port, smtp.make(to=[ALICE], subject="Note", headers={"X-Sealpost-Definition": "Inside"}))
    link = portal.link_for(node, ALICE)
    reader, _ = portal.sign_in_by_password(node, ALICE)
    assert "forty-two" in reader.get(link).text
    wait_for_round(node)
    assert receipts(node) == []


def test_r13_two_readings_at_once_make_one_receipt(node):
    send(node, CAROL, headers=ASKS)
    link = portal.link_for(node, CAROL)
    path = "/message/" + link.rsplit("/", 1)[1]
    signed_in, _ = portal.sign_in_by_link(node, link, CAROL)
    rows_before = rows.query(node, "SELECT COUNT(*) FROM delivery WHERE kind = 10")
    gate, seen = threading.Barrier(6), []

    def read():
        browser = Browser(node)
        for cookie in signed_in.cookies:
            browser.cookies.set_cookie(cookie)
        gate.wait()
        seen.append("forty-two" in browser.get(path).text)
    threads = [threading.Thread(target=read) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert seen == [True] * 6 and rows_before == [("0",)]
    wait.until(lambda: receipts(node), "the receipt")
    wait_for_round(node)
    assert len(receipts(node)) == 1


@pytest.fixture
def two(binary, postgres):
    """Nodes of one database."""
    first = Node(binary, postgres.new_url()).make_acme().start()
    second = first.beside().start()
    yield first, second
    for node in (first, second):
        node.stop()
    for node in (first, second):
        node.close()


def readings(node):
    return [e for m in node.json("message", "list") for e in node.json("message", "show", m["id"])[0]["events"]
            if e["event"] == "body.shown"]


def test_r13_read_on_two_nodes_at_once_is_read_first_once(two):
    first, second = two
    send(first, CAROL, headers=ASKS)
    link = portal.link_for(first, CAROL)
    path = "/message/" + link.rsplit("/", 1)[1]
    browsers = [portal.sign_in_by_link(first, link, CAROL)[0], Browser(second)]
    for cookie in browsers[0].cookies:
        browsers[1].cookies.set_cookie(cookie)
    second.move_clock(DAY // 48)
    shown = rows.race(first, "select 1 from copy where is_owner = 0 for update",
                      *(lambda b=b: b.get(path).text for b in browsers))
    assert all("forty-two" in text for text in shown)
    assert len(readings(first)) == 1
    assert rows.query(first, "select count(*) from copy c join event e on e.person_id = c.person_id"
                             " where e.kind = 'body.shown' and c.first_read_at = e.at") == [("1",)]
    wait.until(lambda: receipts(first), "the receipt")
    wait_for_round(first)
    assert len(receipts(first)) == 1


def test_r13_two_nodes_that_find_one_reading_send_one_receipt(two):
    first, second = two
    send(first, CAROL, headers=ASKS)
    link = portal.link_for(first, CAROL)
    reader, _ = portal.sign_in_by_link(first, link, CAROL)
    assert "forty-two" in reader.get("/message/" + link.rsplit("/", 1)[1]).text
    # Both stop before they come to it.
    for node in two:
        node.stop()
    rows.execute(first, ["update copy set receipt_at = 0 where is_owner = 0", "delete from delivery where kind = 10"])
    held = rows.Held(first, "select 1 from copy where is_owner = 0 for no key update")
    try:
        for node in two:
            node.start()
        wait.until(lambda: rows.query(first, "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                                             " and query like 'UPDATE copy SET receipt_at%'") == [("2",)],
                   "both nodes to claim the receipt")
    finally:
        held.release()
    wait.until(lambda: rows.query(first, "select 1 from copy where is_owner = 0 and receipt_at > 0"), "the claim")
    wait_for_round(second)
    assert rows.query(first, "select count(*) from delivery where kind = 10") == [("2",)], "its own and the marker's"


def test_r13_a_receipt_stays_due_when_its_message_expires_first(node):
    node.run("definition", "add", "Short", "--expire-days", "1", "--read-receipt", "yes")
    smtp.send(node.smtp_port, smtp.make(to=[CAROL], subject="Other", headers={"X-Sealpost-Definition": "Short"}))
    link = portal.link_for(node, CAROL)
    reader, _ = portal.sign_in_by_link(node, link, CAROL)
    assert "forty-two" in reader.get("/message/" + link.rsplit("/", 1)[1]).text
    node.move_clock(2 * DAY)
    wait.until(lambda: receipts(node), "the receipt")


@pytest.fixture
def short(node):
    node.run("definition", "add", "Short", "--expire-days", "5")
    smtp.send(node.smtp_port, smtp.make(to=[CAROL, DAVE], subject="Offer",
                                        headers={"X-Sealpost-Definition": "Short"}))
    link = portal.link_for(node, CAROL)
    portal.link_for(node, DAVE)
    reader, _ = portal.sign_in_by_link(node, link, CAROL)
    assert "forty-two" in reader.get("/message/" + link.rsplit("/", 1)[1]).text
    return node


def test_who_has_not_read_is_reminded_once_and_the_sender_told_when_it_expired(short):
    node = short
    node.move_clock(2 * DAY)
    wait_for_round(node)
    assert mails(node, DAVE, "reminder") == []
    node.move_clock(DAY + 3600 * 1000)
    (reminder,) = wait.until(lambda: mails(node, DAVE, "reminder"), "the reminder")
    words = maildir.text_of(reminder)
    assert "not read yet" in words and "/m/" in words and "Offer" not in reminder.as_string()
    assert mails(node, CAROL, "reminder") == []
    node.move_clock(DAY)
    wait_for_round(node)
    assert len(mails(node, DAVE, "reminder")) == 1
    assert mails(node, ALICE, "unread") == []
    node.move_clock(DAY)
    (notice,) = wait.until(lambda: mails(node, ALICE, "unread"), "the notice")
    words = maildir.text_of(notice)
    assert DAVE in words and CAROL not in words and "expired" in words and "/message/" in words
    node.move_clock(DAY)
    wait_for_round(node)
    assert len(mails(node, ALICE, "unread")) == 1


def test_who_was_reminded_of_an_end_that_moved_is_reminded_of_the_new_one(short):
    node = short
    node.move_clock(3 * DAY + 3600 * 1000)
    wait.until(lambda: mails(node, DAVE, "reminder"), "the reminder")
    message, ends = commands.message_id(node), commands.facts(node)["expires"]

    def extend(days):
        until = datetime.datetime.fromisoformat(ends.replace("Z", "")) + datetime.timedelta(days=days)
        node.run("message", "extend", message, "--until", until.strftime("%Y-%m-%dT%H:%MZ"))
        wait_for_round(node)
    extend(0.1)  # just as near: once told is enough
    assert len(mails(node, DAVE, "reminder")) == 1
    extend(4)
    assert len(mails(node, DAVE, "reminder")) == 1
    node.move_clock(4 * DAY)
    wait.until(lambda: len(mails(node, DAVE, "reminder")) == 2, "the second reminder")
    assert mails(node, CAROL, "reminder") == []


@pytest.mark.parametrize("why", ["another person's address", "deleted unread"])
def test_nobody_is_reminded_of_what_is_not_theirs_or_lies_in_deleted(short, why):
    node, link = short, portal.link_for(short, DAVE)
    if why == "deleted unread":
        dave = Browser(node)  # in by the address: a link would show the message
        page = dave.submit(dave.get("/sign-in"), r"/sign-in$", address=DAVE)
        dave.submit(dave.submit(page, r"/send-code$"), r"/sign-in/code$", code=portal.code_for(node, DAVE))
        dave.submit(dave.get("/inbox"), r"/delete$", id=link.rsplit("/", 1)[1])
    else:
        browser = Browser(node)
        assert browser.submit(browser.get(link), r"/not-mine$").status == 200
    node.move_clock(3 * DAY + 3600 * 1000)
    wait_for_round(node)
    assert mails(node, DAVE, "reminder") == []


def test_reminders_and_notices_can_be_switched_off(short):
    node = short
    for name, value in (("reminder_days", "0"), ("expired_notice", "no"), ("unread_notice_days", "0")):
        node.run("account", "set", name, value)
    for _ in range(3):
        node.move_clock(4 * DAY)
        wait_for_round(node)
    assert mails(node, DAVE, "reminder") == [] and mails(node, ALICE, "unread") == []


def test_the_sender_is_told_once_who_has_not_read_after_days(node):
    node.run("account", "set", "unread_notice_days", "3")
    send(node, CAROL, DAVE)
    link = portal.link_for(node, CAROL)
    reader, _ = portal.sign_in_by_link(node, link, CAROL)
    assert "forty-two" in reader.get("/message/" + link.rsplit("/", 1)[1]).text
    node.move_clock(3 * DAY + 60 * 1000)
    (notice,) = wait.until(lambda: mails(node, ALICE, "unread"), "the notice")
    words = maildir.text_of(notice)
    assert DAVE in words and CAROL not in words and "not been read yet" in words
    node.move_clock(5 * DAY)
    wait_for_round(node)
    assert len(mails(node, ALICE, "unread")) == 1


HOUR = 3600 * 1000


def owner_page(node):
    alice, _ = portal.sign_in_by_password(node, ALICE)
    return alice, alice.get(next(link for link in alice.get("/sent").links if link.startswith("/message/")))


def notifications(node, address):
    return [m["Message-ID"] for m in node.outbox.to(address) if m["Message-ID"].startswith("<notification")]


def test_r15_the_owner_notifies_again_once_an_hour_and_nobody_else(node):
    send(node, CAROL, DAVE)
    link = portal.link_for(node, CAROL)
    portal.link_for(node, DAVE)
    wait.until(lambda: all(d["state"] == "sent" for d in node.json("queue", "list", "--all")), "all to be sent")
    alice, page = owner_page(node)
    path = page.path.split("?")[0]
    assert f'value="{CAROL}"' in page.text
    answer = alice.submit(page, r"/notify$", address=CAROL)
    assert answer.status == 200 and "is sent again" in answer.text
    wait.until(lambda: len(notifications(node, CAROL)) == 2, "the second notification")
    assert len(set(notifications(node, CAROL))) == 2, "a second mail must not look like the first"
    wait.until(lambda: all(d["state"] == "sent" for d in node.json("queue", "list", "--all")), "all to be sent")
    page = alice.get(path)
    answer = alice.submit(page, r"/notify$", address=CAROL)
    assert "within the last hour" in answer.text
    assert alice.submit(page, r"/notify$", address="nobody@partner.example").status == 404
    assert alice.submit(page, r"/notify$", address=DAVE).status == 200
    assert len(notifications(node, CAROL)) == 2

    # Whoever is no owner of that copy learns nothing, a recipient neither.
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    read = carol.get("/message/" + link.rsplit("/", 1)[1])
    assert "/notify" not in read.text
    csrf = re.search(r'name="csrf" value="([^"]+)"', read.text).group(1)
    data = urllib.parse.urlencode({"csrf": csrf, "address": DAVE}).encode()
    for target in (path, "/message/" + link.rsplit("/", 1)[1]):
        assert carol.request(target + "/notify", data, {"Content-Type": "application/x-www-form-urlencoded",
                                                        "Origin": node.url}).status == 404
    # Who has read it needs no notification; the page says so by offering none.
    _, page = owner_page(node)
    assert f'value="{CAROL}"' not in page.text


def test_r14_an_administrator_notifies_again_and_hears_why_not(node):
    node.run("definition", "add", "Short", "--expire-days", "1")
    smtp.send(node.smtp_port, smtp.make(to=[CAROL], subject="Offer", headers={"X-Sealpost-Definition": "Short"}))
    portal.link_for(node, CAROL)
    wait.until(lambda: all(d["state"] == "sent" for d in node.json("queue", "list", "--all")), "all to be sent")
    (message,) = [m for m in node.json("message", "list") if m["kind"] == "secured"]
    node.run("message", "notify", message["id"], CAROL)
    wait.until(lambda: len(notifications(node, CAROL)) == 2, "the second notification")
    wait.until(lambda: all(d["state"] == "sent" for d in node.json("queue", "list", "--all")), "all to be sent")
    events = [e["event"] for e in node.json("message", "show", message["id"])[0]["events"]]
    assert events.count("notification.again") == 1
    node.move_clock(61 * 60 * 1000)
    node.run("message", "notify", message["id"], CAROL)
    wait.until(lambda: len(notifications(node, CAROL)) == 3, "the third notification")
    node.move_clock(25 * HOUR)
    done = subprocess.run([node.binary, "message", "notify", message["id"], CAROL], env=node.environment(),
                          capture_output=True, text=True)
    assert done.returncode != 0 and "expired" in done.stderr


def test_r14_who_is_said_to_have_another_address_is_not_notified_again(node):
    send(node, CAROL, DAVE)
    stranger = Browser(node)
    stranger.submit(stranger.get(portal.link_for(node, CAROL)), r"/not-mine$")
    portal.link_for(node, DAVE)
    wait.until(lambda: all(d["state"] == "sent" for d in node.json("queue", "list", "--all")), "all to be sent")
    alice, page = owner_page(node)
    offered = re.findall(r'/notify">.*?name="address" value="([^"]+)"', page.text, re.S)
    assert offered == [DAVE]
    before = len(notifications(node, CAROL))
    assert "is sent again" not in alice.submit(page, r"/notify$", address=CAROL).text
    (message,) = [m for m in node.json("message", "list") if m["kind"] == "secured"]
    done = subprocess.run([node.binary, "message", "notify", message["id"], CAROL], env=node.environment(),
                          capture_output=True, text=True)
    assert done.returncode != 0 and "another person's address" in done.stderr
    # Of another recipient nothing was said.
    assert "is sent again" in alice.submit(alice.get(page.path), r"/notify$", address=DAVE).text
    wait.until(lambda: len(notifications(node, DAVE)) == 2, "Dave's second notification")
    assert len(notifications(node, CAROL)) == before
