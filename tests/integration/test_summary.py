"""The sender's one mail a day about what became of messages (settings sender_notices and summary_hour)."""

import datetime
import re
import shutil
import urllib.parse
import zoneinfo

import pytest
from support import maildir, portal, rows, smtp, wait
from support.browser import Browser
from support.mail_server import MailServer, Outbox
from support.node import Node
from support.told import mails, wait_for_round
from test_addresses import message_named
from test_deleted import post

HOUR = 3600 * 1000
DAY = 24 * HOUR
ALICE, BOB = "alice@acme.example", "bob@acme.example"
CAROL, DAVE, GONE = "carol@partner.example", "dave@partner.example", "gone@partner.example"
ZONE = "Asia/Tokyo"


class World:
    """Nodes of one database whose senders are told once a day, an hour and more from now."""

    def __init__(self, binary, database):
        self.binary, self.server, self.nodes = binary, MailServer(), []
        self.server.rcpt[GONE] = "550 5.1.1 nobody of that name"
        self.node = self.new_node(database).make_acme()
        self.node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{self.server.port}")
        hour = (datetime.datetime.now(zoneinfo.ZoneInfo(ZONE)).hour + 2) % 24
        for name, value in (("sender_notices", "daily"), ("time_zone", ZONE), ("summary_hour", str(hour)),
                            ("unread_notice_days", "1"), ("reminder_days", "2")):
            self.node.run("account", "set", name, value)
        self.node.run("definition", "add", "Short", "--expire-days", "4")
        self.node.start()

    def new_node(self, database, **values):
        node = Node(self.binary, database, values={"outbox": None, "delivery": "smart_host", **values},
                    sections=[f'smart_host {{\n  address = "127.0.0.1:{self.server.port}"\n}}'])
        node.outbox = Outbox(self.server)
        self.nodes.append(node)
        return node

    def second_node(self):
        first = self.node
        second = self.new_node(first.database, root_key=first.folder / "root.key", blobs=first.folder / "blobs")
        for name in ("certificate.pem", "key.pem"):
            shutil.copy(first.folder / name, second.folder)
        return second.start()

    def send(self, *to, subject="Offer", sender=ALICE):
        smtp.send(self.node.smtp_port, smtp.make(to=list(to), subject=subject, sender=sender,
                                                 headers={"X-Sealpost-Definition": "Short"}), sender=sender)

    def read(self, address):
        link = portal.link_for(self.node, address)
        browser, _ = portal.sign_in_by_link(self.node, link, address)
        assert "forty-two" in browser.get("/message/" + link.rsplit("/", 1)[1]).text

    def move_clock(self, milliseconds):
        for node in self.nodes:
            node.move_clock(milliseconds)

    def summaries(self, address=ALICE):
        return mails(self.node, address, "summary")

    def settle(self):
        for _ in range(2):
            wait_for_round(self.node)

    def wait_for(self, count, address=ALICE):
        wait.until(lambda: len(self.summaries(address)) >= count, f"{count} summaries")
        assert len(self.summaries(address)) == count
        return maildir.text_of(self.summaries(address)[-1])

    def close(self):
        for node in self.nodes:
            node.close()
        self.server.close()


@pytest.fixture
def sqlite_world(binary):
    world = World(binary, None)
    yield world
    world.close()


def part(words, begin):
    """What stands under a heading of the mail, up to the next."""
    return words.split(begin, 1)[1].split(":\n\n", 1)[0]


