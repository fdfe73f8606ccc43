"""Rules of the product by their names, through the outside, as far as other files do not hold them beside their topic."""

import re
import smtplib

import pytest
from support import portal, smtp, wait
from support.browser import Browser

MINUTE = 60 * 1000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
CAROL = "carol@partner.example"


@pytest.fixture
def carol(node):
    """Carol at a message of Alice's: her browser and the message's path."""
    smtp.send(node.smtp_port, smtp.make(subject="Offer for the site [secure]"))
    link = portal.link_for(node, CAROL)
    browser, _ = portal.sign_in_by_link(node, link, CAROL)
    return browser, "/message/" + link.rsplit("/", 1)[1]


def events(node, message):
    return [e["event"] for e in node.json("message", "show", message)[0]["events"]]


def test_r7_a_session_in_use_ends_at_the_absolute_limit(node, carol):
    browser, message = carol
    for _ in range(13):
        last = browser.get(message).status
        node.move_clock(55 * MINUTE)
    assert last == 200
    page = browser.get(message)
    assert "data-is-last" in page.text and "no session lasts longer" in re.search(r'role="status">([^<]*)</p>', page.text)[1]
    node.move_clock(10 * MINUTE)
    assert "forty-two" not in browser.get(message).text


def test_r7_the_idle_time_is_a_setting(node, carol):
    browser, message = carol
    node.run("account", "set", "session_idle_minutes", "5")
    assert browser.get(message).status == 200
    node.move_clock(6 * MINUTE)
    assert "forty-two" not in browser.get(message).text


def test_r7_an_open_page_says_when_it_ends_and_what_was_written_is_not_lost(node, carol):
    browser, message = carol
    page = browser.get(f"{message}/reply")
    assert 3500 <= int(re.search(r'data-left="(\d+)"', page.text).group(1)) <= 3600
    assert re.search(r'data-soon="[^"]+"', page.text) and re.search(r'data-ended="[^"]+"', page.text)
    node.move_clock(61 * MINUTE)
    ended = browser.submit(page, r"/reply$", text="Written over an hour.")
    assert ended.status == 403 and "You have been signed out" in ended.text
    assert "Written over an hour." not in ended.text and "forty-two" not in ended.text
    assert node.outbox.to("alice@acme.example") == []  # kept for Carol, not sent
    link = next(link for link in ended.links if link.startswith("/sign-in"))
    page = browser.submit(browser.get(link.replace("&amp;", "&")), r"/sign-in", address=CAROL)
    page = browser.submit(page, r"/send-code")
    page = browser.submit(page, r"/code", code=portal.code_for(node, CAROL, 2))
    assert "Written over an hour." in page.text


def test_r8_signing_in_from_the_link_shows_its_message_and_without_one_none(node):
    for subject in ("First [secure]", "Second [secure]"):
        smtp.send(node.smtp_port, smtp.make(subject=subject, text=f"content of {subject}\r\n"))
    link = portal.link_for(node, CAROL, 2)
    _, page = portal.sign_in_by_link(node, link, CAROL)
    assert page.path == "/message/" + link.rsplit("/", 1)[1] and "content of" in page.text
    browser = Browser(node)
    page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address=CAROL)
    page = browser.submit(page, r"/send-code$")
    page = browser.submit(page, r"/code$", code=portal.code_for(node, CAROL, 2))
    assert page.path == "/inbox" and "First" in page.text and "<article" not in page.text


def test_r12_a_mail_that_is_not_kept_is_refused_and_never_goes_out(node):
    node.run("policy", "add", "--from", "internal", "--to", "domain:partner.example", "--definition", "Default")
    smtp.send(node.smtp_port, smtp.make(subject="By policy"))
    portal.link_for(node, CAROL)
    for subject in ("[secure:none] Offer", "Offer {secure:none}"):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            smtp.send(node.smtp_port, smtp.make(subject=subject, text="sixty-six\r\n"))
        assert refused.value.smtp_code == 550
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(2000))
    with pytest.raises(smtplib.SMTPDataError) as refused:
        smtp.send(node.smtp_port, b"From: alice@acme.example\r\nSubject: x [secure]\r\n" + deep + b"\r\nsixty-six\r\n",
                  recipients=[CAROL])
    assert refused.value.smtp_code in (552, 554)
    wait.until(lambda: node.json("queue", "list") == [], "an empty queue")
    assert len(node.json("message", "list")) == 1 and len(node.outbox.files()) == 1
    assert not any(b"sixty-six" in f.read_bytes() for f in node.outbox.files())


