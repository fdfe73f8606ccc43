"""What was sent, once more: as a new message (R6 says there is no other way), or to the right address."""

import html as HTML
import re
import urllib.parse

import pytest
from support import portal, rows, smtp, wait
from support.commands import Sender, text_of

ALICE, BOB, CAROL, DAVE = ("alice@acme.example", "bob@acme.example", "carol@partner.example", "dave@partner.example")
FILES = [("files", "plan.txt", "text/plain", b"the plan"), ("files", "map.bin", "application/octet-stream", b"\0\1" * 9000)]


def compose(alice, **fields):
    sent = portal.compose(alice, None, FILES, **{"to": CAROL, "subject": "Offer", "text": "Forty-two.", **fields})
    assert "sent=1" in sent.url
    return sent


def drafts(node):
    return int(rows.query(node, "SELECT COUNT(*) FROM draft WHERE state = 1")[0][0])


def test_r6_a_sent_message_begins_a_new_one_even_after_recall(node):
    alice = portal.sign_in_by_password(node, ALICE)[0]
    sent = compose(alice, cc=DAVE, bcc=BOB)
    alice.submit(alice.get(sent.path + "/recall"), r"/recall$", whole="1")
    draft = alice.submit(alice.get(sent.path), r"/again$")
    assert "/compose?draft=" in draft.url and "Nothing is sent yet" in text_of(draft)
    fields = draft.form(r"/compose$")["fields"]
    assert (fields["to"], fields["subject"]) == ("", "Offer") and ">Forty-two.</textarea>" in draft.text
    again = portal.compose(alice, draft, to=CAROL, text="Forty-two.")
    assert "sent=1" in again.url and drafts(node) == 0
    link = portal.link_for(node, CAROL, 2)
    carol, page = portal.sign_in_by_link(node, link, CAROL)
    assert "Forty-two." in page.text
    for name, content in (("plan.txt", b"the plan"), ("map.bin", b"\0\1" * 9000)):
        url = next(l for l in page.links if "/file/" in l and name in page.text.split(l)[1].split("</a>")[0])
        assert carol.get(url).body == content

    same = alice.submit(alice.get(sent.path), r"/again$", same="1")
    fields = same.form(r"/compose$")["fields"]
    assert (fields["to"], fields["cc"], fields["bcc"]) == (CAROL, DAVE, BOB)


def test_r15_only_its_sender_uses_a_message_again(node):
    alice = portal.sign_in_by_password(node, ALICE)[0]
    compose(alice)
    node.run("account", "set", "outsiders_may_write", "all")
    link = portal.link_for(node, CAROL)
    carol, page = portal.sign_in_by_link(node, link, CAROL)
    assert "/again" not in page.text and "/correct" not in page.text
    csrf = page.form(r"/delete$")["fields"]["csrf"]
    for verb in ("again", "correct"):
        data = urllib.parse.urlencode({"csrf": csrf, "wrong": CAROL, "right": DAVE}).encode()
        assert carol.request(page.path + "/" + verb, data, {"Content-Type": "application/x-www-form-urlencoded",
                                                             "Origin": node.url}).status == 403
    assert carol.get(page.path + f"/correct?address={CAROL}").status == 403
    assert drafts(node) == 0


def test_r4_a_mistyped_address_loses_the_message_and_the_right_one_gets_a_draft(node):
    alice = portal.sign_in_by_password(node, ALICE)[0]
    sent = compose(alice, to=f"{CAROL}, {DAVE}")
    link = portal.link_for(node, CAROL)
    carol, read = portal.sign_in_by_link(node, link, CAROL)
    asked = alice.get(next(l for l in alice.get(sent.path).links if "/correct?address=carol" in l))
    assert "Read " in text_of(asked) and "at once and for good" in text_of(asked)
    assert carol.get(read.path).status == 200  # asking alone recalls nothing
    for wrong in ("no address", CAROL.upper()):
        again = alice.submit(asked, r"/correct$", right=wrong)
        assert again.status == 422 and "other than the wrong one" in text_of(again) and wrong in again.text
    assert carol.get(read.path).status == 200 and drafts(node) == 0
    draft = alice.submit(asked, r"/correct$", right="carola@partner.example")
    assert draft.form(r"/compose$")["fields"]["to"] == "carola@partner.example" and ">Forty-two.</textarea>" in draft.text
    assert "was recalled from the wrong address" in text_of(draft) and "plan.txt" in draft.text
    assert carol.get(read.path).status == 410
    _, daves = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE)
    assert "Forty-two." in daves.text
    assert "sent=1" in portal.compose(alice, draft, text="Forty-two.").url
    _, right = portal.sign_in_by_link(node, portal.link_for(node, "carola@partner.example"), "carola@partner.example")
    assert "Forty-two." in right.text
    # There is nothing left to recall: a draft it is, all the same.
    asked = alice.get(sent.path + f"/correct?address={CAROL}")
    assert "cannot open the message any more" in text_of(asked)
    assert "Nothing is sent yet" in text_of(alice.submit(asked, r"/correct$", right="c@partner.example"))
    assert alice.get(sent.path + "/correct?address=nobody@partner.example").status == 404


