"""What may come in by SMTP, and what is refused in the protocol's own terms."""

import re
import smtplib

import pytest
from support import portal, smtp, wait
from support.node import Node


def test_it_is_no_open_relay(node):
    for source in node.json("source", "list"):
        node.run("source", "remove", source["id"])
    session = smtp.Raw(node.smtp_port)
    session.command("EHLO x.example")
    assert session.command("MAIL FROM:<alice@acme.example>")[0] == 250
    for recipient in ("carol@partner.example", "bob@acme.example", "carol%partner.example@acme.example",
                      "r-forged@return.acme.example", "secure@return.acme.example"):
        code, lines = session.command(f"RCPT TO:<{recipient}>")
        assert code == 550 and "5.7.1" in lines[0], (recipient, lines)


def test_a_foreign_sender_is_refused_unless_the_source_may(node):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.send(node.smtp_port, smtp.make(), sender="mallory@evil.example")


def test_authentication_only_under_tls(node):
    node.run("source", "add", "--user", "app", "--password-stdin", stdin="correct horse battery\n")
    session = smtp.Raw(node.smtp_port)
    _, lines = session.command("EHLO x.example")
    assert "STARTTLS" in lines and not any(l.startswith("AUTH") for l in lines)
    assert session.command("AUTH PLAIN AGFwcAB4")[0] == 538
    session.start_tls()
    _, lines = session.command("EHLO x.example")
    assert "AUTH PLAIN LOGIN" in lines
    import base64
    good = base64.b64encode(b"\0app\0correct horse battery").decode()
    assert session.command("AUTH PLAIN " + base64.b64encode(b"\0app\0wrong").decode())[0] == 535
    assert session.command("AUTH PLAIN " + good)[0] == 235


@pytest.fixture(scope="module")
def edge(binary):
    """A node for what is refused and leaves nothing behind."""
    node = Node(binary).make_acme().start()
    yield node
    assert node.json("message", "list") == []
    node.stop()
    node.close()


def begin(node, *recipients):
    session = smtp.Raw(node.smtp_port)
    for line in ("EHLO x.example", "MAIL FROM:<alice@acme.example>",
                 *(f"RCPT TO:<{r}>" for r in recipients or ["carol@partner.example"])):
        assert session.command(line)[0] == 250
    return session


INJECTED = b"STARTTLS\r\nNOOP\r\nMAIL FROM:<alice@acme.example>\r\n"


@pytest.mark.parametrize("cut", range(1, len(INJECTED) + 1))
def test_nothing_behind_starttls_is_answered(edge, cut):
    session = smtp.Raw(edge.smtp_port)
    session.command("EHLO x.example")
    session.write(INJECTED[:cut])
    session.write(INJECTED[cut:])
    try:
        answer = session.file.read()
    except ConnectionError:
        answer = b""
    assert b"\r\n250" not in answer and answer[:3] in (b"", b"220", b"554"), answer


def test_starttls_forgets_what_was_said_before(edge):
    session = begin(edge)
    session.start_tls()
    assert session.command("DATA")[0] == 503
    assert session.command("MAIL FROM:<alice@acme.example>")[0] == 503
    assert session.command("EHLO x.example")[0] == 250


ENDINGS = [b"\n.\n", b"\n.\r", b"\n.\r\n", b"\r.\r", b"\r.\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n.\r\r\n",
           b"\r\n\0.\r\n", b"\r\n.\0\r\n"]
SECOND = b"MAIL FROM:<alice@acme.example>\r\nRCPT TO:<dave@partner.example>\r\nDATA\r\nSubject: y\r\n\r\nz"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("way", ["DATA", "BDAT"])
def test_only_crlf_dot_crlf_ends_data(edge, ending, way):
    session = begin(edge)
    body = b"Subject: x\r\n\r\nbody" + ending + SECOND + b"\r\n"
    if way == "DATA":
        assert session.command("DATA")[0] == 354
        session.write(body + b".\r\n")
    else:
        session.write(b"BDAT %d LAST\r\n" % len(body) + body)
    assert session.reply()[0] == 550
    assert session.command("VRFY x")[0] == 252  # the very next answer: the session is in step


