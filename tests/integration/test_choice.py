"""R12: what a sender asks for is done or refused, and never sent in clear instead."""

import smtplib

import pytest
from support import portal, smtp, wait

SECRET = "marmalade"


def mail(*fields, sender="alice@acme.example", to="carol@partner.example", message_id=None):
    lines = [f"From: {sender}", f"To: {to}", f"Message-ID: {message_id or smtp.make()['Message-ID']}", *fields]
    return ("\r\n".join(lines) + f"\r\n\r\n{SECRET}\r\n").encode()


def hand_in(node, data, sender="alice@acme.example", to="carol@partner.example"):
    smtp.send(node.smtp_port, data, sender, [to])
    return node.json("message", "list")[0]


def refusal(node, data, **more):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        hand_in(node, data, **more)
    assert node.outbox.files() == []
    return refused.value.smtp_code, refused.value.smtp_error.decode()


@pytest.fixture
def strict(node):
    node.run("definition", "add", "Strict", "--reply", "no", "--expire-days", "1")
    return node


@pytest.mark.parametrize("fields", [
    ["Subject: [secure:nope] Offer"],
    ["Subject: [secure:strict] [secure:nope] Offer"],
    ["Subject: [secure:] Offer"],
    ["Subject: Offer", "X-Sealpost-Definition: nope"],
    ["Subject: Offer", "X-Sealpost-Definition:"],
    ["Subject: [secure:nope] Offer", "X-Sealpost-Definition: strict"],
    ["Subject: Offer", "X-Sealpost-Definition: strict", "X-Sealpost-Definition: nope"],
])
def test_r12_a_name_that_does_not_exist_is_refused_with_those_that_do(strict, fields):
    code, text = refusal(strict, mail(*fields))
    assert code == 550 and "Default, Strict" in text
    assert "unknown-definition" in [e["detail"].split(":")[0] for e in strict.json("message", "events")
                                    if e["event"] == "mail.refused"]  # R14: the administrator sees why


def test_r12_two_definitions_are_refused(strict):
    code, text = refusal(strict, mail("Subject: [secure:strict] [secure:default] Offer"))
    assert code == 550 and "two definitions" in text


def test_r12_more_tags_than_are_read_are_refused(strict):
    code, text = refusal(strict, mail("Subject: " + "[secure] " * 20 + "[secure:nope] Offer"))
    assert code == 550 and "20 tags" in text


@pytest.mark.parametrize("subject", ["[secure strict] Offer", "[secure :Strict] Offer", "=?utf-8?Q?[secure=C2=A0:_Strict]?= Offer",
                                     "=?utf-8?Q?=EF=BC=88secure=EF=BC=9AStrict=EF=BC=89?= Offer", "{Secure: STRICT} Offer",
                                     "[secure] [secure:strict] Offer"])
def test_r12_a_slip_of_the_pen_names_the_definition(strict, subject):
    assert hand_in(strict, mail(f"Subject: {subject}"))["definition"] == "Strict"


@pytest.mark.parametrize("domain", ["b\u00fccher.example", "xn--bcher-kva.example"])
def test_r12_a_policy_knows_both_forms_of_an_international_domain(node, domain):
    """A mail program may write either."""
    node.run("policy", "add", "--from", "internal", "--to", f"domain:{domain}", "--definition", "Default")
    for address in ("carol@b\u00fccher.example", "dave@BU\u0308CHER.example", "erin@xn--bcher-kva.example"):
        smtp.send(node.smtp_port, mail("Subject: Offer"), recipients=[address], options=["SMTPUTF8"])
        assert node.json("message", "list")[0]["kind"] == "secured", address


@pytest.mark.parametrize("fields", [
    ["Subject: [ secure ] Offer"],
    ["Subject: " + "\r\n ".join(["word " * 15] * 30) + "\r\n [secure]"],  # behind what is shown of a subject
    ["Subject: Offer", "Subject: [secure]"],
])
def test_r12_a_tag_counts_wherever_it_stands(node, fields):
    assert hand_in(node, mail(*fields))["kind"] == "secured"


def test_brackets_about_other_words_are_text(node):
    assert hand_in(node, mail("Subject: Spaces (secure parking)"))["kind"] == "relayed"


def test_r12_an_answer_is_secured_however_long_the_thread(node):
    hand_in(node, mail("Subject: [secure] Offer", message_id="<first@acme.example>"))
    portal.link_for(node, "carol@partner.example")
    for position in (0, 59):
        others = [f"<{n}.{position}@elsewhere.example>" for n in range(60)]
        others[position] = "<first@acme.example>"
        sent = hand_in(node, mail("Subject: Re: Offer", "References: " + "\r\n ".join(others)))
        assert sent["kind"] == "secured"
    code, text = refusal_of_references(node)
    assert code in (550, 554) and "1000" in text


def refusal_of_references(node):
    many = "\r\n ".join(f"<{n}@e.example>" for n in range(1001))
    with pytest.raises(smtplib.SMTPDataError) as refused:
        hand_in(node, mail("Subject: Re: Offer", f"References: {many}"))
    return refused.value.smtp_code, refused.value.smtp_error.decode()


@pytest.fixture
def two_accounts(node):
    """A second account whose mail comes from the same range; both sources take forwarded mail, the first mends
    newlines."""
    for source in node.json("source", "list"):
        node.run("source", "remove", source["id"])
    node.run("source", "add", "--network", "127.0.0.1/32", "--foreign", "--normalise-newlines", "--account", "acme")
    node.run("account", "add", "second")
    node.run("domain", "add", "second.example", "--next-hop", "127.0.0.1:1", "--account", "second")
    node.run("source", "add", "--network", "127.0.0.1/32", "--foreign", "--account", "second")
    return node


def in_clear(node):
    return [f for f in node.outbox.files() if SECRET.encode() in f.read_bytes()]


def notified(node, address):
    return portal.link_for(node, address)


@pytest.mark.parametrize("sender", ["z@else.example", ""])
def test_r12_tagged_mail_of_ours_is_secured_under_any_envelope_sender(two_accounts, sender):
    for account, address in (("acme", "alice@acme.example"), ("second", "zoe@second.example")):
        to = f"carol@{account}.partner.example"
        smtp.send(two_accounts.smtp_port, mail("Subject: [secure] Offer", sender=address, to=to), sender, [to])
        notified(two_accounts, to)
        (sent,) = two_accounts.json("message", "list", "--account", account)
        assert sent["kind"] == "secured"
    assert in_clear(two_accounts) == []


@pytest.mark.parametrize("sender", ["z@else.example", ""])
def test_forwarded_mail_and_bounces_that_quote_a_tag_are_relayed(two_accounts, sender):
    data = mail("Subject: Undeliverable: [secure:nope] Offer", sender="mailer-daemon@else.example")
    smtp.send(two_accounts.smtp_port, data, sender, ["carol@partner.example"])
    wait.until(lambda: in_clear(two_accounts), "the mail as it came")


def test_newlines_are_mended_for_the_source_that_asks_for_it(two_accounts):
    data = mail("Subject: Plain").replace(b"\r\n\r\nmar", b"\r\n\r\nmar\nmar")
    for sender, code in (("alice@acme.example", 250), ("zoe@second.example", 550)):
        raw = smtp.Raw(two_accounts.smtp_port)
        for line in ("EHLO client.example", f"MAIL FROM:<{sender}>", "RCPT TO:<carol@partner.example>", "DATA"):
            raw.command(line)
        raw.write(data + b".\r\n")
        assert raw.reply()[0] == code
        raw.close()
