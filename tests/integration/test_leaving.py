"""What is written in the portal waits before it leaves, and can be taken back until then."""

import html
import re

import pytest
from support import maildir, portal, rows, smtp, wait
from support.node import ROOT

ALICE, BOB, CAROL = "alice@acme.example", "bob@acme.example", "carol@partner.example"
TEXT = "Marmalade is a secret."
WORDS = {"to": f"{CAROL}, {BOB}", "subject": "Plan", "text": TEXT}
PLAN = [("files", "plan.txt", "text/plain", b"the plan")]
SECONDS = 10_000


def writer(node, address=ALICE):
    browser = portal.sign_in_by_password(node, address)[0]
    browser.is_hasty = False
    return browser


class Form:
    """A form of another page with the tokens of this one."""

    def __init__(self, action, page):
        self.action, self.url = action, page.url
        self.fields = {"csrf": page.form(r"/sign-out$")["fields"]["csrf"]}

    def form(self, _):
        return {"action": self.action, "fields": self.fields}


def begin(browser, files=(), page=None, **fields):
    page = portal.compose(browser, page, files, **{**WORDS, **fields})
    assert page.status == 200 and "/leaving/" in page.url, page.text
    return page


def waits(node):
    return rows.query(node, "SELECT COUNT(*) FROM draft WHERE state = 1 AND leaves_at > 0") == [("1",)]


def messages(node):
    return node.json("message", "list")


def events(node, kind):
    return rows.query(node, f"SELECT origin, detail FROM event WHERE kind = '{kind}'")


def assert_told(node, writer):
    """By one mail, without what was written."""
    mails = lambda: [m for m in node.outbox.to(writer) if m["Message-ID"].startswith("<not-sent")]
    told, = wait.until(mails, "a mail to the writer")
    assert "/drafts" in maildir.text_of(told) and TEXT not in told.as_string() and WORDS["subject"] not in told.as_string()


def leave(node):
    node.move_clock(SECONDS)
    wait.until(lambda: messages(node), "the message to leave")


def test_nothing_leaves_before_its_time_and_everything_at_it(node):
    alice = writer(node)
    page = begin(alice, PLAN)
    seconds = int(re.search(r'data-left="(\d+)"', page.text)[1])
    assert 5 <= seconds <= 10 and f"in {seconds} s" in page.text and CAROL in page.text
    node.move_clock(5_000)
    assert messages(node) == [] and node.json("queue", "list", "--all") == [] and not node.outbox.mails()
    assert "0 of 500" in alice.get("/compose").text and TEXT not in alice.get("/sent").text
    assert "Leaves in a moment" in alice.get("/drafts").text and "/leaving/" in alice.get(page.url).url
    leave(node)
    sent = alice.get(page.url)
    assert "sent=1" in sent.url and TEXT in sent.text and "plan.txt" in sent.text
    assert "1 of 500" in alice.get("/compose").text and TEXT not in alice.get("/drafts").text
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert TEXT in maildir.text_of(mail) and portal.link_for(node, CAROL)
    assert events(node, "message.secured")[0][0] == "127.0.0.1"
    late = alice.submit(page, r"/undo$")
    assert "sent=late" in late.url and "had left already" in late.text and len(messages(node)) == 1


def test_who_is_outside_is_named_while_it_can_be_taken_back(sqlite_node):
    alice = writer(sqlite_node)
    outside = lambda page: re.findall(r"[\w-]+@[\w.]+", (re.search(r'class="outside">(.*?)</p>', page.text) or [""])[0])  # noqa: E731
    page = begin(alice, to=f"Carol <{CAROL}>", cc=BOB, bcc="dave@partner.example")
    assert outside(page) == [CAROL, "dave@partner.example"] and "2 recipients are outside your organisation" in page.text
    alice.submit(page, r"/now$")
    page = begin(alice, to=BOB, text="Another.")  # nobody
    assert outside(page) == []
    alice.submit(page, r"/now$")
    page = begin(alice, to=", ".join(f"p{n}@partner.example" for n in range(30)), text="To many.")
    assert len(outside(page)) == 5 and "30 recipients" in page.text and "…" in page.text
    carol, read = portal.sign_in_by_link(sqlite_node, portal.link_for(sqlite_node, CAROL), CAROL)
    carol.is_hasty = False
    page = carol.submit(carol.get(read.path + "/reply"), r"/reply$", text="Gladly.")
    assert "/leaving/" in page.url and "outside" not in page.text  # nothing of an organisation that is not hers


