"""Deleted (R9): there on the very next page, back again, and away for good; nobody else's copy changes."""

import re
import urllib.parse

import pytest
from support import commands, portal, rows, smtp
from support.browser import Browser
from support.commands import Sender, text_of

CAROL, DAVE = "carol@partner.example", "dave@partner.example"
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


def post(browser, page, action, **fields):
    """The page's form with another action and fields, as a button with formaction or ticked boxes send it."""
    fields = {"csrf": page.form(r"/(delete|restore)$")["fields"]["csrf"], **fields}
    return browser.request(action, urllib.parse.urlencode(fields, doseq=True).encode(), {**HEADERS, "Origin": browser.base})


def ids_of(page):
    return re.findall(r'name="id" value="([0-9a-z]{26})"', page.text.split('class="rows"')[1])


def counts(node, address):
    """What folders are said to hold, and what they hold."""
    said = rows.query(node, "select f.folder, f.total, f.unread from folder_count f join person p on p.id = f.person_id"
                            f" where p.address = '{address}' and f.total > 0 order by f.folder")
    held = rows.query(node, "select c.folder, count(*), sum(c.unread) from copy c join person p on p.id = c.person_id"
                            f" where p.address = '{address}' and c.folder > 0 group by c.folder order by c.folder")
    assert said == held
    return {int(folder): (int(total), int(unread)) for folder, total, unread in said}


def carol_with(node, count, to=CAROL):
    for number in range(1, count + 1):
        smtp.send(node.smtp_port, smtp.make(subject=f"Offer {number} [secure]", to=to))
    browser, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, count), CAROL)
    return browser


def test_r9_deleted_is_there_on_the_next_page_and_back_again(node):
    carol = carol_with(node, 3)
    inbox = carol.get("/inbox")
    ids = ids_of(inbox)
    assert len(ids) == 3 and counts(node, CAROL) == {1: (3, 2)}
    # From the message's own page.
    page = carol.get(f"/message/{ids[0]}")
    subject = re.search(r"<h1><bdi>(Offer \d)", page.text).group(1)
    after = carol.submit(page, r"/delete$")
    assert after.path == "/inbox" and "1 message is now in Deleted" in text_of(after) and subject not in after.text
    assert subject in carol.get("/deleted").text
    assert counts(node, CAROL) == {1: (2, 2), 4: (1, 0)}
    undone = carol.submit(after, r"/restore$")
    assert undone.path == "/inbox" and subject in undone.text and "back where it was" in text_of(undone)
    # Many from the list, by the ticked boxes.
    after = post(carol, inbox, "/delete", id=ids[1:], **{"return": "/inbox"})
    assert "2 messages are now in Deleted" in text_of(after) and ids_of(after) == [ids[0]]
    deleted = carol.get("/deleted")
    assert ids_of(deleted) == ids[1:] and counts(node, CAROL) == {1: (1, 0), 4: (2, 2)}
    assert "1 unread" not in text_of(deleted)
    shown = carol.get(f"/message/{ids[1]}")
    assert shown.status == 200 and "forty-two" in shown.text and counts(node, CAROL)[4] == (2, 1)
    assert 'href="/deleted" aria-current="page"' in shown.text
    assert "Tick at least one message" in text_of(post(carol, deleted, "/restore", **{"return": "/deleted"}))
    post(carol, deleted, "/restore", id=ids[1:])
    assert ids_of(carol.get("/inbox")) == ids and counts(node, CAROL) == {1: (3, 1)}
    kinds = [e["event"] for m in node.json("message", "list") for e in commands.facts(node, m["id"])["events"]]
    assert (kinds.count("copy.deleted"), kinds.count("copy.restored")) == (3, 3)


def test_r9_deleted_for_good_destroys_ones_own_key_only(node):
    carol = carol_with(node, 1, [CAROL, DAVE])
    dave, message = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE)
    own = ids_of(carol.get("/inbox"))[0]
    assert len(rows.query(node, "select 1 from wrap")) == 3
    # Only out of Deleted, and only after one question.
    page = post(carol, carol.get("/inbox"), "/destroy", id=own, sure="1")
    assert "0 messages were deleted for good" in text_of(page) and len(rows.query(node, "select 1 from wrap")) == 3
    carol.submit(carol.get(f"/message/{own}"), r"/delete$")
    asked = post(carol, carol.get(f"/message/{own}"), "/destroy", id=own)
    assert "Delete 1 message for good?" in text_of(asked) and "that you sent" not in text_of(asked)
    assert "gone for all of you" not in text_of(asked)
    assert len(rows.query(node, "select 1 from wrap")) == 3
    done = carol.submit(asked, r"/destroy$")
    assert done.path == "/deleted" and "1 message was deleted for good" in text_of(done)
    assert len(rows.query(node, "select 1 from wrap")) == 2 and counts(node, CAROL) == {}
    assert len(rows.query(node, "select 1 from destruction")) == 1
    for path in ("", "/body", "/print", "/file/0", "/reply"):
        gone = carol.get(f"/message/{own}{path}")
        assert gone.status == 410 and "You deleted this message" in text_of(gone) and "Alice A." in text_of(gone), path
    # Its link tells of it to nobody else.
    door = Browser(node).get(f"/m/{own}")
    assert door.status == 200 and "has a secure message for you" in door.text and "eleted" not in text_of(door)
    assert "You deleted this message" in text_of(carol.get(f"/m/{own}"))
    assert "forty-two" in dave.get(message.path).text
    assert "copy.destroyed" in commands.events(node)
    # A recall takes it from Dave and leaves what is gone as it is.
    alice = Sender(node)
    assert alice.recall().status == 200 and dave.get(message.path).status == 410
    assert "You deleted this message" in text_of(carol.get(f"/message/{own}"))
    assert counts(node, CAROL) == {} and counts(node, DAVE) == {}


