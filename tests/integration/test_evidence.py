"""What a sender learns of each recipient: signs by their own names, and nothing twice (R13)."""

import html
import re

from support import maildir, portal, smtp, wait
from support.browser import Browser


def text_of(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def owner_page(node):
    """Alice's page of the message she sent last."""
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    sent = alice.get("/sent")
    return alice.get(next(link for link in sent.links if link.startswith("/message/")))


def events_of(node, kind):
    return [e for m in node.json("message", "list") if m["kind"] == "secured"
            for e in node.json("message", "show", m["id"])[0]["events"] if e["event"] == kind]


def test_not_my_address_reaches_the_sender_once(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
    link = portal.link_for(node, "carol@partner.example")
    browser = Browser(node)
    page = browser.get(link)
    for _ in range(5):
        answer = browser.submit(page, "not-mine")
        assert answer.status == 200 and "Thank you" in answer.text
    notices = wait.until(lambda: node.outbox.to("alice@acme.example"), "the notice to Alice")
    words = maildir.text_of(notices[0])
    assert "carol@partner.example" in words
    assert "Offer" not in notices[0].as_string() and "forty-two" not in notices[0].as_string()
    assert len(events_of(node, "person.not-my-address")) == 1

    page = owner_page(node)
    assert "not my address" in text_of(page)
    assert re.search(r"https://\S+(/message/\S+)", words).group(1) == page.path

    # A link proves nothing about who holds the address, so the address still gets its code.
    reader, page = portal.sign_in_by_link(node, link, "carol@partner.example")
    assert "forty-two" in reader.get("/message/" + link.rsplit("/", 1)[1]).text
    # What was queued before the code is out by now: there was one notice.
    assert len(node.outbox.to("alice@acme.example")) == 1
    page = owner_page(node)
    assert "not my address" in text_of(page) and "Read " in text_of(page)


def test_not_my_address_is_bounded_by_network(node):
    people = [f"p{i}@partner.example" for i in range(32)]
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=people))
    browser = Browser(node)
    answers = []
    for person in people:
        page = browser.get(portal.link_for(node, person))
        answers.append(browser.submit(page, "not-mine"))
    assert [a.status for a in answers] == [200] * 30 + [429] * 2
    assert len(events_of(node, "person.not-my-address")) == 30
    node.move_clock(61 * 60 * 1000)
    assert browser.submit(answers[-1], "not-mine").status == 200