@pytest.mark.parametrize("lines", ["DATA\r\nSubject: x\r\n", "DATA\r\nNOOP\r\n", "DATA\r\n.\r\n"])
def test_nothing_comes_before_354(edge, lines):
    session = begin(edge)
    session.write(lines)
    assert session.reply()[0] == 503
    assert session.reply()[0] == 0


@pytest.mark.parametrize("command, codes", [
    ('RCPT TO:<"a@b"@partner.example>', {250, 553}), ("RCPT TO:<a@b.example, c@d.example>", {501, 553}),
    ("RCPT TO:<a@b.example>, <c@d.example>", {501, 553, 555}), ("RCPT TO:<a@b.example> c@d.example", {501, 553, 555}),
    ("RCPT TO:<-oQ/tmp/x@partner.example>", {250}), ("RCPT TO:<|touch${IFS}/tmp/x@partner.example>", {250}),
    ('RCPT TO:<"|touch /tmp/x"@partner.example>', {250, 553}), ("RCPT TO:<@evil.example:carol@partner.example>", {250, 501, 553}),
    ("RCPT TO:<carol%evil.example@acme.example>", {550, 250}), ("RCPT TO:<evil.example!carol@acme.example>", {550, 250}),
    (f"RCPT TO:<{'a' * 65}@partner.example>", {501, 553}), (f"RCPT TO:<a@{'b' * 64}.example>", {501, 553}),
    (f"RCPT TO:<{'a' * 60}@{'.'.join(['b' * 50] * 5)}.example>", {501, 553}), ("RCPT TO:<>", {501, 550, 553}),
    ("RCPT TO:<carol>", {501, 553, 550}), ("RCPT TO:<carol@>", {501, 553}), ("RCPT TO:<@partner.example>", {501, 553}),
    ("RCPT TO:<carol@partner..example>", {501, 553}), ("RCPT TO:<carol@-partner.example>", {501, 553}),
    ("RCPT TO:<car ol@partner.example>", {501, 553}), ("RCPT TO:<carol@partner.example", {501, 553}),
    ("RCPT TO:carol@partner.example", {250, 501}), ("RCPT TO:<p\u0430ul@partner.example>", {501, 553}),
    ("RCPT TO:<a\tb@partner.example>", {501, 553}), ("RCPT TO:<a\x1bb@partner.example>", {501, 553}),
    ("RCPT TO:<a\rb@partner.example>", {500, 501, 553}), ("RCPT TO:<a\0b@partner.example>", {500, 501, 553}),
    ("RCPT TO:<a@[127.0.0.1]>", {250, 501, 550, 553}), ("RCPT TO:<a@[bogus]>", {501, 550, 553})])
def test_address_tricks(edge, command, codes):
    session = begin(edge)
    assert session.command(command)[0] in codes
    assert session.command("VRFY x")[0] == 252


@pytest.mark.parametrize("sender, code", [
    ('"alice@acme.example"@evil.example', 553), ("alice@acme.example@evil.example", 553), ("alice@acme.example.evil.example", 550),
    ("@acme.example:alice@evil.example", 550), ("alice@evil.example,alice@acme.example", 553)])
def test_sender_tricks(edge, sender, code):
    session = smtp.Raw(edge.smtp_port)
    session.command("EHLO x.example")
    got = session.command(f"MAIL FROM:<{sender}>")[0]
    if got == 250:
        got = session.command("RCPT TO:<carol@partner.example>")[0]
    assert got in (501, 553, code)


@pytest.mark.parametrize("address, words", [
    ('"carol"@partner.example', "quotation marks"), ('"a@b c"@partner.example', "quotation marks"),
    ("carol@[192.0.2.1]", "address literal"), ("carol@[IPv6:2001:db8::1]", "address literal"), ("carol", "no domain")])
def test_a_refused_address_is_told_what_is_wrong(edge, address, words):
    code, lines = begin(edge).command(f"RCPT TO:<{address}>")
    assert code == 553 and lines[0].startswith("5.1.3 ") and words in lines[0], lines
    session = smtp.Raw(edge.smtp_port)
    session.command("EHLO x.example")
    code, lines = session.command(f"MAIL FROM:<{address}>")
    assert code == 553 and lines[0].startswith("5.1.7 ") and words in lines[0], lines


