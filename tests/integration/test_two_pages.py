"""One draft in two pages: what is based on an older version than is kept does not win, and is not lost either (R7)."""

import html
import re
import urllib.parse

import pytest
from support import maildir, portal, rows, smtp, wait

ALICE, BOB, CAROL = "alice@acme.example", "bob@acme.example", "carol@partner.example"


def writer(node, address=ALICE):
    return portal.sign_in_by_password(node, address)[0]


def save(browser, page, text, do="save", pattern=r"/compose$", **fields):
    return browser.submit_files(page, pattern, [], do=do, text=text, **fields)


def autosave(browser, page, text):
    data = urllib.parse.urlencode({**page.form(r"/compose$")["fields"], "to": BOB, "text": text, "do": ""}).encode()
    return browser.request("/draft", data, {"Content-Type": "application/x-www-form-urlencoded", "Origin": browser.base})


def text_of(page):
    return html.unescape(re.search(r"<textarea[^>]* name=\"text\"[^>]*>(.*?)</textarea>", page.text, re.S)[1]).strip()


def kept(browser, page):
    return text_of(browser.get("/compose?draft=" + page.form(r"/compose$")["fields"]["form"]))


@pytest.fixture
def two(node):
    """(browser, two pages of one draft)"""
    alice = writer(node)
    first = save(alice, alice.get("/compose"), "the beginning", to=BOB)
    return alice, first, alice.get(first.url)


def test_r7_the_older_page_says_so_and_offers_both(two):
    alice, older, newer = two
    assert "saved=1" in save(alice, newer, "of the newer page", to=BOB).url
    page = save(alice, older, "of the older page", to=BOB)
    assert page.status == 409 and text_of(page) == "of the older page" and "saved elsewhere" in page.text
    assert '<a href="#newer">' in page.text and page.text.count('id="newer"') == 1
    assert kept(alice, older) == "of the newer page"
    # Saving once more changes nothing of that.
    assert save(alice, page, "of the older page", to=BOB).status == 409
    other = next(link for link in page.links if "draft=" in link)
    assert text_of(alice.get(other)) == "of the newer page"
    copy = save(alice, page, "of the older page", do="copy", to=BOB)
    assert copy.status == 200 and text_of(copy) == "of the older page" and copy.url != newer.url
    assert kept(alice, older) == "of the newer page"
    assert alice.get("/drafts").text.count('class="row draft') == 2


@pytest.mark.parametrize("undo", ["0", "10"])
def test_r7_the_older_page_does_not_send_over_the_newer(node, two, undo):
    node.run("account", "set", "undo_seconds", undo)
    alice, older, newer = two
    save(alice, newer, "of the newer page", to=BOB)
    page = portal.compose(alice, page=older, to=BOB, text="of the older page")
    assert page.status == 409 and text_of(page) == "of the older page"
    assert node.json("message", "list") == [] and kept(alice, older) == "of the newer page"
    copy = save(alice, page, "of the older page", do="copy", to=BOB)
    assert "sent=1" in portal.compose(alice, page=copy, to=BOB, text="of the older page").url
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert "of the older page" in maildir.text_of(mail)
    assert kept(alice, older) == "of the newer page"


def test_a_page_goes_on_saving_what_it_saved_itself(two):
    alice, first, second = two
    for number in range(3):
        assert autosave(alice, second, f"number {number}").status == 200
    assert kept(alice, first) == "number 2"
    late = autosave(alice, first, "late")
    assert late.status == 409 and late.text == "newer"
    assert autosave(alice, second, "number 3").status == 200
    assert "saved=1" in save(alice, second, "number 4", to=BOB).url
    assert kept(alice, first) == "number 4"


