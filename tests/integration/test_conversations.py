"""Conversations: one row each in lists, by a setting; grouping only, of what the person has."""

import re

from support import portal, rows, smtp
from support.commands import Sender, text_of
from test_deleted import ids_of, post
from test_lists import fill, make_id, set_views, subjects, text_of_id

CAROL, DAVE = "carol@partner.example", "dave@partner.example"


def others(page):
    section = re.search(r'<section class="conversation".*?</section>', page.text, re.S)
    return re.findall(r'class="row-subject"><bdi>(.*?)</bdi>', section[0]) if section else []


def converse(node):
    """Alice to Carol and Dave, Carol answers Alice, Alice answers her by mail; and something else."""
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE], message_id="<offer@acme.example>"))
    carol, page = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL)
    carol.submit_files(carol.get(page.path + "/reply"), r"/reply$", [], text="We take it.")
    smtp.send(node.smtp_port, smtp.make(subject="Other [secure]", to=CAROL))
    node.move_clock(60_000)
    smtp.send(node.smtp_port, smtp.make(subject="Fine", to=CAROL, headers={"In-Reply-To": "<offer@acme.example>"}))
    portal.link_for(node, CAROL, 3)
    return carol, page.path


def test_a_conversation_is_one_row_and_its_page_names_the_others(node):
    carol, path = converse(node)
    assert subjects(carol.get("/inbox")) == ["Fine", "Other", "Offer"] and others(carol.get(path)) == []
    set_views(carol, conversations=1)
    inbox = carol.get("/inbox")
    assert subjects(inbox) == ["Fine", "Other"] and "3 messages in this conversation" in text_of(inbox)
    assert text_of(inbox).count("in this conversation") == 1
    newest = carol.get(f"/message/{ids_of(inbox)[0]}")
    assert others(newest) == ["Re: Offer", "Offer"] and others(carol.get(path)) == ["Fine", "Re: Offer"]
    # In another order, and of what a filter leaves, it is one row too: by the newest that is left of it.
    assert subjects(carol.get("/inbox?sort=oldest")) == ["Other", "Fine"] == subjects(carol.get("/inbox?sort=who"))[::-1]
    assert subjects(carol.get("/inbox?show=unread")) == ["Other"]
    # An unread one marks the row, whichever it is.
    post(carol, inbox, "/mark-unread", id=path.rsplit("/", 1)[1])
    assert re.search(r'class="row unread".*?Fine', carol.get("/inbox").text, re.S)
    set_views(carol)
    assert subjects(carol.get("/inbox")) == ["Fine", "Other", "Offer"]


def test_r15_a_conversation_has_only_what_its_person_can_see(node):
    carol, path = converse(node)
    dave, page = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE)
    for browser in (carol, dave):
        set_views(browser, conversations=1, keys=1)
    assert others(dave.get(page.path)) == [] and "in this conversation" not in text_of(dave.get("/inbox"))
    # What was recalled or deleted is missing, here as everywhere.
    alice = Sender(node)
    offer = next(l for l in alice.browser.get("/sent").links if l.startswith("/message/") and "<h1><bdi>Offer" in alice.browser.get(l).text)
    alice.path = offer.split("?")[0]
    assert alice.recall().status == 200
    inbox = carol.get("/inbox")
    assert subjects(inbox) == ["Fine", "Other"] and "2 messages in this conversation" in text_of(inbox)
    newest = carol.get(f"/message/{ids_of(inbox)[0]}")
    assert others(newest) == ["Re: Offer"]
    post(carol, newest, "/delete", id=re.search(r'/message/(\w{26})"[^>]*>\s*<span class="row-who">.*?Re: Offer', newest.text, re.S)[1])
    assert others(carol.get(newest.path)) == [] and "in this conversation" not in text_of(carol.get("/inbox"))


def test_pages_of_conversations_are_exact(node):
    smtp.send(node.smtp_port, smtp.make(subject="One [secure]", to=CAROL))
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL)
    fill(node, 130, threads=lambda name, number: rows.literal(node, make_id(number % 60 + 1)))
    set_views(carol, conversations=1)
    kind = (lambda c: f"hex({c})") if node.database.startswith("sqlite:") else (lambda c: f"encode({c}, 'hex')")
    newest = {}
    for copy, thread, at in rows.query(node, f"select {kind('c.id')}, {kind('thread_id')}, sorted_at from copy c join person p"
                                             f" on p.id = c.person_id where p.address = '{CAROL}' and folder = 1"):
        newest[thread] = max(newest.get(thread, (0, "")), (int(at), text_of_id(copy)))
    expected = [name for _, name in sorted(newest.values(), reverse=True)]
    page = carol.get("/inbox")
    pages = [ids_of(page)]
    while (older := re.search(r'rel="next" href="([^"]+)"', page.text)):
        page = carol.get(older[1].replace("&amp;", "&"))
        pages.append(ids_of(page))
    assert sum(pages, []) == expected and len(expected) == 61
    for before in reversed(pages[:-1]):
        page = carol.get(re.search(r'rel="prev" href="([^"]+)"', page.text)[1].replace("&amp;", "&"))
        assert ids_of(page) == before
