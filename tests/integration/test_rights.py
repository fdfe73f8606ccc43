"""What a definition lets recipients do: its sender sees it, it stays as it was sent, and what it withholds is refused."""

import datetime
import re

import pytest
from support import portal, rows, smtp
from support.commands import Sender, text_of

CAROL, DAVE = "carol@partner.example", "dave@partner.example"
VERBS = ("reply", "reply-all", "print", "message.eml")
RIGHTS = ("--reply", "--reply-all", "--print", "--save")
DAY = 24 * 3600 * 1000
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def define(node, verb, value):
    node.run("definition", verb, "Board", *[word for right in RIGHTS for word in (right, value)])


def read(node, count=1):
    """Carol at the newest message: her browser and its page."""
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:Board]", to=[CAROL, DAVE]))
    link = portal.link_for(node, CAROL, count)
    return portal.sign_in_by_link(node, link, CAROL, count)


def offered(page):
    return {verb for verb in VERBS if f"{page.path}/{verb}" in page.links}


def test_the_sender_sees_before_and_after_what_recipients_may_do(node):
    everything = ("--print", "no", "--reply-all", "no", "--save", "yes", "--second-factor", "yes", "--access-code", "yes",
                  "--read-receipt", "yes", "--all-recipients", "yes")
    words = ("No printing · Answers go to the sender alone · May be saved as a file · Asks for a second factor · "
             "Opens with an access code · With a read receipt · People inside read it in the portal, too")
    node.run("definition", "add", "Closed board", "--description", "For the board", *everything)
    node.run("definition", "add", "Open", "--read-receipt", "no")
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    page = alice.get("/compose")
    assert f"For the board · Can be read as long as messages are kept · {words}" in text_of(page)
    chosen = re.search(r'value="(\w{26})"[^>]*>\s*<span><bdi>Closed board', page.text)[1]
    portal.compose(alice, page, to=CAROL, subject="Plan", text="Marmalade.", definition=chosen)
    node.run("definition", "set", "Closed board", "--print", "yes", "--read-receipt", "no", "--all-recipients", "no")
    assert f"Sent with Closed board · {words}" in text_of(Sender(node).page())

    # One alone is no choice, and said in full as well. Who only receives is shown effects and no name.
    node.run("definition", "remove", "Open")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:Default]", to=CAROL))
    _, page = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 2), CAROL)
    assert "forty-two" in page.text and "Sent with" not in page.text and "Default" not in text_of(page)
    assert "Sent with Default · May be printed · May be answered" in text_of(Sender(node).page())


def test_who_answers_from_outside_is_told_no_name_of_a_definition(sqlite_node):
    node = sqlite_node
    define(node, "add", "yes")
    carol, page = read(node)
    answer = carol.get(page.path + "/reply")
    assert "May be saved as a file" in text_of(answer)
    sent = carol.submit(answer, r"/reply$", text="Sixty.")
    assert "Sixty." in sent.text and "Board" not in sent.text and "Sent with" not in sent.text


@pytest.mark.parametrize("sent_with", ["yes", "no"])
def test_a_message_keeps_the_rights_it_was_sent_with(node, sent_with):
    define(node, "add", sent_with)
    carol, page = read(node)
    before = offered(page)
    assert before == (set(VERBS) if sent_with == "yes" else set())
    define(node, "set", "no" if sent_with == "yes" else "yes")
    page = carol.get(page.path)
    assert offered(page) == before
    for verb in VERBS:
        assert carol.get(f"{page.path}/{verb}").status == (200 if sent_with == "yes" else 403), verb
    _, newer = read(node, 2)
    assert offered(newer) == (set() if sent_with == "yes" else set(VERBS))


def test_what_is_withheld_is_missing_from_the_page_and_refused(node):
    define(node, "add", "yes")
    carol, page = read(node)
    form = carol.get(page.path + "/reply").form(r"/reply$")
    define(node, "set", "no")
    carol, closed = read(node, 2)
    assert "The sender does not take replies" in text_of(closed) and "No printing" in text_of(closed)
    assert offered(closed) == set()
    csrf = carol.get("/settings").form("choices")["fields"]["csrf"]
    for verb in ("reply", "reply-all"):
        body = f"csrf={csrf}&form={form['fields']['form']}&text=Sixty.".encode()
        refused = carol.request(f"{closed.path}/{verb}", body, {**FORM, "Origin": node.url})
        assert refused.status == 403 and "Sixty." not in closed.text, verb
    assert rows.query(node, "select count(*) from message") == [("2",)]
    for verb in ("print", "message.eml"):
        refused = carol.get(f"{closed.path}/{verb}")
        assert refused.status == 403 and "forty-two" not in refused.text, verb


def test_an_answer_ends_by_its_own_clock(sqlite_node):
    node = sqlite_node
    node.run("definition", "add", "Board", "--expire-days", "3")
    read(node)
    node.move_clock(2 * DAY)
    carol, page = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL, 2)
    assert carol.submit(carol.get(page.path + "/reply"), r"/reply$", text="Sixty.").status == 200
    answer, first = node.json("message", "list")
    assert answer["definition"] == first["definition"] == "Board"
    lasts = [datetime.datetime.fromisoformat(m["expires"]) - datetime.datetime.fromisoformat(m["sent"]) for m in (answer, first)]
    assert lasts == [datetime.timedelta(days=3)] * 2 and answer["expires"] > first["expires"]