def test_r13_weaker_signs_than_reading_have_their_own_names(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer for the site [secure]"))
    link = portal.link_for(node, CAROL)
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    own = next(l for l in alice.get("/sent").links if l.startswith("/message/"))

    def shown():
        return re.search(r'<section class="recipients".*?</section>', alice.get(own).text, re.S).group(0)
    wait.until(lambda: "Notification sent" in shown(), "the notification's state")
    Browser(node).get(link)
    assert "Link opened" in shown() and "Read" not in shown()
    browser, page = portal.sign_in_by_link(node, link, CAROL)
    assert "forty-two" in page.text
    assert "Read" in shown()


def test_r14_a_refused_or_ended_thing_explains_itself_to_sender_and_administrator(node):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:none]"))
    assert b"none" in refused.value.smtp_error and b"Default" in refused.value.smtp_error  # what there is instead
    node.run("definition", "add", "Short", "--expire-days", "1")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:Short]"))
    (message,) = node.json("message", "list")
    node.move_clock(2 * DAY)
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    own = next(l for l in alice.get("/sent").links if l.startswith("/message/"))
    page = alice.get(own)
    assert page.status == 200 and "Expired" in page.text and "forty-two" in page.text  # to start again from
    shown = node.json("message", "show", message["id"])[0]
    assert shown["definition"] == "Short" and shown["expires"] and "message.secured" in events(node, message["id"])
    secured = next(e for e in shown["events"] if e["event"] == "message.secured")
    assert secured["detail"]  # which rule


def test_r15_bcc_recipients_never_appear_to_others(node):
    mail = smtp.make(subject="Offer [secure]", to=[CAROL, "bob@acme.example"])
    smtp.send(node.smtp_port, mail, recipients=[CAROL, "bob@acme.example", "secret@partner.example"])
    seen = []
    for address in (CAROL, "secret@partner.example"):
        browser, page = portal.sign_in_by_link(node, portal.link_for(node, address), address)
        answer = browser.get(next(l for l in page.links if l.endswith("/reply-all")))
        seen.append((page.text, answer.text, browser.get("/inbox").text))
    assert not any("secret@" in text for text in seen[0])
    assert CAROL in seen[1][0]
    for address, message in node.outbox.mails():
        if address != "secret@partner.example":
            assert "secret@" not in message.as_string()
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    own = next(l for l in alice.get("/sent").links if l.startswith("/message/"))
    assert "secret@partner.example" in alice.get(own).text  # the sender knows


def test_r15_files_bodies_and_answers_of_others_are_like_none(node, carol):
    _, message = carol
    smtp.send(node.smtp_port, smtp.make(to="dave@partner.example", subject="Other [secure]",
                                        files=[("a.txt", "text/plain", b"text")]))
    dave, page = portal.sign_in_by_link(node, portal.link_for(node, "dave@partner.example"), "dave@partner.example")
    missing = "/message/" + "0" * 26
    paths = ["", "/reply", "/reply-all", "/print", "/body", "/file/2"]
    for path in paths:
        foreign, none = dave.get(message + path), dave.get(missing + path)
        assert foreign.status == none.status == 404, path
        assert foreign.text.replace(message, missing) == none.text, path
    form = dave.get(next(l for l in page.links if l.endswith("/reply")))
    form.form(r"/reply$")["action"] = message + "/reply"
    assert dave.submit(form, r"/reply$", text="to somebody else's").status == 404
    assert node.outbox.to("alice@acme.example") == []
