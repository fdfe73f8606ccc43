"""Search in one's own messages: what is found, what is not, and that nothing readable is kept for it."""

import re
import urllib.parse

from support import portal, rows, smtp, tnef, wait
from support.browser import Browser
from support.commands import Sender, text_of
from test_attached_mail import FORWARDS, INNER, encoded, wrap
from test_second_factor import set_up
from test_winmail import mail as winmail

CAROL, DAVE = "carol@partner.example", "dave@partner.example"
MESSAGE = "Content-Type: message/rfc822\r\n"
DAY_MS = 24 * 3600 * 1000


def subjects(page):
    return re.findall(r'class="row-subject"><bdi>(.*?)</bdi>', page.text)


def search(browser, q="", **fields):
    """The page of results; what was looked for is in no URL."""
    csrf = browser.get("/search").form(r"/search$")["fields"]["csrf"]
    data = urllib.parse.urlencode({"csrf": csrf, "q": q, **fields}).encode()
    page = browser.request("/search", data, {"Content-Type": "application/x-www-form-urlencoded", "Origin": browser.base})
    assert page.status == 200 and page.url.endswith("/search")
    return page


def found_by(browser, q="", **fields):
    return subjects(search(browser, q, **fields))


def prepare(node):
    send = lambda **more: smtp.send(node.smtp_port, smtp.make(**more))
    send(subject="Zwetschgenkuchen [secure]", text="A recipe with quinces and Grüße aus Köln.\r\n")
    send(subject="Invoice [secure]", text="x\r\n", html="<p>Please pay the <b>lighthouse</b> bill.</p><style>hiddenword{}</style>",
         from_='"Ada Keeper" <alice@acme.example>')
    portal.link_for(node, CAROL, 2)  # what is opened below is the third, whichever of the others goes first
    send(subject="Plans [secure]", text="See the file.\r\n", files=[("plan.pdf", "application/pdf", b"%PDF-1.4 secretplan")],
         to=[CAROL, DAVE])
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 3), CAROL)
    return carol


def test_words_of_subject_sender_and_text_are_found(node):
    carol = prepare(node)
    found = lambda *a, **k: found_by(carol, *a, **k)
    assert found("zwetschgen") == found("KUCHEN") == found("quince") == ["Zwetschgenkuchen"]
    assert found("koln") == found("Köln") == found("grüsse") == ["Zwetschgenkuchen"]
    assert found("lighthouse keeper") == found("ada invoice") == ["Invoice"]
    assert found("hiddenword") == found("secretplan") == found("lighthouse quinces") == []
    assert len(found("alice@acme.example")) == 3 and found("dave") == ["Plans"]
    assert found(files="1") == ["Plans"] and len(found(unread="1")) == 2 and found("", soon="1") == []
    assert found("acme", **{"in": "sent"}) == [] and len(found("acme", **{"in": "inbox"})) == 3
    assert found("") == []
    nothing = search(carol, "unheard-of")
    assert "Nothing found" in text_of(nothing)
    # Sent and Deleted are searched as well; for its sender as for its recipients.
    alice = Sender(node).browser
    assert found_by(alice, "quinces") == ["Zwetschgenkuchen"] == found_by(alice, "quinces", **{"in": "sent"})
    hit = carol.get(re.search(r'href="(/message/[0-9a-z]+)"[^>]*>', carol.get("/inbox").text).group(1))
    gone = carol.submit(hit, r"/delete$")
    assert "Plans" in found_by(carol, "plans") and found_by(carol, "plans", **{"in": "deleted"}) == ["Plans"]
    assert gone.status == 200
    lasts = int(rows.query(node, "select max(expires_at - sent_at) from message")[0][0])
    node.move_clock(lasts - 5 * DAY_MS)
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 3), CAROL, 2)
    soon_in_sent = lambda: len(found_by(Sender(node).browser, soon="1", **{"in": "sent"}))
    assert len(found_by(carol, soon="1")) == 3 == soon_in_sent()
    node.move_clock(6 * DAY_MS)
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 3), CAROL, 3)
    assert found_by(carol, "lighthouse") == []  # expired
    assert soon_in_sent() == 0  # what has ended, the sender reads on


def test_what_is_attached_inside_is_found(node):
    """Attached mails, plain or encoded, each with its people and subject, and what Outlook packs."""
    inner = tnef.make(tnef.attachment("budget.ods", b"no words"), text="The quarry is closed.")
    note = INNER.replace("INNER WORDS", "A heliotrope in <i>base64</i>").replace("The inner one", "Begonia")
    base64_part = f"{MESSAGE}Content-Transfer-Encoding: base64\r\n\r\n{encoded(note)}"
    for number, part in enumerate((FORWARDS["Outlook"], base64_part,
                                   f"{MESSAGE}\r\n{wrap(base64_part, 'z', 'Wrapper')}")):
        smtp.send(node.smtp_port, wrap(part, subject=f"Mail {number} [secure]").encode(), recipients=[CAROL])
    packed = tnef.make(tnef.inner_message("Minutes", inner), text="Lighthouse news.")
    smtp.send(node.smtp_port, winmail(packed, None).encode(), recipients=[CAROL])
    rtf = tnef.make(rtf=r"{\rtf1\ansi\fromhtml1 \fs20{\*\htmltag64 <p>}juniper}")
    smtp.send(node.smtp_port, winmail(rtf, None, number=1).encode(), recipients=[CAROL])
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 5), CAROL)
    found = lambda q: sorted(found_by(carol, q))
    assert found("inner words") == ["Mail 0"] and found("erik@else.example") == ["Mail 0", "Mail 1", "Mail 2"]
    assert found("heliotrope base64") == found("begonia") == ["Mail 1", "Mail 2"] and found("wrapper") == ["Mail 2"]
    assert found("juniper") == ["Packed"] and found("htmltag64") == []
    assert found("lighthouse") == found("quarry") == found("budget") == ["Packed"] and found("alert") == []
    node.stop()
    assert b"heliotrope" not in node.raw_bytes().lower()
    node.start()


