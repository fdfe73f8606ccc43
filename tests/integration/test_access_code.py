"""A message that opens with a code its sender tells by telephone: asked for once a session, everywhere, never the end
of the message."""

import http.client
import re
import ssl
import threading

import pytest
from support import commands, portal, rows, smtp, wait
from support.commands import Sender, text_of
from test_recall import read_slowly, reader_of

CAROL, DAVE, BOB = "carol@partner.example", "dave@partner.example", "bob@acme.example"
PARTS = ("/body", "/print", "/file/2", "/files.zip", "/message.eml", "/reply")


@pytest.fixture
def coded(node):
    node.run("definition", "add", "with code", "--access-code", "yes", "--save", "yes")
    return node


def send(node, **more):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:with code]", files=[
        ("secret-list.pdf", "application/pdf", b"one"), ("b.pdf", "application/pdf", b"two")], **more))


def code_of(page):
    return re.search(r'class="access-code".*?<strong[^>]*>([^<]+)</strong>', page.text, re.S).group(1)


def enter(browser, message, code):
    return browser.submit(browser.get(message), r"/access-code$", code=code)


def test_nothing_is_shown_before_the_code(coded):
    node = coded
    send(node, to=[CAROL, DAVE])
    carol, message = reader_of(node, CAROL)
    page = carol.get(message)
    assert page.status == 200 and "opens with a code" in text_of(page) and "alice@acme.example" in page.text
    inbox = carol.get("/inbox")
    assert "Offer" in inbox.text
    for shown in (page, inbox, *(carol.get(message + part) for part in PARTS)):
        assert "forty-two" not in shown.text and "secret-list" not in shown.text and "Hello Carol" not in shown.text
    for part in PARTS:
        denied = carol.get(message + part)
        assert denied.status == 403 and "enter its code" in text_of(denied), part
    reply = carol.request(message + "/reply", f"csrf={page.form('access-code').get('fields')['csrf']}&text=x".encode(),
                          {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert reply.status in (403, 422) and "forty-two" not in reply.text
    assert not {"body.shown", "file.downloaded", "message.saved"} & set(commands.events(node))
    assert node.json("definition", "list")[1]["access_code"] is True

    alice = Sender(node)
    code = code_of(alice.page())
    assert re.fullmatch(r"\d{4} \d{4}", code)
    opened = enter(carol, message, code.replace(" ", "-") + " ")
    assert opened.status == 200 and "forty-two" in opened.text and "secret-list" in opened.text
    for part in PARTS:
        assert carol.get(message + part).status == 200, part
    assert "forty-two" not in carol.get("/inbox").text
    # The text is searched by its sender alone, the subject by everybody.
    def found(browser, words):
        return browser.submit(browser.get("/search"), r"/search$", q=words).text

    assert message in found(carol, "offer") and message not in found(carol, "forty")
    assert alice.path in found(alice.browser, "forty")
    assert commands.events(node).count("access-code.entered") == 1
    words = text_of(alice.page())
    assert "Code entered" in words and "Read " in words
    # Another session, also of the same person, asks again; another person's entry does not count.
    again, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL, 2)
    assert "opens with a code" in text_of(again.get(message))
    dave, daves = reader_of(node, DAVE)
    assert "opens with a code" in text_of(dave.get(daves))
    # The code is nowhere to be read without the keys.
    assert code.encode() not in node.raw_bytes() and code.replace(" ", "").encode() not in node.raw_bytes()


def test_r14_wrong_codes_slow_down_and_destroy_nothing(coded):
    node = coded
    send(node)
    carol, message = reader_of(node, CAROL)
    code = code_of(Sender(node).page())
    wrong = "0000 0000" if code != "0000 0000" else "1111 1111"
    for _ in range(5):
        answer = enter(carol, message, wrong)
        assert answer.status == 422 and "not the code" in text_of(answer)
    for typed in (wrong, code):
        answer = enter(carol, message, typed)
        assert answer.status == 429 and "15 minutes" in text_of(answer)
    assert commands.events(node).count("access-code.refused") == 5
    for _ in range(3):
        node.move_clock(16 * 60 * 1000)
        assert [enter(carol, message, wrong).status for _ in range(6)] == [422] * 5 + [429]
    node.move_clock(16 * 60 * 1000)
    assert enter(carol, message, code).status == 429  # twenty in a day
    node.move_clock(24 * 3600 * 1000)
    carol, _ = reader_of(node, CAROL, codes=2)
    assert "forty-two" in enter(carol, message, code).text


def test_guesses_at_once_are_all_counted(coded):
    node = coded
    send(node)
    carol, message = reader_of(node, CAROL)
    page = carol.get(message)
    results = [None] * 12

    def guess(i):
        results[i] = carol.submit(page, r"/access-code$", code=f"guess{i}").status

    threads = [threading.Thread(target=guess, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [422] * 5 + [429] * 7


def test_the_sender_sets_another(coded):
    node = coded
    send(node)
    carol, message = reader_of(node, CAROL)
    alice = Sender(node)
    old = code_of(alice.page())
    assert "forty-two" in enter(carol, message, old).text
    told = alice.browser.submit(alice.page(), "new-access-code", code=" x y-z ")
    assert "must have 6 to 64" in text_of(told) and code_of(told) == old
    told = alice.browser.submit(alice.page(), "new-access-code", code="Blue Heron 17")
    assert code_of(told) == "Blue Heron 17" and "new access code" in text_of(told)
    assert "opens with a code" in text_of(carol.get(message))
    assert enter(carol, message, old).status == 422
    assert "forty-two" in enter(carol, message, "blue-heron 17").text
    alice.browser.submit(alice.page(), "new-access-code", code="")
    assert re.fullmatch(r"\d{4} \d{4}", code_of(alice.page()))
    printed = node.run("message", "code", commands.message_id(node)).strip()
    assert printed == code_of(alice.page())
    assert commands.events(node).count("access-code.changed") == 3
    # Only its sender may.
    token = carol.get(message).form("access-code").get("fields")["csrf"]
    denied = carol.request(message + "/new-access-code", f"csrf={token}&code=123456".encode(),
                           {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert denied.status == 403
    alice.recall()
    assert node.run("message", "code", commands.message_id(node), code=7)
    assert enter_gone(carol, message)


def test_an_expired_message_gets_no_new_code(coded):
    node = coded
    node.run("definition", "set", "with code", "--expire-days", "1")
    send(node)
    alice = Sender(node)
    page, code = alice.page(), code_of(alice.page())
    rows.execute(node, ["UPDATE message SET expires_at = sent_at + 1"])
    alice.browser.submit(page, "new-access-code", code="Blue Heron 17")
    node.run("message", "code", commands.message_id(node), code=7)
    rows.execute(node, [f"UPDATE message SET expires_at = sent_at + {24 * 3600 * 1000}"])
    assert code_of(alice.page()) == code and "access-code.changed" not in commands.events(node)


def enter_gone(browser, message):
    return browser.get(message).status == 410


def test_a_reply_opens_with_the_same_code(coded):
    node = coded
    send(node, to=[CAROL, DAVE])
    carol, message = reader_of(node, CAROL)
    alice = Sender(node)
    code = code_of(alice.page())
    enter(carol, message, code)
    sent = carol.submit(carol.get(message + "/reply-all"), r"/reply-all$", text="Sixty.")
    assert sent.status == 200 and code_of(sent) == code and "new-access-code" not in sent.text
    dave, daves = reader_of(node, DAVE, 2)
    assert "opens with a code" in text_of(dave.get(daves)) and "Sixty" not in dave.get("/inbox").text
    assert "Sixty." in enter(dave, daves, code).text


def test_a_message_stays_as_it_was_sent(coded):
    node = coded
    smtp.send(node.smtp_port, smtp.make(subject="Plain [secure]"))
    send(node)
    node.run("definition", "set", "with code", "--access-code", "no")
    node.run("definition", "set", "Default", "--access-code", "yes")
    wait.until(lambda: len(node.outbox.to(CAROL)) == 2, "both notifications")
    assert sorted(rows.query(node, "select code_set_at > 0 from message")) in (
        [("0",), ("1",)], [("f",), ("t",)])
    assert node.run("message", "code", [m for m in node.json("message", "list") if m["definition"] == "Default"][0]["id"],
                    code=5)


def test_the_rest_of_a_mail_may_ask_for_the_code(coded):
    """One mail handed in for one recipient after the other is as strict as the strictest part."""
    node = coded
    node.run("policy", "add", "--from", "internal", "--to", DAVE, "--definition", "with code")
    node.run("policy", "add", "--from", "internal", "--to", CAROL, "--definition", "Default")
    mail = smtp.make(subject="Offer", to=[CAROL, DAVE])
    smtp.send(node.smtp_port, mail, recipients=[CAROL])
    carol, message = reader_of(node, CAROL)
    assert "forty-two" in carol.get(message).text
    smtp.send(node.smtp_port, mail, recipients=[DAVE])
    assert "opens with a code" in text_of(carol.get(message))
    assert "forty-two" in enter(carol, message, code_of(Sender(node).page())).text

def test_a_new_code_ends_downloads_that_the_old_one_opened(coded):
    node = coded
    big = bytes(range(256)) * (40 << 12)
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:with code]", files=[("big.bin", "application/octet-stream", big)]))
    carol, message = reader_of(node, CAROL)
    alice = Sender(node)
    path = next(l for l in enter(carol, message, code_of(alice.page())).links if "/file/" in l)
    answer, promised = read_slowly(node, carol, path)
    begin = answer.read(100_000)
    alice.browser.submit(alice.page(), "new-access-code", code="Blue Heron 17")
    with pytest.raises((http.client.IncompleteRead, ConnectionError, ssl.SSLError)) as cut:
        answer.read()
    assert len(begin) + len(getattr(cut.value, "partial", b"")) < promised // 2
    assert carol.get(path).status == 403
    enter(carol, message, "Blue Heron 17")
    assert carol.get(path).body == big
