"""Answers from the portal: whom they go to, what they carry, and that none is lost or sent twice."""

from support import maildir, portal, rows, smtp, wait


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


def test_reply_all_reaches_who_stands_behind_the_addresses_that_are_shown(node):
    named = [f"p{i}@acme.example" for i in range(520)]
    send(node, to=["carol@partner.example", *named], cc=", ".join(f"c{i}@acme.example" for i in range(510)),
         recipients=["carol@partner.example", named[0], named[519], "c509@acme.example"])
    carol, message = reader_of(node, "carol@partner.example")
    form = carol.get(message + "/reply-all")
    assert named[0] in form.text and named[519] in form.text and "c509@acme.example" in form.text and named[300] not in form.text
    answer(carol, message, "We take it.", "reply-all")
    for address in ("alice@acme.example", named[0], named[519], "c509@acme.example"):
        answers_to(node, address)


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


def sent_messages(browser):
    return {l for l in browser.get("/sent").links if l.startswith("/message/")}


def test_r12_a_form_sent_twice_is_sent_once(node):
    send(node, to="carol@partner.example")
    carol, message = reader_of(node, "carol@partner.example")
    form = carol.get(message + "/reply")
    files = [("files", "order.txt", "text/plain", b"twelve of them")]
    first = carol.submit_files(form, r"/reply$", files, text="We take it.")
    again = carol.submit_files(form, r"/reply$", files, text="We take it.")
    assert first.status == again.status == 200 and first.path == again.path
    assert len(sent_messages(carol)) == 1
    assert len(answers_to(node, "alice@acme.example")) == 1


def test_r12_a_form_sent_twice_at_once_is_sent_once_and_two_replies_are_two(node):
    node.run("account", "set", "undo_seconds", "0")
    send(node, to=["carol@partner.example", "dave@partner.example"])
    (carol, carols), (dave, daves) = (reader_of(node, f"{name}@partner.example") for name in ("carol", "dave"))
    pages = [carol.get(carols + "/reply-all"), dave.get(daves + "/reply-all")]

    def reply(browser, page, text):
        return lambda: browser.submit_files(page, r"/reply-all$", [], text=text)
    answers = rows.race(node, "lock table intake in share row exclusive mode",
                        reply(carol, pages[0], "Carol takes it."), reply(carol, pages[0], "Carol takes it."),
                        reply(dave, pages[1], "Dave does not."))
    assert [a.status for a in answers] == [200] * 3 and answers[0].path == answers[1].path != answers[2].path
    texts = [maildir.text_of(m) for m in answers_to(node, "alice@acme.example", 2)]
    wait.until(lambda: node.json("queue", "list") == [], "an empty queue")
    assert len(node.outbox.to("alice@acme.example")) == 2
    assert sorted("Carol takes it." in t for t in texts) == [False, True]
    assert len(node.json("message", "list")) == 3
    counts = rows.query(node, "select f.total from folder_count f join person p on p.id = f.person_id "
                              "where f.folder = 1 order by p.address")
    assert counts == [("2",), ("2",), ("2",)]  # Alice, Carol, Dave: each has got two


def test_r12_another_text_in_a_form_that_was_sent_is_not_dropped(node):
    send(node, to="carol@partner.example")
    carol, message = reader_of(node, "carol@partner.example")
    form = carol.get(message + "/reply")
    assert answer(carol, message, "another form").status == 200
    assert carol.submit_files(form, r"/reply$", [], text="first text").status == 200
    changed = carol.submit_files(form, r"/reply$", [("files", "order.txt", "text/plain", b"x")], text="first text")
    assert changed.status == 409 and "order.txt" in changed.text
    refused = carol.submit_files(form, r"/reply$", [], text="second text")
    assert refused.status == 409 and "second text" in refused.text and "already" in refused.text
    sent = carol.submit_files(refused, r"/reply$", [], text="second text")
    assert sent.status == 200, sent.text
    texts = [maildir.text_of(m).split("\n")[0].strip() for m in answers_to(node, "alice@acme.example", 3)]
    assert sorted(texts) == ["another form", "first text", "second text"]
    assert len(sent_messages(carol)) == 3


def test_r12_a_form_of_one_message_does_not_answer_another(node):
    send(node, subject="From Alice [secure]", to="carol@partner.example")
    carol, first = reader_of(node, "carol@partner.example")
    send(node, subject="From Bob [secure]", sender="bob@acme.example", to="carol@partner.example")
    second = message_of(portal.link_for(node, "carol@partner.example", 2))
    fields = carol.get(first + "/reply").form(r"/reply$")["fields"]
    assert carol.submit_files(carol.get(first + "/reply"), r"/reply$", [], **{**fields, "text": "for Alice"}).status == 200
    assert carol.submit_files(carol.get(second + "/reply"), r"/reply$", [], **{**fields, "text": "for Bob"}).status == 409
    assert "for Alice" in maildir.text_of(answers_to(node, "alice@acme.example")[0])
    assert [m for m in node.outbox.to("bob@acme.example") if m["In-Reply-To"]] == []


