"""The main job: a mail becomes a secure message, is read and answered in the portal."""

import smtplib

import pytest
from support import maildir, portal, rows, smtp, wait
from support.browser import Browser

MINUTE = 60 * 1000
DAY = 24 * 60 * MINUTE

SECRETS = (b"forty-two", b"Offer for the site", b"price-list.pdf", b"Carol Clark")


def send_offer(node, **more):
    mail = smtp.make(subject="Offer for the site [secure]", to="Carol Clark <carol@partner.example>",
                     files=[("price-list.pdf", "application/pdf", b"%PDF forty-two" * 100)], **more)
    return smtp.send(node.smtp_port, mail)


def test_an_outside_recipient_reads_downloads_and_answers(node):
    send_offer(node)
    link = portal.link_for(node, "carol@partner.example")
    notification = node.outbox.to("carol@partner.example")[0]
    everything = notification.as_string()
    assert "forty-two" not in everything and "Offer for the site" not in everything
    assert notification["Auto-Submitted"] == "auto-generated"

    browser, page = portal.sign_in_by_link(node, link, "carol@partner.example")
    if "/message/" not in page.path:  # a password was offered, not forced
        page = browser.get("/message/" + link.rsplit("/", 1)[1])
    assert page.status == 200 and "Offer for the site" in page.text and "[secure]" not in page.text
    assert "forty-two" in page.text

    files = [l for l in page.links if "/file/" in l]
    assert files
    download = browser.get(files[0])
    assert download.body == b"%PDF forty-two" * 100
    assert download.headers["Content-Disposition"].startswith("attachment")
    part = browser.get(files[0], Range="bytes=5-13")
    assert part.status == 206 and part.body == b"forty-two"

    reply = browser.get(next(l for l in page.links if l.endswith("/reply")))
    answer = browser.submit_files(reply, r"/reply$", [("files", "order.txt", "text/plain", b"twelve of them")],
                                  text="We take it.")
    assert answer.status == 200, answer.text

    mails = wait.until(lambda: node.outbox.to("alice@acme.example"), "the answer to reach Alice")
    assert mails[0]["From"].addresses[0].addr_spec == "carol@partner.example"
    assert mails[0]["Return-Path"].startswith("<r-")  # bounces with its content come back to us
    assert "We take it." in maildir.text_of(mails[0])
    assert [p.get_content() for p in mails[0].iter_attachments()] == ["twelve of them"]
    assert mails[0]["In-Reply-To"]

    alice, page = portal.sign_in_by_password(node, "alice@acme.example")
    inbox = alice.get("/inbox")
    assert "Re: Offer for the site" in inbox.text
    assert "Offer for the site" in alice.get("/sent").text


def test_r8_the_link_alone_shows_nothing_and_grants_nothing(node):
    from support.browser import Browser
    send_offer(node)
    link = portal.link_for(node, "carol@partner.example")
    page = Browser(node).get(link)
    assert page.status == 200
    for secret in ("Offer for the site", "forty-two", "carol@partner.example", "Alice"):
        assert secret not in page.text
    message = "/message/" + link.rsplit("/", 1)[1]
    stranger = Browser(node).get(message)
    assert "forty-two" not in stranger.text


def test_r13_opening_the_link_is_not_reading(node):
    from support.browser import Browser
    send_offer(node)
    link = portal.link_for(node, "carol@partner.example")
    for _ in range(5):
        Browser(node).get(link)
        Browser(node).request(link, method="HEAD")
    message = [m for m in node.json("message", "list") if m["kind"] == "secured"][0]
    events = [e["event"] for e in node.json("message", "show", message["id"])[0]["events"]]
    assert "body.shown" not in events
    portal.sign_in_by_link(node, link, "carol@partner.example")[0].get("/message/" + link.rsplit("/", 1)[1])
    events = [e["event"] for e in node.json("message", "show", message["id"])[0]["events"]]
    assert events.count("body.shown") == 1


def test_r15_another_persons_message_is_like_none(node):
    send_offer(node)
    link = portal.link_for(node, "carol@partner.example")
    smtp.send(node.smtp_port, smtp.make(to="dave@partner.example", subject="Other [secure]"))
    dave, _ = portal.sign_in_by_link(node, portal.link_for(node, "dave@partner.example"), "dave@partner.example")
    foreign = dave.get("/message/" + link.rsplit("/", 1)[1])
    missing = dave.get("/message/" + "0" * 26)
    assert foreign.status == missing.status == 404
    assert len(foreign.body) == len(missing.body)


