"""What a page that is left open hears: counts, states, a recall; never more than its person may see."""

import json
import re

from support import portal, rows, smtp, wait
from support.commands import Sender
from test_deleted import post

CAROL, DAVE = "carol@partner.example", "dave@partner.example"
MINUTE_MS = 60_000


def live(browser, query="", version=""):
    """The event, None when nothing is new, "over"; and its version."""
    page = browser.get(f"/live?{query}", **({"Last-Event-ID": version} if version else {}))
    assert page.status == 200 and page.headers["Content-Type"] == "text/event-stream" and page.headers["Connection"] == "close"
    assert page.text.startswith("retry: 15000\n\n")
    data = re.search(r"^data: (.*)$", page.text, re.M)
    found = re.search(r"^id: (\w+)$", page.text, re.M)
    return (data and (json.loads(data[1]) if found else data[1])), found and found[1]


def carol_with(node, subject="Offer [secure]"):
    smtp.send(node.smtp_port, smtp.make(subject=subject, to=[CAROL, DAVE]))
    carol, page = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL)
    return carol, page.path.rsplit("/", 1)[1]


def test_counts_and_states_follow(node):
    carol, mine = carol_with(node)
    event, version = live(carol, "folder=inbox")
    assert event["unread"] == 0 and [row["id"] for row in event["rows"]] == [mine] and "gone" not in event
    assert live(carol, "folder=inbox", version) == (None, None)
    smtp.send(node.smtp_port, smtp.make(subject="More [secure]", to=CAROL))
    event, _ = live(carol, "folder=inbox", version)
    assert event["unread"] == 1 and "1 unread message" in event["count"] and len(event["rows"]) == 2
    alice = Sender(node)
    own = f"message={alice.path.rsplit('/', 1)[1]}&own=1"
    before, version = live(alice.browser, own)
    assert len(before["recipients"]) == 1 and "Read" not in before["recipients"][0]
    newest = next(row["id"] for row in event["rows"] if row["id"] != mine)
    carol.get(f"/message/{newest}")
    after, _ = live(alice.browser, own, version)
    assert "Read" in after["recipients"][0]
    assert any("1 of 1" in row["states"] or "Read" in row["states"] for row in live(alice.browser, "folder=sent")[0]["rows"])


def test_r4_a_page_left_open_hears_who_recalled_when_and_why(node):
    carol, mine = carol_with(node)
    assert "gone" not in live(carol, f"message={mine}")[0]
    assert Sender(node).recall("Wrong price").status == 200
    gone = live(carol, f"message={mine}")[0]["gone"]
    assert "Alice A." in gone and "Wrong price" in gone and "recalled" in gone and "forty-two" not in gone


def test_r13_watching_is_no_reading(node):
    carol, mine = carol_with(node)
    post(carol, carol.get("/inbox"), "/mark-unread", id=mine)
    first = rows.query(node, "select first_read_at, unread from copy where is_owner = 0 order by id")
    smtp.send(node.smtp_port, smtp.make(subject="More [secure]", to=CAROL))
    wait.until(lambda: live(carol)[0]["unread"] == 2, "the second message")
    for row in live(carol, "folder=inbox")[0]["rows"]:
        live(carol, f"message={row['id']}&own=1")
    assert rows.query(node, "select count(*) from copy where is_owner = 0 and first_read_at > 0")[0] == ("1",)
    assert first[0] in rows.query(node, "select first_read_at, unread from copy where is_owner = 0 order by id")


def test_r15_nobody_hears_of_what_is_anothers(node):
    carol, mine = carol_with(node)
    dave, page = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE)
    others = page.path.rsplit("/", 1)[1]
    nothing = live(carol)[0]
    for query in (f"message={others}", f"message={others}&own=1", "message=" + "0" * 26, "message=x", "folder=drafts"):
        assert live(carol, query)[0] == nothing, query
    Sender(node).recall()
    assert live(carol, f"message={others}")[0] == live(carol)[0]
    assert live(portal.Browser(node)) == ("over", None)


def test_r7_live_updates_are_not_use(node):
    carol, mine = carol_with(node)
    for _ in range(5):
        node.move_clock(11 * MINUTE_MS)
        assert live(carol, f"message={mine}")[0]["unread"] == 0
    node.move_clock(6 * MINUTE_MS)
    assert live(carol, f"message={mine}") == ("over", None)
    assert "/sign-in" in carol.get("/inbox").url