def test_r13_one_mail_a_day_tells_what_became_of_messages_and_each_thing_once(world):
    node = world.node
    world.send(CAROL, DAVE)
    world.send(GONE, subject="Other")
    world.read(CAROL)
    wait.until(lambda: [d for d in node.json("queue", "list", "--all") if d["state"] == "failed"], "the refusal")
    world.settle()
    assert world.summaries() == []
    world.move_clock(2 * HOUR)  # the hour has struck: one failed, nothing is unread for a day
    words = world.wait_for(1)
    assert GONE in words and CAROL not in words and DAVE not in words and "Could not be delivered" in words
    assert re.search(r"/message/\w+", words) and "Offer" not in words and "forty-two" not in words

    world.move_clock(DAY)
    words = world.wait_for(2)
    assert DAVE in part(words, "Not read for days") and GONE in part(words, "Not read for days")
    assert CAROL not in words and "Could not be delivered" not in words
    world.settle()
    assert len(world.summaries()) == 2

    world.move_clock(DAY)
    words = world.wait_for(3)
    assert DAVE in part(words, "expires soon") and "Can be read until" in words
    world.move_clock(2 * DAY)
    words = world.wait_for(4)
    assert DAVE in part(words, "Expired before") and CAROL not in words
    world.move_clock(DAY)
    world.settle()
    assert len(world.summaries()) == 4
    assert mails(node, ALICE, "unread") == [], "it stands for the mails about each"


def test_the_summary_shows_a_subject_only_where_the_account_allows_and_its_links_open_in_sent(sqlite_world):
    world = sqlite_world
    world.node.run("account", "set", "notification_subject", "yes")
    world.send(DAVE, subject="Offer <42>")
    world.move_clock(DAY + 2 * HOUR)
    words = world.wait_for(1)
    assert "Subject: Offer <42>" in words
    html = world.summaries()[0].get_body(("html",)).get_content()
    assert "Offer &lt;42&gt;" in html and DAVE in html
    alice, _ = portal.sign_in_by_password(world.node, ALICE)
    page = alice.get(re.search(r"https://\S+/message/\w+", words).group(0))
    assert page.status == 200 and DAVE in page.text


def test_what_was_read_or_recalled_meanwhile_is_not_told(world):
    world.send(CAROL)
    world.send(DAVE, subject="Other")
    world.read(CAROL)
    portal.link_for(world.node, DAVE)
    (other,) = [m["id"] for m in world.node.json("message", "list")
                if any(r["address"] == DAVE for r in world.node.json("message", "show", m["id"])[0]["recipients"])]
    world.node.run("message", "recall", other, "--reason", "wrong file")
    world.move_clock(DAY + 2 * HOUR)
    world.settle()
    assert world.summaries() == []


def test_what_its_sender_deleted_for_good_is_told_no_more(world):
    world.send(DAVE)
    world.send(CAROL, subject="Other")
    portal.link_for(world.node, DAVE)
    alice, _ = portal.sign_in_by_password(world.node, ALICE)
    gone = message_named(alice, "Offer", "sent")
    alice.submit(alice.get(gone), r"/delete$")
    alice.submit(post(alice, alice.get(gone), "/destroy", id=gone.rsplit("/", 1)[1]), r"/destroy$")
    assert alice.get(gone).status == 410
    world.move_clock(DAY + 2 * HOUR)
    words = world.wait_for(1)
    assert CAROL in words and DAVE not in words


def test_a_failure_is_told_no_more_of_whom_the_message_was_recalled_from(world):
    node = world.node
    world.send(GONE, DAVE)
    wait.until(lambda: [d for d in node.json("queue", "list", "--all") if d["state"] == "failed"], "the refusal")
    node.run("message", "recall", node.json("message", "list")[0]["id"], "--recipient", GONE, "--reason", "wrong address")
    world.move_clock(2 * HOUR)
    world.settle()
    assert world.summaries() == []