def test_r7_a_session_ends_after_an_hour_without_use(node):
    send_offer(node)
    link = portal.link_for(node, "carol@partner.example")
    browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    node.move_clock(59 * 60 * 1000)
    assert "Offer for the site" in browser.get("/inbox").text
    node.move_clock(61 * 60 * 1000)
    page = browser.get("/inbox")
    assert "Offer for the site" not in page.text


def test_a_wrong_code_has_five_tries_and_no_sixth(node):
    from support.browser import Browser
    send_offer(node)
    link = portal.link_for(node, "carol@partner.example")
    browser = Browser(node)
    page = browser.submit(browser.get(link), r"/code$")
    right = portal.code_for(node, "carol@partner.example")
    wrong = "0000 0000" if right != "0000 0000" else "1111 1111"
    code_page = page
    for _ in range(5):
        browser.submit(code_page, r"/code$", code=wrong)
    page = browser.submit(code_page, r"/code$", code=right)
    assert "forty-two" not in page.text and "/message/" not in page.path


def test_nothing_readable_is_on_disk(node, postgres):
    send_offer(node)
    portal.link_for(node, "carol@partner.example")
    smtp.send(node.smtp_port, smtp.make(to="erin@partner.example", subject="Offer for the site, plain",
                                        text="forty-two"))
    data = node.raw_bytes()
    if node.database.startswith("postgresql"):
        data += postgres.dump(node.database)
    for secret in SECRETS:
        assert secret not in data
        assert secret.hex().encode() not in data.lower()


def test_internal_recipients_get_the_mail_with_a_banner(node):
    smtp.send(node.smtp_port, smtp.make(to=["carol@partner.example", "bob@acme.example"], subject="Offer [secure]",
                                        html="<p>forty-two</p>"))
    mail = wait.until(lambda: node.outbox.to("bob@acme.example"), "Bob's copy")[0]
    assert mail["Subject"] == "Offer"
    assert "forty-two" in maildir.text_of(mail) and maildir.text_of(mail).startswith("[")
    assert "forty-two" in maildir.html_of(mail) and "<table" in maildir.html_of(mail)
    portal.link_for(node, "carol@partner.example")


@pytest.mark.parametrize("kind,data", [
    ("", b"caf\xe9 cr\xe8me"), ("; charset=us-ascii", b"caf\xe9"), ("; charset=utf-8", b"caf\xe9 bad"),
    ("; charset=x-unheard-of", b"\xcb\xc1\xc6\xc5"), ("; charset=iso-2022-jp", b"\x1b$B-!\x1b(B of NEC")])
def test_r12_a_text_that_cannot_be_read_reaches_people_inside_byte_for_byte(sqlite_node, kind, data):
    """It is the only copy that they get; a header says that it was secured."""
    head = (f"From: alice@acme.example\r\nTo: bob@acme.example\r\nSubject: Offer [secure]\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/plain{kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n").encode()
    smtp.send(sqlite_node.smtp_port, head + data + b"\r\n", recipients=["carol@partner.example", "bob@acme.example"])
    (mail,) = wait.until(lambda: sqlite_node.outbox.to("bob@acme.example"), "Bob's copy")
    assert mail.path.read_bytes().replace(b"\r\n", b"\n").endswith(b"\n\n" + data + b"\n")
    assert mail["X-Sealpost-Secure"] == "yes" and mail["Content-Transfer-Encoding"] == "8bit"


def copy_inside(node, fields, body):
    """What Bob gets of a secured mail with these fields."""
    head = ["From: alice@acme.example", "To: bob@acme.example", "Subject: Offer [secure]", *fields]
    smtp.send(node.smtp_port, ("\r\n".join(head) + "\r\n\r\n" + body).encode(),
              recipients=["carol@partner.example", "bob@acme.example"])
    (mail,) = wait.until(lambda: node.outbox.to("bob@acme.example"), "Bob's copy")
    return mail


