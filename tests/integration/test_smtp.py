"""What may come in by SMTP, and what is refused in the protocol's own terms."""

import smtplib

import pytest
from support import portal, smtp, wait


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


def test_commands_behind_starttls_are_dropped(node):
    session = smtp.Raw(node.smtp_port)
    session.command("EHLO x.example")
    session.write("STARTTLS\r\nNOOP\r\n")
    code, _ = session.reply()
    assert code == 554
    assert session.reply()[0] == 0


@pytest.mark.parametrize("ending", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n\0.\r\n"])
def test_only_crlf_dot_crlf_ends_data(node, ending):
    session = smtp.Raw(node.smtp_port)
    for line in ("EHLO x.example", "MAIL FROM:<alice@acme.example>", "RCPT TO:<carol@partner.example>"):
        assert session.command(line)[0] == 250
    assert session.command("DATA")[0] == 354
    session.write(b"Subject: x\r\n\r\nbody" + ending + b"MAIL FROM:<eve@evil.example>\r\n.\r\n")
    assert session.reply()[0] == 550
    assert session.command("NOOP")[0] == 250
    assert node.json("message", "list") == []


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


def test_an_answer_to_the_notification_address_is_told_once(node):
    smtp.send(node.smtp_port, smtp.make())
    portal.link_for(node, "carol@partner.example")
    notification = node.outbox.to("carol@partner.example")[0]
    back = notification["Reply-To"].addresses[0].addr_spec
    for _ in range(2):
        smtp.send(node.smtp_port, smtp.make(sender="carol@partner.example", to=back, subject="Re"),
                  sender="carol@partner.example", recipients=[back])
    answers = wait.until(lambda: [m for m in node.outbox.to("carol@partner.example")
                                  if m["Message-ID"].startswith("<not-read-here")], "the answer")
    assert len(answers) == 1 and answers[0]["Auto-Submitted"] == "auto-replied"


def test_r12_the_rest_of_a_relayed_mails_recipients_is_not_lost(node):
    mail = smtp.make(subject="Lunch", to=["carol@partner.example", "dave@partner.example"])
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example"])
    wait.until(lambda: not node.json("queue", "list"), "the first part to be delivered")
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example", "dave@partner.example"])
    wait.until(lambda: node.outbox.to("dave@partner.example"), "the second part to be delivered")
    assert len(node.outbox.to("carol@partner.example")) == 1
    assert len(node.json("message", "list")) == 1
