"""What is written and not sent is kept as a draft (R7), sealed, until it is sent or thrown away."""

import re
import urllib.parse

import pytest
from support import maildir, portal, rows, smtp, wait

ALICE, BOB, CAROL = "alice@acme.example", "bob@acme.example", "carol@partner.example"
TEXT = "Two hundred words that nobody wants to write again."
WORDS = {"to": CAROL, "cc": "dave@partner.example", "bcc": BOB, "subject": "Plan of the year", "text": TEXT}


def writer(node, address=ALICE):
    return portal.sign_in_by_password(node, address)[0]


def files(*names):
    return [("files", name, "text/plain", f"content of {name}".encode()) for name in names]


def save(browser, page, pattern=r"/compose$", chosen=(), **fields):
    return browser.submit_files(page, pattern, list(chosen), do="save", **fields)


def autosave(browser, form, **fields):
    """What the script does."""
    data = urllib.parse.urlencode({**form["fields"], **fields}).encode()
    return browser.request("/draft", data, {"Content-Type": "application/x-www-form-urlencoded", "Origin": browser.base})


def open_drafts(node):
    return int(rows.query(node, "SELECT COUNT(*) FROM draft WHERE state = 1")[0][0])


def test_r7_a_draft_keeps_all_that_was_written_and_its_files(node):
    alice = writer(node)
    page = save(alice, alice.get("/compose"), chosen=files("plan.txt", "map.txt"), **WORDS)
    assert page.status == 200 and "draft=" in page.url and "Saved in Drafts" in page.text
    for kept in (*WORDS.values(), "plan.txt", "map.txt"):
        assert kept in page.text, kept
    listed = alice.get("/drafts")
    assert CAROL in listed.text and "Plan of the year" in listed.text and TEXT in listed.text
    for secret in (TEXT, "Plan of the year", "plan.txt", "content of map.txt"):
        assert secret.encode() not in node.raw_bytes(), secret
    again = alice.get(next(link for link in listed.links if link.startswith("/compose?draft=")))
    drop = re.search(r'map\.txt.*?value="(\w{26})"', again.text, re.S)[1]
    sent = portal.compose(alice, again, files("more.txt"), **{**WORDS, "drop": drop})
    assert "sent=1" in sent.url and "plan.txt" in sent.text and "more.txt" in sent.text and "map.txt" not in sent.text
    assert "Plan of the year" not in alice.get("/drafts").text and open_drafts(node) == 0
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert [part.get_content() for part in mail.iter_attachments()] == ["content of plan.txt", "content of more.txt"]


@pytest.mark.parametrize("size", [100_000, 700_000], ids=["pack", "blob"])
def test_large_files_of_drafts_are_kept_where_large_content_is(node, size):
    alice = writer(node)
    data = b"0123456789" * (size // 10)
    page = save(alice, alice.get("/compose"), chosen=[("files", "large.bin", "application/octet-stream", data)], **WORDS)
    assert "large.bin" in page.text
    sent = portal.compose(alice, page, text=TEXT)
    assert "sent=1" in sent.url
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert next(mail.iter_attachments()).get_content() == data


def test_a_late_save_does_not_revive_what_was_sent_or_thrown_away(node):
    alice = writer(node)
    page = alice.get("/compose")
    form = page.form(r"/compose$")
    assert autosave(alice, form, **WORDS).text.startswith("Draft saved") and open_drafts(node) == 1
    assert "sent=1" in portal.compose(alice, page, **WORDS).url
    assert autosave(alice, form, **WORDS).status == 409 and open_drafts(node) == 0
    unsaved = alice.get("/compose")  # sent before the first save
    assert "sent=1" in portal.compose(alice, unsaved, **WORDS).url
    assert autosave(alice, unsaved.form(r"/compose$"), **WORDS).status == 409 and open_drafts(node) == 0

    other = alice.get("/compose")
    save(alice, other, **WORDS)
    alice.submit(alice.get("/drafts"), r"/discard$")
    assert TEXT not in alice.get("/drafts").text
    assert rows.query(node, "SELECT COUNT(*) FROM wrap w JOIN draft d ON d.id = w.holder_id WHERE d.state = 1")[0][0] == "0"
    assert autosave(alice, other.form(r"/compose$"), **WORDS).status == 409
    assert TEXT not in alice.get("/drafts").text


def test_r15_drafts_are_their_writers_alone(node):
    alice, bob = writer(node), writer(node, BOB)
    page = save(alice, alice.get("/compose"), **WORDS)
    draft = re.search(r"draft=(\w{26})", page.url)[1]
    missing = bob.get("/compose?draft=" + "0" * 26)
    other = bob.get(f"/compose?draft={draft}")
    assert other.status == missing.status == 404 and TEXT not in other.text and TEXT not in bob.get("/drafts").text
    form = bob.get("/compose").form(r"/compose$")
    form["fields"]["form"] = draft
    assert autosave(bob, form, **{**WORDS, "text": "Bob's"}).status == 409
    bob.submit(bob.get("/inbox"), r"/sign-out$")  # a token of his is not asked for any more
    assert TEXT in alice.get(f"/compose?draft={draft}").text


def test_r7_an_answer_is_a_draft_too_and_survives_the_message(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=CAROL))
    link = portal.link_for(node, CAROL)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    message = "/message/" + link.rsplit("/", 1)[1]
    saved = save(carol, carol.get(message + "/reply"), r"/reply$", chosen=files("plan.txt"), text=TEXT)
    assert TEXT in saved.text and "plan.txt" in saved.text
    assert TEXT in carol.get("/drafts").text
    draft = next(link for link in carol.get("/drafts").links if "?draft=" in link)
    node.run("message", "recall", node.json("message", "list")[0]["id"], "--reason", "Wrong price")
    gone = carol.get(draft)
    assert gone.status == 410 and TEXT in gone.text
    assert TEXT in carol.get("/drafts").text


