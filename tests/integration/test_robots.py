"""Programs that open the links in mails before the person does: nothing that they do counts (R8, R13)."""

import http.client
import itertools
import re
import ssl

from support import maildir, portal, rows, smtp, wait
from support.browser import Browser
from support.commands import Sender
from support.told import ASKS
from test_requests import ask

ALICE, BOB = "alice@acme.example", "bob@acme.example"
CAROL, DAVE, ERIN, FRANK = (f"{name}@partner.example" for name in ("carol", "dave", "erin", "frank"))
DAY = 24 * 3600 * 1000
ROBOTS = 20
KINDS = {"notification", "receipt", "address-denied", "request", "changed", "reminder", "unread", "summary"}
# What opening a link is evidence of, how often that was written down lately, and what goes on by itself.
NO_STATE = {"event", "event_chain", "attempt", "node_run"}
EVIDENCE = {("inquiry", "link_opened_at")}


def kind_of(mail):
    return re.match(r"<([a-z-]+)\.", mail["Message-ID"])


def have(node, kind):
    return wait.until(lambda: [m for _, m in node.outbox.mails() if (k := kind_of(m)) and k[1] == kind], f"a mail: {kind}")


def make_mails(node):
    """One of each kind that has a link, none of which a person has used; Frank's notification."""
    for name, value in (("reminder_days", "2"), ("unread_notice_days", "1"), ("send_bcc_to_mail_server", "yes")):
        node.run("account", "set", name, value)
    node.run("definition", "set", "Default", "--expire-days", "4")
    smtp.send(node.smtp_port, smtp.make(to=[CAROL, DAVE, FRANK, BOB], headers=ASKS))
    link = portal.link_for(node, FRANK)
    dave = Browser(node)
    dave.submit(dave.get(portal.link_for(node, DAVE)), r"/not-mine$")
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL)
    carol.submit(carol.get("/settings/password"), r"/password$", password="seventeen blue herons")
    alice, _ = portal.sign_in_by_password(node, ALICE)
    ask(alice, to=ERIN, days="30")
    have(node, "receipt")
    node.move_clock(DAY + 60_000)
    have(node, "unread")
    node.run("account", "set", "sender_notices", "daily")
    node.move_clock(DAY)
    have(node, "reminder")
    node.move_clock(3 * DAY)
    have(node, "summary")
    smtp.send(node.smtp_port, smtp.make(to=[FRANK], subject="Second [secure]"))
    return portal.link_for(node, FRANK, 2)


def links_of(node):
    found, kinds = set(), set()
    for _, mail in node.outbox.mails():
        links = re.findall(rf"{re.escape(node.url)}/[^\s\"'<>)]+",
                           maildir.text_of(mail) + " ".join(str(v) for v in mail.values()))
        if kind_of(mail) and links:
            kinds.add(kind_of(mail)[1])
        found.update(links)
    return found, kinds


def state(node):
    """All rows that are no evidence."""
    tables = [row[0] for row in rows.query(node, "select name from sqlite_master where type = 'table'")]
    return {table: rows.query(node, "select " + ", ".join(
        c for c in rows.columns(node, table) if (table, c) not in EVIDENCE) + f" from {table} order by 1, 2")
        for table in tables if table not in NO_STATE}


def robot(node, number):
    """A connection from an address of its own, without a cookie."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", node.https_port, context=context, timeout=60,
                                       source_address=(f"127.0.1.{number + 1}", 0))


def test_r8_r13_robots_on_every_link_of_every_mail_change_nothing(sqlite_node):
    node = sqlite_node
    link = make_mails(node)
    wait.until(lambda: not node.json("queue", "list"), "the queue to be empty")
    links, kinds = links_of(node)
    assert KINDS <= kinds, KINDS - kinds
    assert link in links and any("/summary/" in one for one in links)
    before = wait.until(lambda: (a := state(node)) == state(node) and a, "nothing to go on by itself")
    for number in range(ROBOTS):
        connection = robot(node, number)
        for one, method in itertools.product(sorted(links), ("GET", "HEAD", "OPTIONS")):
            connection.request(method, one.removeprefix(node.url))
            answer = connection.getresponse()
            assert answer.status < 500 and b"forty-two" not in answer.read(), (method, one)
        connection.close()
    assert state(node) == before
    alice = Sender(node)
    signs = lambda: re.search(r'<section class="recipients".*?</section>', alice.page().text, re.S)[0]  # noqa: E731
    assert "Link opened" in signs() and "Signed in" not in signs() and "Read " not in signs()
    _, page = portal.sign_in_by_link(node, link, FRANK)
    assert "forty-two" in page.text and "Read " in signs()