def test_undo_gives_the_draft_back_and_nothing_was_sent(node):
    alice = writer(node)
    page = begin(alice, PLAN)
    back = alice.submit(page, r"/undo$")
    assert "Nothing was sent" in back.text and TEXT in back.text and "plan.txt" in back.text and CAROL in back.text
    again = alice.submit(page, r"/undo$")  # a second one of the same page
    assert TEXT in again.text and "draft=" in again.url
    node.move_clock(60_000)
    node.stop()
    node.start()
    assert messages(node) == [] and not node.outbox.mails() and "0 of 500" in alice.get("/compose").text
    page = begin(alice, page=back, text=TEXT + " Really.")
    sent = alice.submit(page, r"/now$")
    assert "sent=1" in sent.url and "Really." in sent.text and "plan.txt" in sent.text and len(messages(node)) == 1


def test_what_waits_survives_a_restart_and_the_end_of_the_session(node):
    alice = writer(node)
    begin(alice, PLAN)
    alice.submit(alice.get("/inbox"), r"/sign-out$")
    node.stop()
    assert waits(node)
    node.move_clock(SECONDS)
    node.start()
    wait.until(lambda: messages(node), "the message to leave")
    assert wait.until(lambda: node.outbox.to(BOB), "Bob's mail") and portal.link_for(node, CAROL)


def test_an_answer_waits_too_and_asks_for_its_code_only_once(node):
    node.run("definition", "add", "Coded", "--access-code", "yes")
    alice = writer(node)
    coded = re.search(r'value="(\w{26})"[^>]*>\s*<span><bdi>Coded', alice.get("/compose").text)[1]
    sent = alice.submit(begin(alice, to=CAROL, definition=coded), r"/now$")
    code = re.search(r'<strong[^>]*class="code"[^>]*>([^<]+)<|access-code.*?<strong[^>]*>([^<]+)</strong>', sent.text, re.S)
    code = next(group for group in code.groups() if group)
    link = portal.link_for(node, CAROL)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    carol.is_hasty = False
    message = "/message/" + link.rsplit("/", 1)[1]
    carol.submit(carol.get(message), r"/access-code$", code=code)
    page = carol.submit_files(carol.get(message + "/reply"), r"/reply$", [], text="Gladly.")
    assert "/leaving/" in page.url and not [m for m in node.outbox.to(ALICE) if m["Subject"] == "Re: Plan"]
    carol.submit(carol.get("/inbox"), r"/sign-out$")
    node.move_clock(SECONDS)
    assert "Gladly." in maildir.text_of(
        wait.until(lambda: [m for m in node.outbox.to(ALICE) if m["Subject"] == "Re: Plan"], "the answer")[0])


def test_r15_nobody_else_undoes_or_hurries(node):
    alice, bob = writer(node), writer(node, BOB)
    page = begin(alice)
    other = page.url.rsplit("/", 1)[0] + "/" + "0" * 26
    for browser, url in ((bob, page.url), (bob, other), (alice, other)):
        assert browser.get(url).status == 404
    for verb in ("undo", "now"):
        assert bob.submit(Form(f"{page.path}/{verb}", bob.get("/settings")), verb).status == 404
    assert messages(node) == [] and waits(node)


def test_sending_twice_waits_once(node):
    alice = writer(node)
    blank = alice.get("/compose")
    first = portal.compose(alice, blank, PLAN, **WORDS)
    again = portal.compose(alice, blank, PLAN, **WORDS)
    assert first.url == again.url and "/leaving/" in again.url
    other = portal.compose(alice, blank, PLAN, **{**WORDS, "text": "Something else."})
    assert other.status == 409 and "Something else." in other.text
    leave(node)
    after = portal.compose(alice, blank, PLAN, **WORDS)
    assert "sent=1" in after.url and len(messages(node)) == 1