def test_a_draft_of_an_answer_is_sent_as_one(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=CAROL))
    link = portal.link_for(node, CAROL)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    page = save(carol, carol.get("/message/" + link.rsplit("/", 1)[1] + "/reply"), r"/reply$", text=TEXT)
    sent = carol.submit_files(page, r"/reply$", [], text=TEXT + " Really.")
    assert "sent=1" in sent.url and open_drafts(node) == 0
    mail = wait.until(lambda: [m for m in node.outbox.to(ALICE) if m["Subject"] == "Re: Offer"], "the answer")[0]
    assert "Really." in maildir.text_of(mail)


def test_r11_what_was_refused_is_a_draft_with_its_files(node):
    node.run("licence", "limit", "0")
    alice = writer(node)
    page = portal.compose(alice, files=files("plan.txt"), **WORDS)
    assert page.status == 403 and TEXT in page.text and "plan.txt" in page.text and "choose this file again" not in page.text
    assert TEXT in alice.get("/drafts").text
    node.run("licence", "limit", "any")
    again = alice.get(next(link for link in alice.get("/drafts").links if "?draft=" in link))
    sent = portal.compose(alice, again, text="")  # a file is enough
    assert "sent=1" in sent.url and "plan.txt" in sent.text


def test_what_is_closed_is_emptied_and_forgotten_later(node):
    alice = writer(node)
    page = save(alice, alice.get("/compose"), chosen=files("plan.txt"), **WORDS)
    alice.submit(alice.get("/drafts"), r"/discard$")
    node.stop()
    node.start()

    def count(table):
        return int(rows.query(node, f"SELECT COUNT(*) FROM {table}")[0][0])
    wait.until(lambda: count("draft_file") == 0, "the file to go", 90)
    assert count("draft") == 1 and rows.query(node, "SELECT COUNT(*) FROM draft WHERE box IS NOT NULL")[0][0] == "0"
    node.stop()
    node.move_clock(9 * 24 * 3600 * 1000)
    node.start()
    wait.until(lambda: count("draft") == 0, "the draft to be forgotten", 90)
    assert page.status == 200


def test_drafts_have_a_number(sqlite_node):
    alice = writer(sqlite_node)
    form = alice.get("/compose").form(r"/compose$")
    for i in range(200):
        form["fields"]["form"] = f"{i:025d}0"
        assert autosave(alice, form, **WORDS).status == 200
    page = save(alice, alice.get("/compose"), **{**WORDS, "text": "One more"})
    assert page.status == 422 and "200 drafts" in page.text and "One more" in page.text
    assert "sent=1" in portal.compose(alice, alice.get("/compose"), **WORDS).url