def test_postmaster_needs_no_domain(node):
    node.run("domain", "add", "aaa.example", "--next-hop", "127.0.0.1:1")  # first by name, not by age
    session = begin(node, "postmaster", "PostMaster", "carol@partner.example")
    assert session.command("DATA")[0] == 354
    session.write(b"Subject: hello\r\nFrom: alice@acme.example\r\n\r\nhello\r\n.\r\n")
    assert session.reply()[0] == 250
    message, = node.json("message", "list")
    copies = node.json("message", "show", message["id"])
    assert "postmaster@acme.example" in str(copies) and "aaa.example" not in str(copies)
    for source in node.json("source", "list"):
        node.run("source", "remove", source["id"])
    stranger = smtp.Raw(node.smtp_port)
    for line in ("EHLO x.example", "MAIL FROM:<alice@acme.example>"):
        assert stranger.command(line)[0] == 250
    code, lines = stranger.command("RCPT TO:<postmaster>")
    assert code == 550 and lines[0].startswith("5.7.1 "), lines


VECTORS = ["=0d=0aBcc:_eve@evil.example", "=0aBcc:_eve@evil.example", "=0dBcc:_eve@evil.example", "=E2=80=A8Bcc:_eve@evil.example",
           "=C2=85Bcc:_eve@evil.example", "=00Bcc:_eve@evil.example", "=0d=0a=0d=0a<b>body</b>", "?=\r\n =?utf-8?q?=0aBcc:_x@evil.example"]


@pytest.mark.parametrize("vector", VECTORS)
def test_hidden_line_ends_make_no_header(binary, vector):
    """From subject and display name into the notification and the reply that goes back."""
    node = Node(binary).make_acme().start()
    try:
        word = f"=?utf-8?q?a{vector}?="
        mail = (f"From: {word} <alice@acme.example>\r\nTo: {word} <carol@partner.example>\r\nSubject: {word} [secure]\r\n"
                "Message-ID: <1@acme.example>\r\n\r\nhello\r\n").encode()
        smtp.send(node.smtp_port, mail, recipients=["carol@partner.example"])
        link = portal.link_for(node, "carol@partner.example")
        browser, page = portal.sign_in_by_link(node, link, "carol@partner.example")
        if "/message/" not in page.path:
            page = browser.get("/message/" + link.rsplit("/", 1)[1])
        form = browser.get(next(l for l in page.links if l.endswith("/reply")))
        answer = browser.submit_files(form, r"/reply$", [("files", "a%0d%0aBcc: eve@evil.example.txt", "text/plain", b"x")],
                                      text="We take it.\n.\nMAIL FROM:<x@evil.example>\r.\r\u2028end")
        assert answer.status == 200, answer.text
        wait.until(lambda: node.outbox.to("alice@acme.example"), "the answer")
        files = list((node.folder / "outbox" / "new").iterdir())
        assert len(files) >= 3
        for file in files:
            raw = file.read_bytes()
            head = re.split(rb"\r?\n\r?\n", raw)[0]
            names = re.findall(rb"^([^\s:]+):", head, re.M)
            assert b"Bcc" not in names and b"MAIL FROM" not in names
            assert all(names.count(n) == 1 for n in (b"From", b"To", b"Subject", b"Message-ID")), names
            assert b"\0" not in raw and b"\r" not in raw.replace(b"\r\n", b"")
            assert not re.search(rb"[\x80-\xff]", head), "a header is not ASCII"
        assert not node.outbox.to("eve@evil.example")
        node.stop()
    finally:
        node.close()


def test_bdat_takes_chunks(node):
    session = smtp.Raw(node.smtp_port)
    for line in ("EHLO x.example", "MAIL FROM:<alice@acme.example>", "RCPT TO:<carol@partner.example>"):
        assert session.command(line)[0] == 250
    data = smtp.make(subject="Chunks [secure]").as_bytes(policy=__import__("email").policy.SMTP)
    session.write(b"BDAT 10\r\n" + data[:10])
    assert session.reply()[0] == 250
    session.write(b"BDAT %d LAST\r\n" % (len(data) - 10) + data[10:])
    assert session.reply()[0] == 250
    portal.link_for(node, "carol@partner.example")