def test_recall_reaches_a_copy_in_deleted(node):
    carol = carol_with(node, 1)
    own = ids_of(carol.get("/inbox"))[0]
    post(carol, carol.get("/inbox"), "/delete", id=own)
    assert Sender(node).recall("Wrong price").status == 200
    gone = carol.get(f"/message/{own}")
    assert gone.status == 410 and "Wrong price" in gone.text
    assert "Offer" not in carol.get("/deleted").text and counts(node, CAROL) == {}
    # Nothing brings it back.
    csrf = carol.get("/settings").form("choices")["fields"]["csrf"]
    page = carol.request("/restore", f"csrf={csrf}&id={own}".encode(), {**HEADERS, "Origin": node.url})
    assert "0 messages are back" in text_of(page) and counts(node, CAROL) == {}


def test_a_sender_who_deletes_takes_nothing_away(node):
    carol = carol_with(node, 1)
    own = ids_of(carol.get("/inbox"))[0]
    alice = Sender(node)
    after = alice.browser.submit(alice.page(), r"/delete$")
    assert after.path == "/sent" and "now in Deleted" in text_of(after)
    assert "forty-two" in carol.get(f"/message/{own}").text
    # From Deleted it can be recalled still; deleting it for good says that this ends.
    page = alice.page()
    assert "Recall from 1 person" in text_of(page) and 'href="/deleted" aria-current="page"' in page.text
    asked = post(alice.browser, page, "/destroy", id=alice.path.rsplit("/", 1)[1])
    assert "you can neither recall them" in text_of(asked)
    alice.browser.submit(asked, r"/destroy$")
    for path in (alice.path, alice.path + "/recall"):
        gone = alice.browser.get(path)
        assert gone.status == 410 and "An administrator can recall it" in text_of(gone)
    assert "forty-two" in carol.get(f"/message/{own}").text
    node.run("message", "recall", commands.message_id(node), "--reason", "asked by Alice")
    assert carol.get(f"/message/{own}").status == 410


def test_r15_deleting_what_is_not_ones_own(node):
    carol = carol_with(node, 1, [CAROL, DAVE])
    dave, page = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE)
    others, mine = page.path.rsplit("/", 1)[1], ids_of(carol.get("/inbox"))[0]
    inbox = carol.get("/inbox")
    for action in ("/delete", "/restore", "/destroy"):
        answers = [post(carol, inbox, action, id=[mine, other], sure="1") for other in (others, "0" * 26, "nonsense")]
        assert [a.status for a in answers] == [404] * 3
        assert len({re.sub(r"(?i)value=\"[^\"]*\"", "", a.text) for a in answers}) == 1
    assert counts(node, CAROL) == {1: (1, 0)} and counts(node, DAVE) == {1: (1, 0)}
    assert carol.get("/delete").status == 405 and "copy.deleted" not in commands.events(node)
    no_token = carol.request("/delete", f"id={mine}".encode(), {**HEADERS, "Origin": node.url})
    assert no_token.status == 403 and counts(node, CAROL) == {1: (1, 0)}
    assert post(carol, inbox, "/delete", id=[mine] * 101).status == 400


@pytest.mark.parametrize("first", ["destroy", "open"])
def test_r9_delete_against_open(node, first):
    """Deleting for good while it is opened: it was shown and that is known, or it was not shown; counts stay right."""
    carol = carol_with(node, 2)
    own, = ids_of(carol.get("/inbox?show=unread"))
    page = carol.get("/inbox")
    post(carol, page, "/delete", id=own)
    actions = {"destroy": lambda: post(carol, page, "/destroy", id=own, sure="1"),
               "open": lambda: carol.get(f"/message/{own}")}
    order = [first] + [a for a in actions if a != first]
    results = dict(zip(order, rows.race(node, "select 1 from copy for no key update", *[actions[a] for a in order])))
    assert "told=destroyed&count=1" in results["destroy"].url
    shown = first == "open"
    assert ("forty-two" in results["open"].text) == shown and results["open"].status == (200 if shown else 410)
    assert rows.query(node, "select count(*) from event where kind = 'body.shown'") == [(str(1 + shown),)]
    assert carol.get(f"/message/{own}").status == 410 and counts(node, CAROL) == {1: (1, 0)}


@pytest.mark.parametrize("first", ["delete", "recall", "restore"])
def test_r9_delete_restore_and_recall_at_once(node, first):
    carol = carol_with(node, 2)
    ids = ids_of(carol.get("/inbox"))
    page = carol.get("/inbox")
    alice = Sender(node)  # at the newest
    asked = alice.browser.get(alice.path + "/recall")
    actions = {"delete": lambda: post(carol, page, "/delete", id=ids),
               "recall": lambda: alice.browser.submit(asked, r"/recall$", whole="1", reason=""),
               "restore": lambda: post(carol, page, "/restore", id=ids[::-1])}
    order = [first] + [a for a in actions if a != first]
    rows.race(node, "select 1 from copy for no key update", *[actions[a] for a in order])
    held = counts(node, CAROL)
    assert sum(total for total, _ in held.values()) == 1
    assert (1 if order.index("delete") < order.index("restore") else 4) in held
    assert carol.get(f"/message/{ids[0]}").status == 410