def test_r12_a_reply_sent_twice_adds_nobody(node):
    mail = smtp.make(subject="Offer [secure]", to=["carol@partner.example", "dave@partner.example"])
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example"])
    carol, message = reader_of(node, "carol@partner.example")
    form = carol.get(message + "/reply-all")
    first = carol.submit_files(form, r"/reply-all$", [], text="We take it.")
    smtp.send(node.smtp_port, mail, recipients=["dave@partner.example"])
    portal.link_for(node, "dave@partner.example")
    again = carol.submit_files(form, r"/reply-all$", [], text="We take it.")
    assert first.path == again.path and "dave@partner.example" not in carol.get(first.path).text


def test_r12_a_new_message_sent_twice_with_another_recipient_is_refused(node):
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    form = alice.get("/compose")
    words = {"subject": "Lunch", "text": "At noon?"}
    first = alice.submit_files(form, r"/compose$", [], to="bob@acme.example", **words)
    assert alice.submit_files(form, r"/compose$", [], to="bob@acme.example", **words).path == first.path
    refused = alice.submit_files(form, r"/compose$", [], to="alice@acme.example", **words)
    assert refused.status == 409 and "At noon?" in refused.text and "Lunch" in refused.text


def html_mail(to, body, kind="text/html", message_id="<html@acme.example>"):
    return (f"From: Alice <alice@acme.example>\r\nTo: {to}\r\nMessage-ID: {message_id}\r\nSubject: Offer [secure]\r\n"
            f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n{body}").encode()


def test_a_reply_quotes_html_as_its_page_shows_it(node):
    mail = html_mail("carol@partner.example", "<p>The price is <b>forty-two</b>.</p>\r\n")
    smtp.send(node.smtp_port, mail.replace(b"From: Alice <alice@acme.example>", b"From: alice@acme.example"),
              recipients=["carol@partner.example"])
    carol, message = reader_of(node, "carol@partner.example")
    assert "The price is forty-two." in carol.get(message + "/reply").text
    answer(carol, message, "We take it.")
    text = maildir.text_of(answers_to(node, "alice@acme.example")[0])
    assert "\nalice@acme.example:\n> The price is forty-two." in text.replace("\r\n", "\n")  # no name, so no brackets either


def test_a_reply_quotes_all_texts_of_a_mail(node):
    parts = "".join(f"--b\r\nContent-Type: {kind}\r\n\r\n{text}\r\n" for kind, text in (
        ("text/plain", "first words"), ("text/html", "<p>second words</p>"), ("text/plain", "third words")))
    smtp.send(node.smtp_port, html_mail("carol@partner.example", parts + "--b--\r\n", 'multipart/mixed; boundary="b"'),
              recipients=["carol@partner.example"])
    carol, message = reader_of(node, "carol@partner.example")
    form = carol.get(message + "/reply").text
    answer(carol, message, "We take it.")
    sent = maildir.text_of(answers_to(node, "alice@acme.example")[0])
    for words in ("first words", "second words", "third words"):
        assert words in form and f"> {words}" in sent


def test_a_long_quote_ends_with_a_sign_that_there_was_more(node):
    send(node, to="carol@partner.example", text="\u00fcber\n" * 20000)
    carol, message = reader_of(node, "carol@partner.example")
    assert "[\u2026]</blockquote>" in carol.get(message + "/reply").text
    answer(carol, message, "We take it.")
    sent = maildir.text_of(answers_to(node, "alice@acme.example")[0])
    assert sent.rstrip().endswith("> [\u2026]") and "\ufffd" not in sent and len(sent) < 200000


def test_an_answer_in_the_portals_name_can_be_answered_by_mail(node):
    node.run("account", "set", "reply_from", "portal")
    send(node, to="carol@partner.example")
    carol, message = reader_of(node, "carol@partner.example")
    answer(carol, message, "We take it.")
    mail = answers_to(node, "alice@acme.example")[0]
    assert mail["From"].addresses[0].addr_spec != "carol@partner.example"
    assert mail["Reply-To"].addresses[0].addr_spec == "carol@partner.example"
    send(node, subject="Re: Offer", to=mail["Reply-To"].addresses[0].addr_spec,
         headers={"In-Reply-To": mail["Message-ID"]}, text="Good.")
    portal.link_for(node, "carol@partner.example", 2)
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    inbox = [l for l in alice.get("/inbox").links if l.startswith("/message/")]
    assert "carol@partner.example" in alice.get(inbox[0] + "/reply").text


def test_r15_how_one_sender_names_a_recipient_stays_with_that_message(node):
    send(node, to='"Carol the Difficult" <carol@partner.example>')
    send(node, subject="Plan [secure]", sender="bob@acme.example", to="carol@partner.example")
    link = portal.link_for(node, "carol@partner.example", 2)
    carol, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    from_bob = next(l for l in carol.get("/inbox").links if l.startswith("/message/")
                    and "bob@acme.example" in carol.get(l).text)
    assert "Difficult" not in carol.get("/inbox").text + carol.get(from_bob).text
    answer(carol, from_bob, "Gladly.")
    assert "Difficult" not in answers_to(node, "bob@acme.example")[0].as_string()
    for name, shown in (("alice", True), ("bob", False)):
        browser, _ = portal.sign_in_by_password(node, f"{name}@acme.example")
        assert ("Carol the Difficult" in browser.get("/sent").text) == shown
        assert ("Carol the Difficult" in browser.get(sent_messages(browser).pop()).text) == shown


def test_reply_all_is_offered_when_it_reaches_more_than_reply(node):
    send(node, to=["carol@partner.example"], cc="never@stranger.example",
         recipients=["carol@partner.example", "hidden@partner.example"])
    for address, offered in (("carol@partner.example", False), ("hidden@partner.example", True)):
        browser, message = reader_of(node, address)
        links = browser.get(message).links
        assert message + "/reply" in links
        assert (message + "/reply-all" in links) == offered


def test_reply_all_is_offered_to_nobody_whom_the_sender_does_not_allow_it(node):
    node.run("definition", "add", "One", "--reply-all", "no")
    send(node, subject="Offer [secure:One]", to=["carol@partner.example", "dave@partner.example"])
    carol, message = reader_of(node, "carol@partner.example")
    links = carol.get(message).links
    assert message + "/reply" in links and message + "/reply-all" not in links
    assert carol.get(message + "/reply-all").status == 403


def test_a_new_message_names_each_recipient_once(node):
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    page = alice.submit_files(alice.get("/compose"), r"/compose$", [], subject="Lunch", text="At noon?",
                              to="Bob <bob@acme.example>, BOB@acme.example, alice@acme.example, bob@Acme.Example")
    assert page.status == 200 and "At noon?" in page.text
    mail = wait.until(lambda: node.outbox.to("bob@acme.example"), "Bob's mail")[0]
    assert [a.addr_spec for a in mail["To"].addresses] == ["bob@acme.example", "alice@acme.example"]
    assert len(node.outbox.to("bob@acme.example")) == 1


def test_r12_more_recipients_than_are_read_are_refused(node):
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    many = ", ".join(f"u{i}@acme.example" for i in range(520))
    assert len(many) < 10000
    page = alice.submit_files(alice.get("/compose"), r"/compose$", [], subject="Lunch", text="At noon?", to=many)
    assert page.status == 422 and "400" in page.text and "At noon?" in page.text and "u519@" in page.text
    assert sent_messages(alice) == set()


def test_somebody_from_outside_says_how_to_be_called(node):
    send(node, to='"Carol the Difficult" <carol@partner.example>')
    carol, message = reader_of(node, "carol@partner.example")
    settings = carol.get("/settings")
    fields = settings.form("settings/choices")["fields"]
    assert fields["name"] == ""
    choices = {"language": "en", "time_zone": "UTC"}
    assert "Clära" in carol.submit(settings, "settings/choices", name=" Clära\r\nBcc: x@y.example ", **choices).text
    answer(carol, message, "Gladly.")
    sender = answers_to(node, "alice@acme.example")[0]
    assert sender["From"].addresses[0].display_name.startswith("Clära") and sender["Bcc"] is None
    assert carol.submit(carol.get("/settings"), "settings/choices", name="", **choices).status == 200
    answer(carol, message, "Once more.")
    assert answers_to(node, "alice@acme.example", 2)[-1]["From"].addresses[0].display_name == ""


def test_an_administrator_keeps_the_names_of_internal_people(node):
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    settings = alice.get("/settings")
    assert 'name="name"' not in settings.text
    refused = alice.submit(settings, "settings/choices", name="Boss", language="en", time_zone="UTC")
    assert refused.status == 403 and "Boss" not in alice.get("/settings").text
