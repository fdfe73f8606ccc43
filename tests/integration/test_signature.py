"""What stands below what a person writes, before anything is written."""

import html
import re

from support import maildir, portal, rows, smtp, wait

ALICE, BOB, CAROL = "alice@acme.example", "bob@acme.example", "carol@partner.example"
SIGNATURE = "Alice Adams\r\nMarmalade & Sons <office>"
SHOWN = "Alice Adams\nMarmalade & Sons <office>"


def sign(browser, text=SIGNATURE, **ticks):
    return browser.submit(browser.get("/settings"), r"/settings/writing$", signature=text, **ticks)


def begins_with(page):
    return html.unescape(re.search(r"<textarea[^>]* name=\"text\"[^>]*>(.*?)</textarea>", page.text, re.S)[1]).replace("\r\n", "\n")


def test_new_messages_begin_with_it_and_it_can_be_changed(node):
    alice = portal.sign_in_by_password(node, ALICE)[0]
    assert begins_with(alice.get("/compose")) == ""
    page = sign(alice, f"  {SIGNATURE}\r\n")
    assert "saved=1" in page.url and SHOWN in html.unescape(page.text).replace("\r\n", "\n")
    page = alice.get("/compose")
    assert begins_with(page).strip() == SHOWN
    assert "sent=1" in portal.compose(alice, page=page, to=BOB, subject="Plan", text="Mine alone.").url
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert "Mine alone." in maildir.text_of(mail) and "Sons" not in maildir.text_of(mail)
    # A draft has what was left in it, and others have their own.
    draft = alice.submit_files(alice.get("/compose"), r"/compose$", [], to=BOB, text="A draft.", do="save")
    assert begins_with(draft).strip() == "A draft."
    assert begins_with(portal.sign_in_by_password(node, BOB)[0].get("/compose")) == ""
    sign(alice, "")
    assert begins_with(alice.get("/compose")) == ""


def test_answers_begin_with_it_for_those_who_want_that(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
    link = portal.link_for(node, CAROL)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    reply = "/message/" + link.rsplit("/", 1)[1] + "/reply"
    sign(carol, "Carol")
    assert begins_with(carol.get(reply)).strip() == ""
    sign(carol, "Carol", replies="1", plain="1")
    page = carol.get(reply)
    assert begins_with(page).strip() == "Carol" and re.search(r'class="editor"[^>]* data-plain', page.text)
    assert "data-plain" in carol.get(reply).text


def test_it_is_kept_sealed(node):
    alice = portal.sign_in_by_password(node, ALICE)[0]
    sign(alice)
    boxes = rows.query(node, "SELECT signature_box FROM person WHERE signature_box IS NOT NULL")
    assert len(boxes) == 1 and "Marmalade" not in str(boxes)
    files = [f for f in node.folder.rglob("*") if f.is_file() and "outbox" not in f.parts]
    assert files and not [f for f in files if b"Marmalade" in f.read_bytes()]


def test_one_that_is_too_long_is_refused(sqlite_node):
    alice = portal.sign_in_by_password(sqlite_node, ALICE)[0]
    sign(alice, "Alice")
    assert sign(alice, "x" * 3000).status == 400
    assert begins_with(alice.get("/compose")).strip() == "Alice"