def one_click(world, mail):
    """As a mail program does it (RFC 8058): no cookie, no token of a form."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = re.fullmatch(r"<(https://\S+)>", mail["List-Unsubscribe"]).group(1)
    return url, lambda u=url: Browser(world.node).request(
        u, urllib.parse.urlencode({"List-Unsubscribe": "One-Click"}).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"})


def test_r15_the_mail_ends_by_one_click_and_a_get_changes_nothing(sqlite_world):
    world = sqlite_world
    node = world.node
    world.send(DAVE)
    world.move_clock(DAY + 2 * HOUR)
    world.wait_for(1)
    url, click = one_click(world, world.summaries()[0])
    assert url in maildir.text_of(world.summaries()[0])
    asked = Browser(node).get(url)
    assert asked.status == 200 and ALICE not in asked.text and "a…e@acme.example" in asked.text
    alice, _ = portal.sign_in_by_password(node, ALICE)
    assert re.search(r'name="summary" value="1" checked', alice.get("/settings").text)
    token = url.rsplit("/", 1)[1]
    swapped = token[:-1] + ("a" if token[-1] != "a" else "b")
    for wrong in (swapped, token[:26], token + "a", "x"):
        assert click(url.replace(token, wrong)).status == 404
        assert Browser(node).get(url.replace(token, wrong)).status == 404
    assert re.search(r'name="summary" value="1" checked', alice.get("/settings").text)

    assert click().status == 200
    assert not re.search(r'name="summary" value="1" checked', alice.get("/settings").text)
    world.move_clock(4 * DAY)
    world.settle()
    assert len(world.summaries()) == 1
    # In Settings it comes back; what was due meanwhile is not told afterwards.
    page = alice.submit(alice.get("/sign-in"), r"/sign-in", address=ALICE)
    alice.submit(page, r"/password$", password="correct horse battery")
    page = alice.submit(alice.get("/settings"), r"/settings/mails$", summary="1")
    assert re.search(r'name="summary" value="1" checked', page.text)
    world.move_clock(DAY)
    world.settle()
    assert len(world.summaries()) == 1
    world.send(DAVE)
    world.move_clock(2 * DAY)
    world.wait_for(2)


def test_the_page_behind_the_mail_ends_it_by_a_button_too(sqlite_world):
    world = sqlite_world
    world.send(DAVE)
    world.move_clock(DAY + 2 * HOUR)
    world.wait_for(1)
    url, _ = one_click(world, world.summaries()[0])
    browser = Browser(world.node)
    page = browser.submit(browser.get(url), r"/summary/")
    assert page.status == 200 and "no more daily mails" in page.text
    assert "no more daily mails" in browser.get(url).text
    # Signed in, a form from elsewhere is no form of ours.
    alice, _ = portal.sign_in_by_password(world.node, ALICE)
    assert alice.request(url, b"List-Unsubscribe=One-Click",
                         {"Content-Type": "application/x-www-form-urlencoded"}).status in (400, 403)


def test_off_tells_nothing_and_each_tells_of_each(sqlite_world):
    world = sqlite_world
    world.node.run("account", "set", "sender_notices", "off")
    world.send(DAVE)
    world.move_clock(DAY + 2 * HOUR)
    world.settle()
    assert world.summaries() == [] and mails(world.node, ALICE, "unread") == []
    world.node.run("account", "set", "sender_notices", "each")
    wait.until(lambda: mails(world.node, ALICE, "unread"), "the notice")
    assert world.summaries() == []


@pytest.fixture
def cluster(binary, postgres):
    world = World(binary, postgres.new_url())
    yield world
    world.close()


def test_two_nodes_send_one_mail_a_day(cluster):
    cluster.second_node()
    for i in range(5):
        cluster.send(f"reader{i}@partner.example", subject=f"Offer {i}")
        cluster.send(f"reader{i}@partner.example", subject=f"Offer {i}", sender=BOB)
    wait.until(lambda: not cluster.node.json("queue", "list"), "an empty queue")
    # Both nodes find what is due before one of them tells it.
    held = rows.Held(cluster.node, "select 1 from person where is_internal = 1 for no key update")
    cluster.move_clock(DAY + 2 * HOUR)
    try:
        held.wait_for_waiting(2)
    finally:
        held.release()
    for address in (ALICE, BOB):
        words = cluster.wait_for(1, address)
        assert all(f"reader{i}@partner.example" in words for i in range(5))
    cluster.settle()
    for address in (ALICE, BOB):
        assert len(cluster.summaries(address)) == 1