def test_r7_two_pages_that_save_at_once_are_one_winner_and_one_that_is_told(node, two):
    alice, older, newer = two
    lock = "SELECT * FROM draft FOR UPDATE" if not node.database.startswith("sqlite") else "SELECT 1"
    answers = rows.race(node, lock, lambda: autosave(alice, older, "one"), lambda: autosave(alice, newer, "two"))
    assert sorted(a.status for a in answers) == [200, 409]
    won = ["one", "two"][[a.status for a in answers].index(200)]
    assert kept(alice, older) == won


def test_r7_an_answer_has_versions_too(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
    link = portal.link_for(node, CAROL)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    reply = "/message/" + link.rsplit("/", 1)[1] + "/reply"
    first = save(carol, carol.get(reply), "the beginning", pattern=r"/reply$")
    second = carol.get(first.url)
    save(carol, second, "of the newer page", pattern=r"/reply$")
    page = save(carol, first, "of the older page", pattern=r"/reply$")
    assert page.status == 409 and text_of(page) == "of the older page"
    assert text_of(save(carol, page, "of the older page", do="copy", pattern=r"/reply$")) == "of the older page"


def test_r7_a_late_form_of_an_older_page_is_kept_beside_the_newer(node, two):
    alice, older, newer = two
    save(alice, newer, "of the newer page", to=BOB)
    node.move_clock(61 * 60 * 1000)
    page = save(alice, older, "of the older page", to=BOB)
    assert page.status == 403 and "is kept" in page.text
    alice = writer(node)
    assert kept(alice, older) == "of the newer page"
    assert alice.get("/drafts").text.count("page</span>") == 2 or "of the older page" in alice.get("/drafts").text


FILES = [("files", "plan.txt", "text/plain", b"the plan"), ("files", "old.txt", "text/plain", b"not wanted"),
         ("files", "map.bin", "application/octet-stream", b"\0\1" * 200_000)]


def file_id(page, name):
    return re.search(rf'name="drop" value="(\w+)"> <span>[^<]*<span class="unseen"> <bdi>{re.escape(name)}', page.text)[1]


def test_r7_what_is_kept_as_a_new_draft_takes_its_files_along(node):
    alice = writer(node)
    older = alice.submit_files(alice.get("/compose"), r"/compose$", FILES, do="save", text="the beginning", to=BOB)
    newer = alice.get(older.url)
    save(alice, newer, "of the newer page", to=BOB)
    page = save(alice, older, "of the older page", to=BOB)
    assert page.status == 409 and all(name in page.text for _, name, _, _ in FILES)
    copy = alice.submit_files(page, r"/compose$", [("files", "late.txt", "text/plain", b"late")], do="copy",
                              text="of the older page", to=BOB, drop=file_id(page, "old.txt"))
    assert text_of(copy) == "of the older page" and "old.txt" not in copy.text
    assert all(name in copy.text for name in ("plan.txt", "map.bin", "late.txt"))
    # They are its own: those of the other stay when it goes, and the other way round.
    assert "sent=1" in portal.compose(alice, page=copy, to=BOB, text="of the older page").url
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    found = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert {name: body if isinstance(body, bytes) else body.strip().encode() for name, body in found.items()} == {
        "plan.txt": b"the plan", "map.bin": b"\0\1" * 200_000, "late.txt": b"late"}
    other = alice.get(older.url)
    assert text_of(other) == "of the newer page" and all(name in other.text for _, name, _, _ in FILES)


def test_r7_a_late_form_kept_beside_the_newer_has_the_files_too(node):
    alice = writer(node)
    older = alice.submit_files(alice.get("/compose"), r"/compose$", FILES[:1], do="save", text="the beginning", to=BOB)
    save(alice, alice.get(older.url), "of the newer page", to=BOB)
    node.move_clock(61 * 60 * 1000)
    save(alice, older, "of the older page", to=BOB)
    alice = writer(node)
    drafts = [alice.get(link) for link in alice.get("/drafts").links if "draft=" in link]
    assert sorted(text_of(page) for page in drafts) == ["of the newer page", "of the older page"]
    assert all("plan.txt" in page.text for page in drafts)
