"""What the outside of a node promises and no other test shows: protocols, who owns a mail, what notifications say."""

import re
import shutil
import ssl
import subprocess

import pytest
from support import maildir, portal, smtp, wait
from support.browser import Browser
from support.node import ROOT, Node

DAY = 24 * 3600 * 1000


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version,taken", [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
@pytest.mark.parametrize("edge", ["smtp", "https"])
def test_tls_is_1_2_at_least(sqlite_node, edge, version, taken):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    raw = smtp.Raw(sqlite_node.smtp_port if edge == "smtp" else sqlite_node.https_port, greet=edge == "smtp")
    if edge == "smtp":
        raw.command("EHLO client.acme.example")
        assert raw.command("STARTTLS")[0] == 220
    if taken:
        with context.wrap_socket(raw.socket) as secured:
            assert secured.version() == version.replace("_", ".")
    else:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(raw.socket)


def test_who_sent_it_for_whom_is_shown(sqlite_node):
    smtp.send(sqlite_node.smtp_port, smtp.make(headers={"Sender": "Secretary <bob@acme.example>"}), sender="bob@acme.example")
    _, page = portal.sign_in_by_link(sqlite_node, portal.link_for(sqlite_node, "carol@partner.example"), "carol@partner.example")
    assert "bob@acme.example" in page.text and "alice@acme.example" in page.text
    alice, _ = portal.sign_in_by_password(sqlite_node, "alice@acme.example")  # From is whose it is
    bob, _ = portal.sign_in_by_password(sqlite_node, "bob@acme.example")
    assert "Offer" in alice.get("/sent").text and "Offer" not in bob.get("/sent").text


def roles(node):
    return {r["address"]: r["role"] for r in node.json("message", "show", node.json("message", "list")[0]["id"])[0]["recipients"]}


def test_only_who_stands_in_no_to_and_cc_is_bcc(sqlite_node):
    """Also behind more addresses than are shown, and in fields that stand twice."""
    many = {f: [f"{f}{i}@partner.example" for i in range(700)] for f in ("to", "cc")}
    head = ("From: alice@acme.example\r\nTo: first@partner.example\r\n" +
            "".join(f"{f}: " + ",\r\n ".join(addresses) + "\r\n" for f, addresses in many.items()) +
            "Cc: last@partner.example\r\nMessage-ID: <1@acme.example>\r\nSubject: Offer [secure]\r\n\r\nx\r\n")
    smtp.send(sqlite_node.smtp_port, head.encode(), recipients=[
        "first@partner.example", "to699@partner.example", "cc699@partner.example", "last@partner.example", "hidden@partner.example"])
    assert roles(sqlite_node) == {"first@partner.example": "to", "to699@partner.example": "to", "cc699@partner.example": "cc",
                                  "last@partner.example": "cc", "hidden@partner.example": "bcc"}


@pytest.mark.parametrize("head", ["From: bob@acme.example, alice@acme.example", "From: bob@acme.example\r\nFrom: alice@acme.example",
                                  "From: x@elsewhere.example", "X-From: bob@acme.example"])
def test_the_envelope_sender_is_the_owner_unless_from_names_one_of_the_account(sqlite_node, head):
    mail = f"{head}\r\nTo: carol@partner.example\r\nMessage-ID: <1@acme.example>\r\nSubject: Offer [secure]\r\n\r\nx\r\n"
    smtp.send(sqlite_node.smtp_port, mail.encode(), recipients=["carol@partner.example"])
    alice, _ = portal.sign_in_by_password(sqlite_node, "alice@acme.example")
    bob, _ = portal.sign_in_by_password(sqlite_node, "bob@acme.example")
    assert "Offer" in alice.get("/sent").text and "Offer" not in bob.get("/sent").text


def test_an_address_of_the_account_that_sends_becomes_a_user_and_proves_itself_by_code(node):
    smtp.send(node.smtp_port, smtp.make(sender="nora@acme.example"), sender="nora@acme.example")
    nora = {u["address"]: u for u in node.json("user", "list")}["nora@acme.example"]
    assert not nora["password"] and not nora["administrator"]
    browser = Browser(node)
    page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address="nora@acme.example")
    page = browser.submit(page, r"/send-code$")
    browser.submit(page, r"/code$", code=portal.code_for(node, "nora@acme.example"))
    assert "Offer" in browser.get("/sent").text


SIGNED = "This text was signed as it is.\r\n"


