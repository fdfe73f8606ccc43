"""Recall of the whole thread, where the account wants it: what portal replies quote goes with the original (R4, R6)."""

import pytest
from support import commands, maildir, portal, rows, smtp, wait
from support.commands import Sender, text_of

CAROL, DAVE, BOB = "carol@partner.example", "dave@partner.example", "bob@acme.example"
BLANK = "The message quoted here was recalled"


def reader_of(node, address, count=1, codes=1):
    link = portal.link_for(node, address, count)
    browser, page = portal.sign_in_by_link(node, link, address, codes)
    return browser, page


def wraps_of_quotes(node):
    return int(rows.query(node, "SELECT COUNT(*) FROM wrap w JOIN quote q ON q.id = w.holder_id")[0][0])


def thread(node):
    """Alice to Carol and Dave; Carol answers all, Dave answers all of that. Each one's page with both quotes."""
    node.run("account", "set", "recall_thread", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    carol, page = reader_of(node, CAROL)
    asked = carol.get(page.path + "/reply-all")
    assert "forty-two" in asked.text  # what will be quoted is shown before
    first = carol.submit(asked, r"/reply-all$", text="Sixty is too much.")
    dave, answer = reader_of(node, DAVE, 2)
    assert "Sixty is too much." in answer.text and "forty-two" in answer.text
    second = dave.submit(dave.get(answer.path + "/reply-all"), r"/reply-all$", text="I agree with Carol.")
    return {"carol's own": (carol, first.path), "dave's copy": (dave, answer.path), "dave's own": (dave, second.path),
            "carol's copy": (carol, wait_for_copy(carol, "I agree with Carol."))}


def wait_for_copy(browser, words):
    def found():
        for link in browser.get("/inbox").links:
            if link.startswith("/message/") and words in browser.get(link).text:
                return link
    return wait.until(found, words)


def test_r4_r6_quotes_of_the_whole_thread_go_blank_and_the_replies_stay(node):
    pages = thread(node)
    alice = Sender(node)
    pages["alice's copy"] = (alice.browser, wait_for_copy(alice.browser, "Sixty is too much."))
    for name, (browser, path) in pages.items():
        for where in (path, path + "/print"):
            assert "forty-two" in browser.get(where).text, (name, where)
        assert BLANK not in browser.get(path).text
    # What leaves the portal has no quote: neither the mail that Alice's server got nor what is in the message's file.
    mails = wait.until(lambda: [m for m in node.outbox.to("alice@acme.example") if m["Subject"].startswith("Re:")], "replies")
    assert all("forty-two" not in m.as_string() for m in mails)
    assert "quoted in the portal only" in maildir.text_of(mails[0]) and node.url in maildir.text_of(mails[0])
    assert "forty-two" not in alice.browser.get(pages["alice's copy"][1] + "/message.eml").text
    assert wraps_of_quotes(node) == 3 and b"forty-two" not in node.raw_bytes()

    asked = alice.browser.get(alice.path + "/recall")
    assert "Also blank what replies quote of it" in text_of(asked) and "Not reached" in text_of(asked)
    wrong = alice.browser.submit(asked, r"/recall$", from_=None, quotes="1", **{"from": CAROL})
    assert wrong.status == 422 and "recalled from everybody" in text_of(wrong)
    done = alice.browser.submit(asked, r"/recall$", whole="1", quotes="1")
    assert "no longer show its quote" in text_of(done) and "Quotes in replies blanked" in text_of(done)
    assert "Quotes in replies blanked" in alice.browser.get(f"/live?message={alice.path[9:]}&own=1").text  # it stays there
    assert "forty-two" in done.text  # her own copy
    for name, (browser, path) in pages.items():
        page = browser.get(path)
        assert page.status == 200 and "forty-two" not in page.text and BLANK in page.text, name
        assert "forty-two" not in browser.get(path + "/print").text
        assert "Sixty is too much." in page.text, name  # other people's words stay, also where they are quoted
    # What is answered now quotes nothing of it.
    carol, copy = pages["carol's copy"]
    again = carol.submit(carol.get(copy + "/reply"), r"/reply$", text="So be it.")
    assert "forty-two" not in again.text and "I agree with Carol." in again.text
    # Final: the keys are destroyed, listed for restored backups, and no verb gives them back.
    gone = rows.query(node, "SELECT COUNT(*) FROM destruction d JOIN quote q ON q.id = d.holder_id")
    assert gone == [("2",)] and "message.quotes_recalled" in commands.events(node, original(node))


def original(node):
    return node.json("message", "list")[-1]["id"]


def test_an_administrator_blanks_quotes_too(sqlite_node):
    node = sqlite_node
    pages = thread(node)
    node.run("message", "recall", original(node), "--quotes", "--recipient", CAROL, "--reason", "x", code=6)
    assert "quotes blanked: 2" in node.run("message", "recall", original(node), "--quotes", "--reason", "Wrong price")
    for browser, path in pages.values():
        assert BLANK in browser.get(path).text


@pytest.mark.parametrize("option", ["off", "not ticked"])
def test_r4_quotes_stay_unless_asked_for(node, option):
    if option == "not ticked":
        node.run("account", "set", "recall_thread", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    carol, page = reader_of(node, CAROL)
    reply = carol.submit(carol.get(page.path + "/reply"), r"/reply$", text="Sixty.")
    alice = Sender(node)
    asked = alice.browser.get(alice.path + "/recall")
    assert ("Also blank" in text_of(asked)) == (option != "off")
    alice.recall()
    assert "forty-two" in carol.get(reply.path).text and wraps_of_quotes(node) == (option != "off")


def test_r4_a_reply_under_way_does_not_quote_what_is_recalled_meanwhile(node):
    """A reply to a reply, which itself is not recalled: it would carry the quote on."""
    pages = thread(node)
    node.run("account", "set", "undo_seconds", "0")  # what waits to leave is read anew
    dave, answer = pages["dave's copy"]
    form = dave.get(answer + "/reply")
    alice = Sender(node)
    asked = alice.browser.get(alice.path + "/recall")

    def recall():
        return alice.browser.submit(asked, r"/recall$", whole="1", quotes="1")

    def reply():
        return dave.submit(form, r"/reply$", text="One more thing.")
    done, sent = rows.race(node, "SELECT id FROM message FOR UPDATE", recall, reply)
    assert "Quotes in replies blanked" in text_of(done)
    sent = dave.get(sent.path)  # whichever of the two came first
    assert sent.status == 200 and "One more thing." in sent.text
    assert "forty-two" not in sent.text and "Sixty is too much." in sent.text


def test_a_form_sent_twice_keeps_its_quotes_once(sqlite_node):
    node = sqlite_node
    node.run("account", "set", "recall_thread", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL]))
    carol, page = reader_of(node, CAROL)
    form = carol.get(page.path + "/reply")
    first, second = (carol.submit(form, r"/reply$", text="Sixty.") for _ in range(2))
    assert first.path == second.path and wraps_of_quotes(node) == 1
    assert rows.query(node, "SELECT COUNT(*) FROM quote") == [("1",)]