def test_a_colleague_who_got_the_mail_itself_keeps_it(sqlite_node):
    node = sqlite_node
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, BOB]))
    wait.until(lambda: node.outbox.to(BOB), "Bob's mail")
    alice = Sender(node)
    asked = alice.browser.get(alice.path + f"/correct?address={BOB}")
    assert "stays there" in text_of(asked)
    draft = alice.browser.submit(asked, r"/correct$", right="bert@acme.example")
    assert draft.form(r"/compose$")["fields"]["to"] == "bert@acme.example"
    assert "Recall from 1 person" in text_of(alice.page())


def test_pictures_of_the_text_come_along_as_files(sqlite_node):
    node = sqlite_node
    mail = (b"From: alice@acme.example\r\nTo: carol@partner.example\r\nSubject: Plan [secure]\r\nMIME-Version: 1.0\r\n"
            b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n'
            b'<p>See <b>here</b></p><img src="cid:a@b">\r\n--b\r\nContent-Type: image/png; name="here.png"\r\n'
            b"Content-ID: <a@b>\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n")
    smtp.send(node.smtp_port, mail, recipients=[CAROL])
    alice = Sender(node)
    draft = alice.browser.submit(alice.page(), r"/again$")
    assert ">See here</textarea>" in draft.text and "here.png" in draft.text
    assert "See &lt;b&gt;here&lt;/b&gt;" in draft.text and "cid:" not in draft.text


def test_a_formatted_text_is_formatted_again(node):
    alice = portal.sign_in_by_password(node, ALICE)[0]
    html = '<p>Forty-<b>two</b>, see <a href="https://river.example/map">the map</a></p><ul><li>bread</li></ul>'
    sent = compose(alice, html=html)
    for _ in range(2):  # also of what was itself made so
        draft = alice.submit(alice.get(sent.path), r"/again$")
        words = HTML.unescape(re.search(r'<textarea name="html"[^>]*>(.*?)</textarea>', draft.text, re.S)[1])
        assert "Forty-<b>two</b>" in words and 'href="https://river.example/map"' in words and "<li>bread</li>" in words
        assert "plan.txt" in draft.text and "Forty-two, see the map" in draft.text
        sent = portal.compose(alice, draft, to=CAROL, text="of the script", html=words)
        assert "sent=1" in sent.url
    link = portal.link_for(node, CAROL, 3)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    assert "Forty-<b>two</b>" in carol.get("/message/" + link.rsplit("/", 1)[1] + "/body").text


def test_foreign_html_comes_again_with_what_is_written_here_alone(sqlite_node):
    node = sqlite_node
    smtp.send(node.smtp_port, smtp.make(subject="News [secure]", html="<style>b{color:red}</style><p onclick='evil()'>Kept <b>words</b>"
                                        "<script>evil()</script><img src='https://evil.example/x'></p>"))
    alice = Sender(node)
    draft = alice.browser.submit(alice.page(), r"/again$")
    assert "Kept &lt;b&gt;words&lt;/b&gt;" in draft.text and "evil" not in draft.text and "color" not in draft.text.split("<main")[1]


@pytest.mark.parametrize("verb", ["again", "correct"])
def test_no_room_for_another_draft_changes_nothing(sqlite_node, verb):
    node = sqlite_node
    alice = portal.sign_in_by_password(node, ALICE)[0]
    sent = compose(alice)
    for _ in range(2):
        alice.submit(alice.get(sent.path), r"/again$")
    node.stop()
    rows.query(node, "INSERT INTO draft (id, account_id, person_id, answers_id, answers_all, state, saved_at, box)"
                 " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 198)"
                 " SELECT randomblob(16), account_id, person_id, answers_id, answers_all, state, saved_at, box"
                 " FROM n, (SELECT * FROM draft WHERE state = 1 LIMIT 1)")
    node.start()
    if verb == "again":
        told = alice.submit(alice.get(sent.path), r"/again$")
    else:
        told = alice.submit(alice.get(sent.path + f"/correct?address={CAROL}"), r"/correct$", right=DAVE)
    assert "no room for another draft" in text_of(told) and drafts(node) == 200
    assert "Recall from 1 person" in text_of(alice.get(sent.path))