def test_r11_what_cannot_be_sent_is_refused_at_once_and_what_could_not_is_a_draft_again(node):
    alice = writer(node)
    page = begin(alice, PLAN)
    node.run("licence", "limit", "0")
    refused = portal.compose(alice, **WORDS)
    assert refused.status == 403 and "/leaving/" not in refused.url
    node.move_clock(SECONDS)
    wait.until(lambda: events(node, "message.not-sent"), "it to be refused")
    back = alice.get(page.url)
    assert "You have no licence for secure messages" in back.text and TEXT in back.text and "plan.txt" in back.text
    assert "Was not sent" in alice.get("/drafts").text and messages(node) == []
    assert events(node, "message.not-sent")[0][1] == "not-licensed"
    assert_told(node, ALICE)
    node.run("licence", "limit", "any")
    page = begin(alice, page=back)
    assert "sent=1" in alice.submit(page, r"/now$").url and "Was not sent" not in alice.get("/drafts").text


def outsider(node):
    node.run("account", "set", "outsiders_may_write", "all")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=CAROL))
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL)
    carol.is_hasty = False
    return carol


def refused_later(node, browser, page, code):
    """The draft that came back, when the time to undo is over."""
    node.move_clock(SECONDS)
    wait.until(lambda: events(node, "message.not-sent"), "it to be refused")
    assert [detail for _, detail in events(node, "message.not-sent")] == [code]
    back = browser.get(page.url)
    assert TEXT in back.text and "does so no more" not in back.text
    return html.unescape(back.text)


def test_r14_the_days_limit_of_an_outsider_is_told_on_the_draft_that_came_back(node):
    carol = outsider(node)
    node.run("account", "set", "outsider_messages_a_day", "1")
    begin(carol, to=ALICE)
    page = begin(carol, to=BOB)
    assert "you can write 1 new message a day" in refused_later(node, carol, page, "outsider-limit")


def test_r14_a_reason_that_is_over_and_trouble_of_ours_are_told_as_such(node):
    carol = outsider(node)
    node.run("account", "set", "outsider_messages_a_day", "1")
    begin(carol, to=ALICE)
    page = begin(carol, to=BOB)
    refused_later(node, carol, page, "outsider-limit")
    rows.execute(node, ["UPDATE draft SET refused_at = refused_at - 86400000 WHERE refused_at > 0"])
    assert "What stood in its way does so no more" in carol.get(page.url).text
    rows.execute(node, ["UPDATE draft SET refused_code = 'failed' WHERE refused_at > 0"])
    assert "was not sent after you pressed Send. We could not do this just now" in carol.get(page.url).text


def test_r14_every_reason_that_a_sending_is_refused_for_has_its_words():
    """What compose_send, reply_send and inquiry_answer refuse with, each named by a page."""
    flow = ROOT / "src/flow"
    codes = set()
    for name in ("compose", "reply", "reply_people", "writing", "inquiry_answer", "outsider", "sending", "content", "keep", "open"):
        codes |= set(re.findall(r'err_code\(\s*err, RESULT_(?!INTERNAL)\w+,\s*"([a-z-]+)"', (flow / f"{name}.c").read_text()))
    codes -= {"print-not-allowed", "save-not-allowed"}
    pages = "".join((ROOT / "src/web/portal" / f"{name}.c").read_text() for name in ("write", "compose", "asked"))
    assert {"not-licensed", "reply-not-allowed", "recalled"} <= codes
    assert {code for code in codes if f'"{code}"' not in pages} == set()


def test_r14_a_recipient_who_is_allowed_no_more_is_named_on_the_draft_that_came_back(node):
    carol = outsider(node)
    page = begin(carol, to=f"{ALICE}, {BOB}")
    node.run("account", "set", "outsiders_may_write", "writers")
    back = refused_later(node, carol, page, "recipient-not-allowed")
    assert "was not sent" in back and f"cannot write to {BOB}" in back
    node.run("account", "set", "outsiders_may_write", "all")
    assert f"cannot write to {BOB}" not in html.unescape(carol.get(page.url).text)