def test_no_more_of_what_is_attached_is_read_than_the_limits_say(sqlite_node):
    node = sqlite_node
    mails = [f"{MESSAGE}\r\nFrom: a@else.example\r\nSubject: n{number}n\r\n\r\nx" for number in range(60)]
    smtp.send(node.smtp_port, wrap("\r\n--o\r\n".join(mails), subject="Many [secure]").encode(), recipients=[CAROL])
    large = encoded("From: a@else.example\r\nSubject: far\r\n\r\n" + "dull words here\r\n" * (1 << 20))
    smtp.send(node.smtp_port, wrap(f"{MESSAGE}Content-Transfer-Encoding: base64\r\n\r\n{large}",
                                   subject="Large [secure]").encode(), recipients=[CAROL])
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 2), CAROL)
    assert found_by(carol, "n24n") == ["Many"] and found_by(carol, "n59n") == []
    assert found_by(carol, "below") == ["Large", "Many"] and found_by(carol, "dull") == []


def test_recalled_expired_and_destroyed_messages_leave_the_search(node):
    carol = prepare(node)
    alice = Sender(node)
    assert alice.recall().status == 200
    assert found_by(carol, "plans") == [] and found_by(alice.browser, "plans") == ["Plans"]
    page = carol.submit(carol.get([l for l in carol.get("/inbox").links if l.startswith("/message/")][0]), r"/delete$")
    page = carol.get("/deleted")
    own = re.search(r'name="id" value="([0-9a-z]{26})"', page.text.split('class="rows"')[1]).group(1)
    csrf = page.form("restore")["fields"]["csrf"]
    carol.request("/destroy", f"csrf={csrf}&id={own}&sure=1".encode(),
                  {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert found_by(carol, "lighthouse") == []
    assert found_by(carol, "quinces") == ["Zwetschgenkuchen"]
    # At the end of retention the words go with the content.
    assert rows.query(node, "select count(*) from message_content where words is not null") == [("3",)]
    node.move_clock(366 * DAY_MS)
    wait.until(lambda: rows.query(node, "select count(*) from message_content where words is not null") == [("0",)], "the words to go", 60)


def test_r15_search_finds_ones_own_only_and_keeps_nothing_readable(sqlite_node):
    node = sqlite_node
    carol = prepare(node)
    dave, _ = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE)
    assert found_by(dave, "plans") == ["Plans"] and found_by(dave, "quinces") == []
    assert found_by(carol, "quinces") == ["Zwetschgenkuchen"]
    node.stop()
    raw = node.raw_bytes().lower()
    assert b"quinces" not in raw and b"lighthouse" not in raw and b"zwetschgen" not in raw
    node.start()
    # Whoever signs in next in this browser is not shown what was searched for.
    page = carol.submit(carol.get("/inbox"), r"/sign-out$")
    assert page.status == 200 and not [c for c in carol.cookies if "search" in c.name]


def test_results_come_in_pages(sqlite_node):
    node = sqlite_node
    for number in range(30):
        smtp.send(node.smtp_port, smtp.make(subject=f"Note {number} [secure]"))
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 30), CAROL)
    first = found_by(carol, "note")
    assert len(first) == 25 and first[0] == "Note 29"
    page = carol.get("/search")
    rest = carol.get(re.search(r'rel="next" href="([^"]+)"', page.text).group(1).replace("&amp;", "&"))
    assert subjects(rest) == [f"Note {n}" for n in range(4, -1, -1)]
    assert carol.get("/search?after=nonsense").status == 200
    answer = carol.request("/search", f"csrf={page.form('search').get('fields')['csrf']}&q={'x' * 201}".encode(),
                           {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert answer.status == 400

def test_a_text_behind_a_second_factor_is_searched_by_who_showed_one(node):
    node.run("definition", "add", "guarded", "--second-factor", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Contract [secure:guarded]", text="The lighthouse is sold.\r\n"))
    smtp.send(node.smtp_port, smtp.make(subject="Plain [secure]", text="Another lighthouse.\r\n"))
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 2), CAROL)
    assert found_by(carol, "lighthouse") == ["Plain"] and found_by(carol, "Contract") == ["Contract"]
    for page in (search(carol, "Contract"), search(carol, "", unread="1"), carol.get("/inbox")):
        assert "Contract" in page.text and "is sold" not in page.text
    alice = Sender(node)  # her own
    assert sorted(found_by(alice.browser, "lighthouse")) == ["Contract", "Plain"]
    assert "Asks for a second factor" in text_of(alice.browser.get(
        next(l for l in alice.browser.get("/sent").links if "<title>Contract" in alice.browser.get(l).text)))
    assert "Asks for a second factor" in text_of(alice.browser.get("/compose"))
    secret, _ = set_up(node, carol)
    assert sorted(found_by(carol, "lighthouse")) == ["Contract", "Plain"] and "is sold" in carol.get("/inbox").text
    other = Browser(node)  # without having shown it
    page = other.submit(other.get(portal.link_for(node, CAROL, 2)), r"/code$")
    page = other.submit(page, r"/code$", code=portal.code_for(node, CAROL, 2))
    assert page.path == "/sign-in/second-factor" and other.get("/search").path != "/search"
