"""What was written is not lost: the session that ended, a form of an earlier one, limits (R7)."""

import pytest
from support import portal, smtp
from support.node import Node

TEXT = "Two hundred words that nobody wants to write again."
AGAIN = "choose this file again: "


@pytest.fixture
def reply_form(node):
    """(browser of Carol, the page with her reply's form)"""
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
    link = portal.link_for(node, "carol@partner.example")
    browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    return browser, browser.get("/message/" + link.rsplit("/", 1)[1] + "/reply")


def files(*names):
    return [("files", name, "text/plain", b"x") for name in names]


def test_r7_a_form_of_an_earlier_session_is_shown_again_and_can_be_sent(node, reply_form):
    carol, form = reply_form
    node.move_clock(61 * 60 * 1000)
    page = carol.submit_files(form, r"/reply$", files("plan.pdf"), text=TEXT)
    assert page.status == 403 and "is kept" in page.text and TEXT not in page.text
    page = carol.submit(carol.get("/sign-in"), r"/sign-in$", address="carol@partner.example")
    page = carol.submit(page, "send-code")
    carol.submit(page, r"/code$", code=portal.code_for(node, "carol@partner.example", 2))

    again = carol.submit_files(form, r"/reply$", files("plan.pdf", "map.png"), text=TEXT)
    assert again.status == 403 and "open for too long" in again.text
    assert TEXT in again.text and "plan.pdf" in again.text and "map.png" in again.text
    assert node.outbox.to("alice@acme.example") == []
    assert TEXT not in carol.get("/sent").text

    sent = carol.submit_files(again, r"/reply$", [], text=TEXT)
    assert sent.status == 200 and "sent=1" in sent.url and TEXT in sent.text


def test_r7_a_forged_form_sends_nothing(node):
    """The way back for old forms is none for forged ones: from another site it is refused, without a token it only shows."""
    bob, _ = portal.sign_in_by_password(node, "bob@acme.example")
    form = bob.get("/compose")
    form.forms = [{**f, "fields": {**f["fields"], "csrf": "x" * 52}} for f in form.forms]
    page = bob.submit_files(form, r"/compose$", files("a.txt"), to="alice@acme.example", subject="Forged", text=TEXT)
    assert page.status == 403 and TEXT in page.text and "alice@acme.example" in page.text
    assert "Forged" not in bob.get("/sent").text and node.outbox.to("alice@acme.example") == []


@pytest.mark.parametrize("more, chosen, reason", [
    ({"text": "long " * 120_000}, ["a.txt"], "512 KB at most. Please shorten"),
    ({"text": "long " * 240_000}, ["a.txt"], "only its beginning is still here"),
    ({"text": TEXT}, [f"file-{i}.txt" for i in range(101)], "100 files at most"),
    ({"text": TEXT, "subject": "word " * 500}, ["a.txt"], "This is too long"),
    ({"text": TEXT, "to": "alice@acme.example, " * 600}, ["a.txt"], "This is too long"),
], ids=["text", "text-cut", "files", "subject", "to"])
def test_a_limit_says_which_it_is_and_keeps_what_was_written(sqlite_node, more, chosen, reason):
    bob, _ = portal.sign_in_by_password(sqlite_node, "bob@acme.example")
    fields = {"to": "alice@acme.example", "subject": "A subject", **more}
    page = bob.submit_files(bob.get("/compose"), r"/compose$", files(*chosen), **fields)
    assert page.status == 422 and reason in page.text
    for name, value in fields.items():
        whole = value.strip() if len(value) < 1_000_000 else value[:900_000]
        assert whole in page.text, name
    assert chosen[0] in page.text and chosen[:100][-1] in page.text
    assert "200 MB at most" not in page.text
    fields = {"to": "alice@acme.example", "subject": "A subject", "text": TEXT}
    sent = bob.submit_files(page, r"/compose$", files("a.txt"), **fields)
    assert "sent=1" in sent.url and TEXT in sent.text
    assert bob.get("/sent").text.count('<li class="row') == 1


def assert_kept(browser, page, name, content):
    """The page says that the text and the file are a draft, and gives the file."""
    assert TEXT in page.text and "in Drafts" in page.text and name in page.text and AGAIN not in page.text
    assert browser.get(next(link for link in page.links if link.startswith("/draft/"))).body == content
    assert TEXT in browser.get("/drafts").text


def test_r7_files_of_an_answer_to_what_was_just_recalled_are_kept(node, reply_form):
    carol, form = reply_form
    node.run("message", "recall", node.json("message", "list")[0]["id"], "--reason", "Wrong price")
    plan = [("files", "plan.txt", "text/plain", b"the plan of nobody else")]
    page = carol.submit_files(form, r"/reply$", plan, text=TEXT)
    assert page.status == 410
    assert_kept(carol, page, "plan.txt", b"the plan of nobody else")
    assert b"the plan of nobody else" not in node.raw_bytes() and node.outbox.to("alice@acme.example") == []
    draft = next(link for link in carol.get("/drafts").links if "?draft=" in link)
    assert_kept(carol, carol.get(draft), "plan.txt", b"the plan of nobody else")


def test_r14_what_cannot_be_a_draft_says_which_files_to_choose_again(node, reply_form):
    carol, form = reply_form
    offer = node.json("message", "list")[0]["id"]
    assert "sent=1" in carol.submit_files(form, r"/reply$", [], text="Sent.").url
    node.run("message", "recall", offer, "--reason", "Wrong price")
    page = carol.submit_files(form, r"/reply$", files("plan.txt"), text=TEXT)
    assert page.status == 410 and TEXT in page.text and AGAIN + "plan.txt" in page.text and "in Drafts" not in page.text
    assert TEXT not in carol.get("/drafts").text


def test_r7_files_of_a_new_message_are_kept_when_the_account_takes_none_any_more(node, reply_form):
    carol, _ = reply_form
    node.run("account", "set", "outsiders_may_write", "all")
    form = carol.get("/compose")
    node.run("account", "set", "outsiders_may_write", "off")
    page = carol.submit_files(form, r"/compose$", files("plan.txt"), to="alice@acme.example", subject="Plan", text=TEXT)
    assert page.status == 403
    assert_kept(carol, page, "plan.txt", b"x")
    draft = next(link for link in carol.get("/drafts").links if "?draft=" in link)
    assert_kept(carol, carol.get(draft), "plan.txt", b"x")


def test_a_file_past_the_limit_leaves_a_draft_that_can_be_sent(binary):
    """What did not come whole is no file of the draft; what came before it is."""
    node = Node(binary, limits={"mail_size": "1MB"}).make_acme().start()
    try:
        bob, _ = portal.sign_in_by_password(node, "bob@acme.example")
        fields = {"to": "alice@acme.example", "subject": "Plans", "text": TEXT}
        page = bob.submit_files(bob.get("/compose"), r"/compose$", [
            ("files", "small.txt", "text/plain", b"all of it"), ("files", "large.bin", "application/octet-stream", b"x" * 1_200_000)],
            **fields)
        assert page.status == 422 and TEXT in page.text and "KB" in page.text
        assert AGAIN + "large.bin" in page.text and AGAIN + "small.txt" not in page.text and "small.txt" in page.text
        sent = bob.submit_files(page, r"/compose$", [], **fields)
        assert "sent=1" in sent.url, sent.text
        files = [l for l in sent.links if "/file/" in l]
        assert [bob.get(f).body for f in files] == [b"all of it"] and "large.bin" not in sent.text
        node.stop()
    finally:
        node.close()
