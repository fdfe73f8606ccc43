"""Answers from the portal: whom they go to, what they carry, and that none is lost or sent twice."""

from support import maildir, portal, smtp, wait


def message_of(link):
    return "/message/" + link.rsplit("/", 1)[1]


def reader_of(node, address, count=1):
    """A browser signed in as the address, and the message of its newest notification."""
    link = portal.link_for(node, address, count)
    browser, _ = portal.sign_in_by_link(node, link, address)
    return browser, message_of(link)


def send(node, subject="Offer [secure]", recipients=None, sender="alice@acme.example", **more):
    smtp.send(node.smtp_port, smtp.make(subject=subject, sender=sender, **more), sender=sender,
              recipients=recipients)


def answer(browser, message, text, verb="reply", files=()):
    return browser.submit_files(browser.get(f"{message}/{verb}"), rf"/{verb}$", list(files), text=text)


def answers_to(node, address, count=1):
    """The mails that answers became for an internal user."""
    def found():
        mails = [m for m in node.outbox.to(address) if m["In-Reply-To"]]
        return mails if len(mails) >= count else None
    return wait.until(found, f"{count} answer(s) to {address}")


def test_r15_reply_all_reaches_only_who_has_the_message(node):
    send(node, to=["carol@partner.example"], cc="dave@partner.example, never@stranger.example, ghost@acme.example",
         recipients=["carol@partner.example", "dave@partner.example"])
    carol, message = reader_of(node, "carol@partner.example")
    form = carol.get(message + "/reply-all")
    assert "dave@partner.example" in form.text
    assert "never@stranger.example" not in form.text and "ghost@acme.example" not in form.text
    answer(carol, message, "We take it.", "reply-all")
    answers_to(node, "alice@acme.example")
    portal.link_for(node, "dave@partner.example", 2)
    assert node.outbox.to("never@stranger.example") == node.outbox.to("ghost@acme.example") == []


def test_reply_all_reaches_those_of_the_same_mail_that_came_later(node):
    mail = smtp.make(subject="Offer [secure]", to=["carol@partner.example", "dave@partner.example"])
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example"])
    carol, message = reader_of(node, "carol@partner.example")
    assert "dave@partner.example" not in carol.get(message + "/reply-all").text
    smtp.send(node.smtp_port, mail, recipients=["dave@partner.example"])
    assert "dave@partner.example" in carol.get(message + "/reply-all").text


def test_reply_all_reaches_who_got_the_mail_unsecured(node):
    node.run("policy", "add", "--from", "internal", "--to", "external", "--definition", "Default")
    node.run("policy", "add", "--from", "internal", "--to", "domain:friend.example", "--no-action")
    send(node, subject="By policy", to=["carol@partner.example", "fay@friend.example"])
    carol, message = reader_of(node, "carol@partner.example")
    assert "fay@friend.example" in carol.get(message + "/reply-all").text


def test_a_reply_goes_to_the_owner_whatever_from_says(node):
    send(node, from_="Boss <boss@evil.example>", to=["carol@partner.example", "dave@partner.example"])
    carol, message = reader_of(node, "carol@partner.example")
    page = carol.get(message)
    assert "boss@evil.example" in page.text and "alice@acme.example" in page.text
    form = carol.get(message + "/reply-all")
    assert "alice@acme.example" in form.text and "dave@partner.example" in form.text
    assert 'class="address">&lt;boss@evil.example' not in form.text
    answer(carol, message, "Is it you?")
    assert "Is it you?" in maildir.text_of(answers_to(node, "alice@acme.example")[0])
    assert node.outbox.to("boss@evil.example") == []


def test_a_message_to_oneself_can_be_answered(node):
    node.run("definition", "add", "Kept", "--all-recipients", "yes")
    send(node, subject="Note [secure:Kept]", to="alice@acme.example")
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    inbox = wait.until(lambda: [l for l in alice.get("/inbox").links if l.startswith("/message/")], "the note")
    page = answer(alice, inbox[0], "And milk.")
    assert page.status == 200 and "/message/" in page.path
    assert "And milk." in maildir.text_of(answers_to(node, "alice@acme.example")[0])