def test_r14_a_size_that_is_allowed_no_more_is_told_on_the_draft_that_came_back(node):
    carol = outsider(node)
    page = begin(carol, [("files", "plan.txt", "text/plain", b"x" * 1_200_000)], to=ALICE)
    node.run("account", "set", "outsider_message_mb", "1")
    back = refused_later(node, carol, page, "too-large")
    assert "was not sent" in back and re.search(r"may have 7\d\d KB in all", back)


def test_r14_a_definition_that_is_offered_no_more_is_told_on_the_draft_that_came_back(node):
    node.run("definition", "add", "Second")
    alice = writer(node)
    second = re.search(r'value="(\w{26})"[^>]*>\s*<span><bdi>Second', alice.get("/compose").text)[1]
    page = begin(alice, definition=second)
    node.run("definition", "remove", "Second")
    back = refused_later(node, alice, page, "unknown-definition")
    assert "was not sent" in back and "no longer offered to you" in back


def test_r14_a_request_that_is_full_is_told_on_the_draft_that_came_back(node):
    alice = writer(node)
    alice.submit(alice.get("/requests/new"), r"/requests/new$", to=CAROL, purpose="Contract", days="3", mb="1")
    mail = wait.until(lambda: node.outbox.to(CAROL), "the request")[0]
    link = re.search(r"https://\S+/m/\S+", maildir.text_of(mail))[0]
    carol, form = portal.sign_in_by_link(node, link, CAROL)
    carol.is_hasty = False
    half = [("files", "half.bin", "application/octet-stream", b"x" * 600_000)]
    for _ in range(2):
        page = carol.submit_files(carol.get(form.path), r"/request/", half, text=TEXT)
        assert "/leaving/" in page.url
    back = refused_later(node, carol, page, "inquiry-full")
    assert "was not sent" in back and "in all. Please send fewer or smaller files" in back


def test_an_answer_to_what_was_recalled_meanwhile_is_not_sent(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=CAROL))
    link = portal.link_for(node, CAROL)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    carol.is_hasty = False
    page = carol.submit_files(carol.get("/message/" + link.rsplit("/", 1)[1] + "/reply"), r"/reply$", [], text=TEXT)
    node.run("message", "recall", messages(node)[0]["id"], "--reason", "Wrong price")
    node.move_clock(SECONDS)
    wait.until(lambda: events(node, "message.not-sent"), "it to be refused")
    back = carol.get(page.url)
    assert back.status == 410 and TEXT in back.text and "Was not sent" in carol.get("/drafts").text
    assert_told(node, CAROL)


def test_the_account_may_give_no_time(node):
    node.run("account", "set", "undo_seconds", "0")
    assert "sent=1" in portal.compose(writer(node), **WORDS).url


@pytest.mark.parametrize("verbs", [("undo", "now"), ("now", "undo"), ("undo", "undo", "now")], ids=" ".join)
def test_of_undoing_and_leaving_one_wins(node, verbs):
    alice = writer(node)
    page = begin(alice)
    forms = {verb: Form(f"{page.path}/{verb}", page) for verb in verbs}
    answers = rows.race(node, "SELECT * FROM draft FOR UPDATE",
                        *[lambda verb=verb: alice.submit(forms[verb], verb) for verb in verbs])
    assert all(answer.status == 200 for answer in answers), [answer.status for answer in answers]
    end = alice.get(page.url)
    left = len(messages(node))
    assert ("sent=" in end.url, "draft=" in end.url) == ((True, False) if left else (False, True)), end.url
    for answer in answers:
        assert left or "sent=" not in answer.url
    node.move_clock(SECONDS)
    alice.submit(alice.get("/compose"), r"/sign-out$")
    assert len(messages(node)) == left
    if left:
        wait.until(lambda: node.outbox.to(BOB), "Bob's mail")
    assert len(node.outbox.to(BOB)) == left