def test_one_mail_is_one_message(node):
    mail = smtp.make(subject="Twice [secure]", to=["carol@partner.example", "dave@partner.example"])
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example"])
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example", "dave@partner.example"])
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example"])
    portal.link_for(node, "dave@partner.example")
    assert len(node.json("message", "list")) == 1
    assert len([m for m in node.outbox.to("carol@partner.example")]) == 1
    other = smtp.make(subject="Twice [secure]", message_id=mail["Message-ID"], text="something else")
    smtp.send(node.smtp_port, other)
    assert len(node.json("message", "list")) == 2


@pytest.mark.parametrize("body, code", [
    (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 1100, 554),
    (b"Content-Type: message/rfc822\r\n\r\n" * 60, 554),
    (b"a: b\r\n" * 1100 + b"\r\n", 552),
    (b"Received: x\r\n" * 40 + b"\r\nx", 554),
])
def test_absurd_mail_is_refused(node, body, code):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        smtp.send(node.smtp_port, body + b"\r\n", recipients=["carol@partner.example"])
    assert refused.value.smtp_code == code


def not_read_here(node, address):
    return [m for m in node.outbox.to(address) if m["Message-ID"].startswith("<not-read-here")]


def return_address_for(node, address, count=1):
    portal.link_for(node, address, count)
    mails = [m for m in node.outbox.to(address) if m["Message-ID"].startswith("<notification")]
    return mails[-1]["Reply-To"].addresses[0].addr_spec


def write_back(node, back, sender="carol@partner.example", recipients=()):
    smtp.send(node.smtp_port, smtp.make(sender=sender, to=back, subject="Re", text="forty-two"), sender=sender,
              recipients=[back, *recipients])


def test_an_answer_to_the_notification_address_is_told_once(node):
    smtp.send(node.smtp_port, smtp.make())
    back = return_address_for(node, "carol@partner.example")
    write_back(node, back, "Carol@Partner.example")
    answers = wait.until(lambda: not_read_here(node, "carol@partner.example"), "the answer")
    assert answers[0]["Auto-Submitted"] == "auto-replied"
    for days in (0, 2):  # told by the mail server from then on
        node.move_clock(days * 24 * 3600 * 1000)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            write_back(node, back)
        assert refused.value.smtp_code == 550 and b"portal" in refused.value.smtp_error
    smtp.send(node.smtp_port, smtp.make(subject="Second [secure]"))
    write_back(node, return_address_for(node, "carol@partner.example", 2))
    wait.until(lambda: len(not_read_here(node, "carol@partner.example")) == 2, "the answer about the second")


def test_a_return_address_mails_no_forged_sender(node):
    smtp.send(node.smtp_port, smtp.make())
    back = return_address_for(node, "carol@partner.example")
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            write_back(node, back, "victim@elsewhere.example")
        assert refused.value.smtp_code == 550
    (message,) = node.json("message", "list")
    kinds = [e["event"] for e in node.json("message", "show", message["id"])[0]["events"]]
    assert kinds.count("return.not-read-here") == 2
    write_back(node, back)  # they took nothing away from the recipient
    wait.until(lambda: not_read_here(node, "carol@partner.example"), "the answer")
    assert node.outbox.to("victim@elsewhere.example") == []


def test_r12_mail_to_a_return_address_and_others_reaches_the_others(node):
    smtp.send(node.smtp_port, smtp.make())
    back = return_address_for(node, "carol@partner.example")
    write_back(node, back, "alice@acme.example", ["dave@partner.example"])
    mail = wait.until(lambda: node.outbox.to("dave@partner.example"), "the mail to Dave")[0]
    assert mail["Subject"] == "Re"


def test_r12_the_rest_of_a_relayed_mails_recipients_is_not_lost(node):
    mail = smtp.make(subject="Lunch", to=["carol@partner.example", "dave@partner.example"])
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example"])
    wait.until(lambda: not node.json("queue", "list"), "the first part to be delivered")
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example", "dave@partner.example"])
    wait.until(lambda: node.outbox.to("dave@partner.example"), "the second part to be delivered")
    assert len(node.outbox.to("carol@partner.example")) == 1
    assert len(node.json("message", "list")) == 1