def test_r14_the_files_of_all_drafts_have_a_size(sqlite_node):
    alice, file = writer(sqlite_node), ("files", "a.bin", "application/octet-stream", b"x" * 1000)
    assert "draft=" in save(alice, alice.get("/compose"), chosen=[file], **WORDS).url
    rows.execute(sqlite_node, [f"UPDATE draft_file SET size = {1 << 40}"])  # more than two mails may have
    page = save(alice, alice.get("/compose"), chosen=[file], **{**WORDS, "text": "One more"})
    assert page.status in (413, 422) and "One more" in page.text and "all the room there is" in page.text, page.text
    assert "draft=" in save(alice, alice.get("/compose"), **{**WORDS, "text": "Without files"}).url  # takes no room
    assert "sent=1" in portal.compose(alice, alice.get("/compose"), [file], **WORDS).url


HOUR = 3600 * 1000


def send_late(browser, page, pattern=r"/compose$", chosen=(), **fields):
    """Without scripts, when the session has ended meanwhile; the page that says so."""
    answer = browser.submit_files(page, pattern, list(chosen), **fields)
    assert answer.status == 403 and "signed out" in answer.text, answer.text
    return answer


def sign_in_again(browser, page, address):
    link = next(link for link in page.links if link.startswith("/sign-in"))
    page = browser.submit(browser.get(link.replace("&amp;", "&")), r"/sign-in", address=address)
    return browser.submit(page, r"/password$", password="correct horse battery")


def test_r7_a_form_sent_after_the_sessions_end_is_given_back_to_its_writer(node):
    alice = writer(node)
    page = alice.get("/compose")
    node.move_clock(2 * HOUR)
    late = send_late(alice, page, chosen=files("plan.txt"), **WORDS)
    assert TEXT not in late.text and "is kept" in late.text and not node.json("message", "list")
    for secret in (TEXT, "Plan of the year", "content of plan.txt"):
        assert secret.encode() not in node.raw_bytes(), secret
    send_late(alice, page, chosen=files("plan.txt"), **WORDS)  # loaded again
    back = sign_in_again(alice, late, ALICE)
    assert back.status == 200 and "draft=" in back.url
    for kept in (*WORDS.values(), "plan.txt"):
        assert kept in back.text, kept
    assert open_drafts(node) == 1 and "sent=1" in portal.compose(alice, back, **WORDS).url


def test_r15_a_late_form_is_given_back_to_nobody_else(node):
    alice = writer(node)
    page = alice.get("/compose")
    node.move_clock(2 * HOUR)
    late = send_late(alice, page, **WORDS)
    bob = sign_in_again(alice, late, BOB)  # in the same browser
    assert bob.status == 404 and TEXT not in bob.text and TEXT not in alice.get("/drafts").text
    assert open_drafts(node) == 1 and TEXT in writer(node).get("/drafts").text


def test_r7_a_late_answer_is_kept_too(node):
    node.run("definition", "set", "Default", "--all-recipients", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=BOB))
    link = portal.link_for(node, BOB)
    bob = writer(node, BOB)
    page = bob.get("/message/" + link.rsplit("/", 1)[1] + "/reply")
    node.move_clock(13 * HOUR)  # past the absolute limit
    late = send_late(bob, page, r"/reply$", text=TEXT)
    assert TEXT not in late.text
    back = sign_in_again(bob, late, BOB)
    assert "/reply?draft=" in back.url and TEXT in back.text


@pytest.mark.parametrize("why", ["signed out", "much later", "forged", "too long"])
def test_r15_what_cannot_be_kept_is_shown_back_and_leaves_nothing(node, why):
    alice = writer(node)
    page = alice.get("/compose")
    words = dict(WORDS)
    if why == "signed out":
        alice.submit(alice.get("/inbox"), r"/sign-out$")
    else:
        node.move_clock(26 * HOUR if why == "much later" else 2 * HOUR)
    if why == "forged":
        page.form(r"/compose$")["fields"]["csrf"] = "0" * 48
    if why == "too long":
        words["text"] = TEXT + "x" * (600 * 1024)
    late = alice.submit_files(page, r"/compose$", files("plan.txt"), **words)
    assert late.status in (403, 413) and "is kept" not in late.text
    assert open_drafts(node) == 0 and int(rows.query(node, "SELECT COUNT(*) FROM draft_file")[0][0]) == 0