def of_two_parts(kind, inner, second):
    return (f"From: alice@acme.example\r\nTo: carol@partner.example, bob@acme.example\r\nSubject: Offer\r\n"
            f"X-Sealpost-Definition: Default\r\nMessage-ID: <{kind.replace('/', '.')}@acme.example>\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: {kind}\r\n\r\n--b\r\n{inner}\r\n--b\r\n{second}\r\n--b--\r\n").encode()


@pytest.mark.parametrize("kind,inner,second", [
    ("multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; boundary=b",
     "Content-Type: text/plain\r\n\r\n" + SIGNED, "Content-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----"),
    ("multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b",
     "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n", "Content-Type: application/octet-stream\r\n\r\nhQEMA")])
def test_signed_and_encrypted_mail_reaches_people_inside_as_it_was(sqlite_node, kind, inner, second):
    """Only a header says that it was secured; the header that asked for it goes no further."""
    mail = of_two_parts(kind, inner, second)
    smtp.send(sqlite_node.smtp_port, mail, recipients=["carol@partner.example", "bob@acme.example"])
    wait.until(lambda: sqlite_node.outbox.to("bob@acme.example"), "Bob's copy")
    (path,) = [m.path for m in sqlite_node.outbox.to("bob@acme.example")]
    head, body = path.read_bytes().replace(b"\r\n", b"\n").split(b"\n\n", 1)
    assert body.rstrip() == mail.replace(b"\r\n", b"\n").split(b"\n\n", 1)[1].rstrip()
    assert b"X-Sealpost-Secure: yes" in head and b"X-Sealpost-Definition" not in head


def test_a_notification_names_the_sender_and_the_account_and_no_subject_unless_allowed(sqlite_node):
    node = sqlite_node
    mail = lambda: smtp.make(from_="Alice Adams <alice@acme.example>", subject="Bid for the bridge [secure]")  # noqa: E731
    smtp.send(node.smtp_port, mail())
    portal.link_for(node, "carol@partner.example")
    (told,) = node.outbox.to("carol@partner.example")
    (sender,), (answers,) = told["From"].addresses, told["Reply-To"].addresses
    assert sender.display_name == "Alice A. via Acme" and sender.domain == "return.acme.example"
    assert told["Return-Path"] == f"<{answers.addr_spec}>" and answers.addr_spec.startswith("r-")
    assert {p.get_content_type() for p in told.walk()} == {"multipart/alternative", "text/plain", "text/html"}
    assert "Bid for" not in told.as_string() and "Bid for" not in maildir.html_of(told)
    assert "Acme" in maildir.text_of(told) and "December" in maildir.text_of(told)
    node.run("account", "set", "notification_subject", "yes")
    smtp.send(node.smtp_port, mail())
    portal.link_for(node, "carol@partner.example", 2)
    told = node.outbox.to("carol@partner.example")[1]
    assert "Bid for the bridge" in maildir.text_of(told) + told["Subject"] and "Bid for" in maildir.html_of(told) + told["Subject"]


def test_the_same_mail_after_a_day_is_another_message(node):
    mail = smtp.make()
    smtp.send(node.smtp_port, mail)
    node.move_clock(DAY - 60_000)
    smtp.send(node.smtp_port, mail)
    assert len(node.json("message", "list")) == 1
    node.move_clock(2 * DAY)
    smtp.send(node.smtp_port, mail)
    assert len(node.json("message", "list")) == 2
    portal.link_for(node, "carol@partner.example", 2)
    assert len(node.outbox.to("carol@partner.example")) == 2


@pytest.mark.parametrize("file,text,said", [
    ("notifications/notification.txt.mustache", "Hello\n\n{{#is_open}}\nand no end\n", "notification.txt.mustache:3: "),
    ("templates/inbox.mustache", "one\n{{>nowhere}}\n", "inbox.mustache:2: ")])
def test_a_broken_template_is_told_at_the_start_with_its_line(binary, tmp_path, file, text, said):
    shutil.copytree(ROOT / "web", tmp_path / "web")
    assert (tmp_path / "web" / file).exists()
    (tmp_path / "web" / file).write_text(text)
    node = Node(binary, values={"web_dir": str(tmp_path / "web")}).make_acme()
    try:
        done = subprocess.run([binary, "serve"], env=node.environment(), text=True, capture_output=True, timeout=60)
        assert done.returncode == 6 and done.stderr.count("\n") == 1 and said in done.stderr, done.stderr
    finally:
        node.close()