def test_the_banner_stands_where_every_program_shows_it(sqlite_node):
    """Outlook's conditions are comments to all others."""
    html = ("<html><head><style>b > i {}</style></head><!--[if mso]><body class='m'><![endif]-->"
            "<!--[if !mso]><!--><body class='a > b'><!--<![endif]--><p>forty-two</p></body></html>\r\n")
    mail = copy_inside(sqlite_node, ["MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8"], html)
    before, after = html.split("<!--<![endif]-->")
    shown = maildir.html_of(mail)
    assert shown.startswith(before + "<table") and shown.endswith("</table><!--<![endif]-->" + after)


def test_a_banner_makes_mime_of_a_mail_without(sqlite_node):
    mail = copy_inside(sqlite_node, [], "forty-two\r\n")
    assert mail["MIME-Version"] == "1.0" and mail["Content-Transfer-Encoding"] == "base64"
    assert maildir.text_of(mail).startswith("[") and "forty-two" in maildir.text_of(mail)


@pytest.mark.parametrize("word", ["MESSAGE", "SIGNED MESSAGE"])
def test_what_pgp_made_of_a_text_reaches_people_inside_as_it_was(sqlite_node, word):
    body = "x" * 70 + ("y" * 76 + "\r\n") * 900 + f"\r\n-----BEGIN PGP {word}-----\r\n\r\nhQEMA\r\n-----END PGP MESSAGE-----\r\n"
    mail = copy_inside(sqlite_node, ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"], body)
    assert mail.path.read_bytes().replace(b"\r\n", b"\n").endswith(b"\n\n" + body.replace("\r\n", "\n").encode())
    assert mail["X-Sealpost-Secure"] == "yes"


def test_a_flowed_text_is_one_with_its_banner(sqlite_node):
    mail = (b"From: alice@acme.example\r\nTo: bob@acme.example\r\nSubject: Offer [secure]\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n\r\nacme.exam \r\nple\r\n")
    smtp.send(sqlite_node.smtp_port, mail, recipients=["carol@partner.example", "bob@acme.example"])
    (mail,) = wait.until(lambda: sqlite_node.outbox.to("bob@acme.example"), "Bob's copy")
    assert dict(mail["Content-Type"].params) == {"charset": "utf-8", "format": "flowed", "delsp": "yes"}
    assert maildir.text_of(mail).startswith("[") and "acme.exam \nple" in maildir.text_of(mail).replace("\r\n", "\n")


def test_r15_bcc_appears_to_nobody_else(node):
    data = (b"From: alice@acme.example\r\nTo: bob@acme.example, carol@partner.example\r\n"
            b"Bcc: hidden@partner.example,\r\n hidden@acme.example\r\nResent-Bcc: hidden@partner.example\r\n"
            b"Message-ID: <bcc@acme.example>\r\nSubject: Offer [secure]\r\n\r\nforty-two\r\n")
    smtp.send(node.smtp_port, data, recipients=["bob@acme.example", "carol@partner.example", "hidden@partner.example",
                                                "hidden@acme.example"])
    for internal in ("bob@acme.example", "hidden@acme.example"):
        mail = wait.until(lambda: node.outbox.to(internal), f"the copy of {internal}")[0]
        assert "forty-two" in maildir.text_of(mail)
        sent = mail.path.read_bytes().replace(b"X-Original-To: " + internal.encode(), b"")
        assert b"bcc:" not in sent.lower() and b"hidden@partner.example" not in sent
    link = portal.link_for(node, "carol@partner.example")
    carol, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    assert "hidden@" not in carol.get("/message/" + link.rsplit("/", 1)[1]).text
    hidden, page = portal.sign_in_by_link(node, portal.link_for(node, "hidden@partner.example"), "hidden@partner.example")
    assert "forty-two" in hidden.get([l for l in hidden.get("/inbox").links if l.startswith("/message/")][0]).text


def test_mail_without_a_tag_is_relayed_byte_for_byte(node):
    data = smtp.make(subject="Lunch", to="carol@partner.example").as_bytes(
        policy=__import__("email").policy.SMTP)
    smtp.send(node.smtp_port, data, recipients=["carol@partner.example"])
    mail = wait.until(lambda: node.outbox.to("carol@partner.example"), "the relayed mail")[0]
    raw = mail.path.read_bytes()
    assert raw.endswith(data)
    assert raw[:-len(data)].count(b"\nReceived: ") + raw.startswith(b"Received: ") == 1


@pytest.mark.parametrize("headers", [{"subject": "x [secure:no such]"}, {"headers": {"X-Sealpost-Definition": "none"}}])
def test_r12_an_unknown_definition_is_refused_with_those_there_are(node, headers):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        smtp.send(node.smtp_port, smtp.make(**headers))
    assert refused.value.smtp_code == 550 and b"Default" in refused.value.smtp_error
    assert node.outbox.mails() == []


def test_r12_a_tag_in_two_encoded_words_still_secures(node):
    data = (b"From: alice@acme.example\r\nTo: carol@partner.example\r\n"
            b"Subject: =?utf-8?B?T2ZmZXIgW3NlYw==?=\r\n =?utf-8?B?dXJlXSDDvA==?=\r\n\r\nforty-two\r\n")
    smtp.send(node.smtp_port, data, recipients=["carol@partner.example"])
    link = portal.link_for(node, "carol@partner.example")
    browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    assert "Offer \u00fc" in browser.get("/message/" + link.rsplit("/", 1)[1]).text


def test_a_policy_secures_and_an_exemption_relays(node):
    node.run("policy", "add", "--from", "internal", "--to", "external", "--definition", "Default")
    node.run("policy", "add", "--from", "internal", "--to", "domain:friend.example", "--no-action")
    smtp.send(node.smtp_port, smtp.make(subject="By policy", to=["carol@partner.example", "fay@friend.example"]))
    portal.link_for(node, "carol@partner.example")
    relayed = wait.until(lambda: node.outbox.to("fay@friend.example"), "the exempted mail")[0]
    assert relayed["Subject"] == "By policy"


def test_an_answer_by_mail_is_secured_again_without_a_tag(node):
    mail = smtp.make(subject="Offer [secure]")
    smtp.send(node.smtp_port, mail)
    portal.link_for(node, "carol@partner.example")
    smtp.send(node.smtp_port, smtp.make(subject="Re: Offer", headers={"In-Reply-To": mail["Message-ID"]}))
    portal.link_for(node, "carol@partner.example", count=2)


def test_r14_an_expired_message_says_whom_to_ask(node):
    node.run("definition", "add", "Short", "--expire-days", "1")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:Short]"))
    link = portal.link_for(node, "carol@partner.example")
    browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    message = "/message/" + link.rsplit("/", 1)[1]
    assert browser.get(message).status == 200
    path = "/m/" + message.rsplit("/", 1)[1]
    assert "has a secure message for you" in Browser(node).get(path).text
    node.move_clock(2 * 24 * 3600 * 1000)
    # Before signing in: what the notification told, and whom to ask; not who wrote.
    door = Browser(node).get(path)
    assert door.status == 200 and "This message has expired" in door.text and "person named in our mail" in door.text
    assert "has a secure message for you" not in door.text and "lice" not in door.text
    browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example", codes=2)
    page = browser.get(message)
    assert page.status == 410 and "forty-two" not in page.text
    assert "Alice" in page.text or "alice@acme.example" in page.text
    (kept,) = [m for m in node.json("message", "list") if m["kind"] == "secured"]
    assert node.json("message", "show", kept["id"])[0]["expires"]


@pytest.mark.parametrize("kept", ["as it is now", "as earlier builds kept it"])
def test_r14_the_link_of_what_ended_with_retention_says_so(node, kept):
    """Nothing but the end of retention ends it, and nothing of it is left by then."""
    node.run("account", "set", "retention_days", "10")
    node.run("definition", "add", "Endless", "--expire-days", "0")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:endless]"))
    link = portal.link_for(node, "carol@partner.example")
    if kept != "as it is now":  # without an expiry of its own
        rows.execute(node, ["UPDATE message SET expires_at = 0"])
    node.move_clock(10 * DAY - MINUTE)
    assert "has a secure message for you" in Browser(node).get(link).text
    node.move_clock(MINUTE + 1000)
    ended = Browser(node).get(link).text
    wait.until(lambda: rows.query(node, "SELECT COUNT(*) FROM message_content") == [("0",)], "the content to go")
    for door in ended, Browser(node).get(link).text:
        assert "This message has expired" in door and "person named in our mail" in door
        assert "has a secure message for you" not in door and "lice" not in door
    _, page = portal.sign_in_by_link(node, link, "carol@partner.example")
    assert page.status == 410 and "forty-two" not in page.text
    assert ("Alice" if kept == "as it is now" else "no longer exists") in page.text
