"""Request first: somebody inside asks an address outside for a message or files."""

import concurrent.futures
import html
import re
import time
import urllib.parse

import pytest
from support import maildir, portal, rows, smtp, wait
from support.browser import Browser

CAROL, DAVE = "carol@partner.example", "dave@partner.example"
DAY = 24 * 3600 * 1000
PURPOSE = "Signed contract & passport"


def ask(browser, to=CAROL, purpose=PURPOSE, days="14", mb="25", **more):
    return browser.submit(browser.get("/requests/new"), r"/requests/new$", to=to, purpose=purpose, days=days, mb=mb,
                          **more)


def link_of(node, to=CAROL, count=1):
    def requests():
        found = [m for m in node.outbox.to(to) if m["Message-ID"].startswith("<request")]
        return found if len(found) >= count else None
    mail = wait.until(requests, f"a request to {to}")[-1]
    return re.search(r"https://\S+/m/\S+", maildir.text_of(mail)).group(0), mail


def asked(node, codes=1, **more):
    """Alice, and Carol at the page of what Alice asks for."""
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    assert ask(alice, **more).path == "/requests"
    link, _ = link_of(node)
    carol, page = portal.sign_in_by_link(node, link, CAROL, codes)
    assert page.path == "/request/" + link.rsplit("/", 1)[1], page.text
    return alice, carol, page


def answer(carol, page, text="Here it is.", files=(), **more):
    return carol.submit_files(page, r"/request/", list(files), text=text, **more)


def file_of(page):
    """The draft's file on a page: its link, and what leaves it out where that is offered."""
    drop = re.search(r'name="drop" value="(\w+)"', page.text)
    return next(link for link in page.links if "/file/" in link), drop and drop[1]


def mails_of(node):
    return [m for m in node.outbox.to("alice@acme.example") if m["Subject"] == PURPOSE]


def data(size):
    return ("files", "a.bin", "application/octet-stream", b"x" * size)


def requests_of(node):
    return node.json("request", "list")


def test_what_is_asked_for_arrives_sealed_with_its_evidence(node):
    alice, carol, page = asked(node)
    _, mail = link_of(node)
    assert PURPOSE not in str(mail) and "alice@acme.example" in maildir.text_of(mail)
    shown = html.unescape(page.text)
    for said in (PURPOSE, "Alice A.", "alice@acme.example", "25 MB"):
        assert said in shown, said
    secret = b"the signed contract " * 200
    sent = answer(carol, page, files=[("files", "contract.pdf", "application/pdf", secret)])
    assert sent.status == 200 and "sent=1" in sent.url, sent.text
    assert "already sent" not in shown and "You have already sent an answer." in carol.get(page.path).text
    mail = wait.until(lambda: mails_of(node), "the mail")[0]
    assert "Here it is." in maildir.text_of(mail)
    row = alice.get("/requests")
    copy = next(l for l in row.links if l.startswith("/message/"))
    assert "Here it is." in alice.get(copy).text and copy in alice.get("/inbox").links
    assert secret not in node.raw_bytes()
    [facts] = requests_of(node)
    assert (facts["state"], facts["answers"], facts["bytes"]) == ("open", 1, len(secret) + len("Here it is."))
    kinds = [e["event"] for e in node.json("message", "show", node.json("message", "list")[0]["id"])[0]["events"]]
    assert "message.secured" in kinds and "request.answered" in kinds
    # Nothing of it counts for Alice's month (R11).
    assert node.json("licence", "usage") == []


def test_a_draft_of_an_answer_is_listed_with_what_is_asked_for_to_whom_it_is_asked(node):
    alice, carol, page = asked(node)
    assert answer(carol, page, **{"do": "save"}).status == 200
    assert PURPOSE in html.unescape(carol.get("/drafts").text)
    node.run("account", "add", "beta")
    node.run("domain", "add", "beta.example", "--account", "beta", "--next-hop", "127.0.0.1:1")
    node.run("user", "add", "eve@beta.example", "--account", "beta", "--password-stdin", stdin="correct horse battery\n")
    for address in ("bob@acme.example", "eve@beta.example"):
        other, _ = portal.sign_in_by_password(node, address)
        form = other.get("/compose").form(r"/compose$")["fields"]
        data = {"csrf": form["csrf"], "form": form["form"], "inquiry": page.path.rsplit("/", 1)[1], "text": "What is it?"}
        other.request("/draft", urllib.parse.urlencode(data).encode(), {
            "Content-Type": "application/x-www-form-urlencoded", "Origin": other.base})
        listed = html.unescape(other.get("/drafts").text)
        assert "What is it?" in listed and PURPOSE not in listed, address  # R15


def test_r8_r15_the_link_alone_shows_nothing_and_works_for_the_asked_address_only(node):
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    ask(alice)
    link, _ = link_of(node)
    door = Browser(node).get(link)
    assert PURPOSE not in html.unescape(door.text) and CAROL not in door.text and "alice" not in door.text
    assert "Nobody sees the request" in door.text and "message" not in door.text.split("<main")[1].split("</main>")[0]
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=DAVE))
    dave, _ = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE)
    path = "/request/" + link.rsplit("/", 1)[1]
    theirs, nobodys = dave.get(path), dave.get("/request/" + "0" * 26)
    assert theirs.status == nobodys.status == 404
    assert theirs.text.replace(path, "").split("<main")[1] == nobodys.text.replace("/request/" + "0" * 26, "").split("<main")[1]
    assert PURPOSE not in html.unescape(dave.get(link).text)
    assert alice.get(path).status == 404
    bob, _ = portal.sign_in_by_password(node, "bob@acme.example")
    assert PURPOSE not in html.unescape(bob.get("/requests").text)
    page = alice.get("/requests")
    close = page.form("/close$")
    assert bob.submit(bob.get("/requests/new"), r"/requests/new", to="x").status == 422
    form = bob.get("/requests/new")
    form.forms = [{**f, "action": close["action"]} for f in form.forms if "requests/new" in f["action"]]
    assert bob.submit(form, "/close$").status == 404
    assert requests_of(node)[0]["state"] == "open"


def test_a_closed_or_expired_request_takes_nothing_and_says_whom_to_ask(node):
    alice, carol, page = asked(node, days="1")
    alice.submit(alice.get("/requests"), "/close$")
    refused = answer(carol, page)
    assert refused.status == 410 and "alice@acme.example" in refused.text
    assert not [f for f in refused.forms if "/request/" in f["action"]]
    assert node.outbox.to("alice@acme.example") == [] and requests_of(node)[0]["state"] == "closed"
    ask(alice, days="1", purpose="Again")
    link, _ = link_of(node, count=2)
    page = carol.get(link)
    assert page.path.startswith("/request/") and "Again" in page.text
    node.move_clock(DAY - 60_000)
    carol, page = portal.sign_in_by_link(node, link, CAROL, 2)
    assert "sent=1" in answer(carol, page).url
    form = carol.get(page.path)
    node.move_clock(120_000)
    assert answer(carol, form).status == 410
    door = Browser(node).get(link)
    assert door.status == 200 and "This request has ended" in door.text and "alice" not in door.text
    assert [r["state"] for r in requests_of(node)] == ["expired", "closed"]
    node.run("request", "close", requests_of(node)[0]["id"], code=5)


def test_a_request_takes_so_much_in_all_and_no_more(node):
    _, carol, page = asked(node, mb="1")
    over = answer(carol, page, files=[data(1 << 20)])
    assert over.status == 422 and "may have 1 MB in all" in over.text and "Here it is." in over.text
    left_out = file_of(over)[1]  # it is in the draft by now
    assert "sent=1" in answer(carol, over, files=[data(700 << 10)], drop=left_out).url
    again = [carol.get(page.path) for _ in range(2)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pages = list(pool.map(lambda p: answer(carol, p, files=[data(200 << 10)]), again))
    assert sorted("sent=1" in p.url for p in pages) == [False, True]  # the other is a draft again
    [facts] = requests_of(node)
    assert facts["answers"] == 2 and facts["bytes"] <= 1 << 20


def test_r12_an_answer_sent_twice_is_one(node):
    _, carol, page = asked(node)
    assert answer(carol, page).path == answer(carol, page).path
    assert requests_of(node)[0]["answers"] == 1


def test_a_definition_for_all_keeps_the_answer_in_the_portal(node):
    node.run("definition", "add", "Kept", "--all-recipients", "yes")
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    form = alice.get("/requests/new")
    kept = re.search(r'<option value="(\w+)"[^>]*>Kept', form.text).group(1)
    alice.submit(form, r"/requests/new$", to=CAROL, purpose=PURPOSE, days="14", mb="25", definition=kept)
    carol, page = portal.sign_in_by_link(node, link_of(node)[0], CAROL)
    assert "sent=1" in answer(carol, page).url
    portal.link_for(node, "alice@acme.example")
    assert not mails_of(node)


def test_requests_are_asked_of_people_outside_by_people_inside(sqlite_node):
    node = sqlite_node
    alice, carol, _ = asked(node)
    assert "your own organisation" in ask(alice, to="bob@acme.example").text
    for field, value, words in (("to", "nobody", "Enter a mail address"), ("purpose", " ", "say what you ask for"),
                                ("days", "91", "from 1 to 90"), ("mb", "0", "from 1 to 1000")):
        page = ask(alice, **{field: value})
        assert page.status == 422 and words in html.unescape(page.text), page.text
    assert carol.get("/requests").status == carol.get("/requests/new").status == 403
    csrf = carol.get("/settings").form("choices")["fields"]["csrf"]
    fields = urllib.parse.urlencode({"csrf": csrf, "to": DAVE, "purpose": PURPOSE, "days": "14", "mb": "25"}).encode()
    assert carol.request("/requests/new", fields, {"Content-Type": "application/x-www-form-urlencoded",
                                                   "Origin": node.url}).status == 403
    node.run("account", "set", "requests", "no")
    assert alice.get("/requests/new").status == 403 and "/requests" not in alice.get("/inbox").links
    assert len(requests_of(node)) == 1


def test_r3_answers_to_a_request_go_by_what_is_published_to_who_asks(node):
    node.run("definition", "folder", "add", "Sales")
    node.run("definition", "add", "Strict", "--folder", "Sales")
    node.run("group", "add", "sales")
    node.run("group", "member", "add", "sales", "bob@acme.example")
    node.run("definition", "publish", "Sales", "--group", "sales")
    bob, _ = portal.sign_in_by_password(node, "bob@acme.example")
    strict = re.search(r'<option value="(\w{26})"[^>]*>Strict', bob.get("/requests/new").text)[1]
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    page = ask(alice, definition=strict)
    assert page.status == 422 and "no longer offered" in page.text and PURPOSE in html.unescape(page.text)
    assert requests_of(node) == []
    assert ask(bob, definition=strict).path == "/requests" and len(requests_of(node)) == 1


def test_r15_administrators_of_another_account_close_no_request_of_this_one(node):
    asked(node)
    request, = requests_of(node)
    node.run("account", "add", "beta", "--display-name", "Beta")
    said = node.run("request", "close", request["id"], "--account", "beta", code=3)
    assert "there is no such request" in said
    assert node.json("request", "list", "--account", "acme") == [request]


def words_of(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.text)))


def test_r13_what_is_known_of_a_request_comes_in_grades(node):
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    ask(alice)
    link, _ = link_of(node)
    known = lambda: words_of(alice.get("/requests"))
    wait.until(lambda: "Mail taken by their server" in known(), "the mail to be sent")
    assert "Link opened" not in known()
    Browser(node).get(link)  # what a scanner does
    assert "Link opened" in known() and "Signed in" not in known()
    carol, page = portal.sign_in_by_link(node, link, CAROL)
    assert "Signed in" in known() and "1 answer" not in known()
    answer(carol, page)
    assert "1 answer" in known()


def test_r15_this_is_not_my_address_reaches_who_asked_once(node):
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    ask(alice)
    link, _ = link_of(node)
    stranger = Browser(node)
    for _ in range(2):
        thanks = stranger.submit(stranger.get(link), r"/not-mine$")
        assert thanks.status == 200 and "Thank you" in thanks.text and PURPOSE not in html.unescape(thanks.text)
    told = wait.until(lambda: [m for m in node.outbox.to("alice@acme.example") if "wrong address" in m["Subject"]], "a mail")
    text = maildir.text_of(told[0])
    assert CAROL in text and f"{node.url}/requests" in text and PURPOSE not in text
    assert "says: not my address" in words_of(alice.get("/requests"))
    # Whoever has the mailbox may still answer.
    carol, page = portal.sign_in_by_link(node, link, CAROL)
    assert "sent=1" in answer(carol, page).url
    assert len([m for m in node.outbox.to("alice@acme.example") if "wrong address" in m["Subject"]]) == 1


def test_requests_that_ended_long_ago_are_forgotten_and_what_came_stays(node):
    alice, carol, page = asked(node)
    answer(carol, page)
    node.move_clock((14 + 91) * DAY)
    wait.until(lambda: requests_of(node) == [], "the request to go", 60)
    assert rows.query(node, "SELECT COUNT(*) FROM inquiry_answer") == [("0",)]
    assert len(node.json("message", "list")) == 1
    gone = Browser(node).get(page.path.replace("/request/", "/m/"))
    assert gone.status == 404


def test_closing_shows_on_the_open_page_at_once_and_what_was_written_stays(node):
    alice, carol, page = asked(node)
    alice.submit(alice.get("/requests"), r"/close$")
    ended = answer(carol, page, text="Here it is at last.", files=[data(1000)])
    assert ended.status == 410 and "Here it is at last." not in words_of(alice.get("/inbox"))
    for given in (ended, carol.get(next(link for link in carol.get("/drafts").links if "?draft=" in link))):
        assert given.status == 410 and "alice@acme.example" in given.text and 'class="lost"' not in given.text  # R14
        assert ">Here it is at last.</textarea>" in given.text and "readonly" in given.text
        assert "a.bin" in given.text and carol.get(file_of(given)[0]).body == b"x" * 1000
    assert carol.get(page.path).status == 410 and "<textarea" not in carol.get(page.path).text


def test_more_than_was_asked_for_is_refused_with_the_text_kept(node):
    _, carol, page = asked(node, mb="1")
    assert "1 MB" in page.text
    refused = answer(carol, page, text="Here it is at last.", files=[data(2 << 20)])
    assert refused.status == 413 or refused.status == 422
    assert "Here it is at last." in refused.text and "1 MB" in refused.text
    assert "sent=1" in answer(carol, refused, text="Here it is at last.", drop=file_of(refused)[1]).url


def test_a_formatted_answer_arrives_formatted(sqlite_node):
    node = sqlite_node
    _, carol, page = asked(node)
    assert "sent=1" in carol.submit_files(page, r"/request/", [], text="of the script", html="<p>Here <b>it</b> is.</p>").url
    mail = wait.until(lambda: mails_of(node), "the mail")[0]
    assert "<b>it</b>" in maildir.html_of(mail) and "Here it is." in maildir.text_of(mail)


@pytest.mark.parametrize("end", ["session", "sign-out", "form"])
def test_r7_an_answer_written_past_the_end_is_given_back(node, end):
    """When the session has ended by its time it is a draft, with its files; otherwise it is in the page to copy."""
    _, carol, page = asked(node)
    text = "Written over an hour."
    if end == "session":
        node.move_clock(61 * 60 * 1000)
    elif end == "sign-out":
        carol.submit(carol.get("/inbox"), r"/sign-out$")
    else:
        carol.cookies.clear()
    ended = answer(carol, page, text=text, files=[data(1000)])
    is_kept = end == "session"
    assert ended.status == 403 and requests_of(node)[0]["answers"] == 0
    assert (text in ended.text) != is_kept and ("a.bin" in ended.text) != is_kept  # has to be chosen again
    link = next(link for link in ended.links if link.startswith("/sign-in"))
    page = carol.submit(carol.get(html.unescape(link)), r"/sign-in$", address=CAROL)
    page = carol.submit(page, r"/send-code")
    back = carol.submit(page, r"/sign-in/code", code=portal.code_for(node, CAROL, 2))
    assert back.path.startswith("/request/") and PURPOSE in html.unescape(back.text)
    assert (text in back.text) == is_kept and ("a.bin" in back.text) == is_kept
    assert "sent=1" in answer(carol, back, text=text, files=[] if is_kept else [data(1000)]).url
    mail = wait.until(lambda: mails_of(node), "the mail")[0]
    assert next(mail.iter_attachments()).get_content() == b"x" * 1000


def test_r7_an_answer_is_a_sealed_draft_until_it_is_sent(node):
    alice, carol, page = asked(node)
    fields = urllib.parse.urlencode({**page.form(r"/request/")["fields"], "text": "Half of it."}).encode()
    assert 'data-draft="/draft"' in page.text  # what the script does:
    saved = carol.request("/draft", fields, {"Content-Type": "application/x-www-form-urlencoded", "Origin": carol.base})
    assert saved.text.startswith("Draft saved") and "Half of it." in carol.get("/drafts").text
    saved = answer(carol, page, text="All of it.", files=[data(1000)], do="save")
    assert "draft=" in saved.url and "All of it." in saved.text and "Saved in Drafts" in saved.text
    assert "Answer" in carol.get("/drafts").text and requests_of(node)[0]["answers"] == 0
    for secret in (b"All of it.", b"a.bin", b"x" * 1000):
        assert secret not in node.raw_bytes()
    file = file_of(saved)[0]
    assert carol.get(file).body == b"x" * 1000
    nobodys = "/draft/" + "0" * 26 + "/file/" + "0" * 26
    assert alice.get(file).status == alice.get(nobodys).status == carol.get(file[:-26] + "0" * 26).status == 404  # R15
    assert "sent=1" in answer(carol, carol.get(saved.url), text="All of it.").url
    assert "All of it." not in carol.get("/drafts").text and carol.get(file).status == 404
    mail = wait.until(lambda: mails_of(node), "the mail")[0]
    assert next(mail.iter_attachments()).get_content() == b"x" * 1000


def test_an_answer_waits_and_can_be_taken_back(node):
    _, carol, page = asked(node)
    carol.is_hasty = False
    waits = answer(carol, page, files=[data(1000)])
    assert "/leaving/" in waits.url and answer(carol, page, files=[data(1000)]).url == waits.url  # a double click
    back = carol.submit(waits, r"/undo$")
    assert "Nothing was sent" in back.text and back.path == page.path and "a.bin" in back.text
    node.move_clock(60_000)
    assert (requests_of(node)[0]["answers"], requests_of(node)[0]["bytes"]) == (0, 0)
    answer(carol, back, text="Here it is, now.")
    carol.submit(carol.get("/inbox"), r"/sign-out$")
    node.move_clock(10_000)
    mail = wait.until(lambda: mails_of(node), "the mail")[0]
    assert "Here it is, now." in maildir.text_of(mail) and requests_of(node)[0]["answers"] == 1
    assert next(mail.iter_attachments()).get_content() == b"x" * 1000


def test_r14_an_answer_whose_request_was_closed_while_it_waited_is_given_back(node):
    alice, carol, page = asked(node)
    carol.is_hasty = False
    waits = answer(carol, page, files=[data(1000)])
    alice.submit(alice.get("/requests"), r"/close$")
    node.move_clock(10_000)
    told = wait.until(lambda: [m for m in node.outbox.to(CAROL) if m["Message-ID"].startswith("<not-sent")], "a mail")[0]
    assert "/drafts" in maildir.text_of(told) and "Here it is." not in told.as_string()
    assert "Was not sent" in carol.get("/drafts").text and not mails_of(node)
    given = carol.get(waits.url)
    assert given.status == 410 and "Here it is." in given.text and "alice@acme.example" in given.text
    assert carol.get(file_of(given)[0]).body == b"x" * 1000


def test_so_many_requests_a_day_and_so_many_answers_to_one_are_the_most(node):
    alice, carol, page = asked(node)
    rows.execute(node, ["UPDATE attempt SET count = 99", "UPDATE inquiry SET answers = 49"])
    assert ask(alice, purpose="The hundredth").path == "/requests"
    over = ask(alice, purpose="One too many")
    assert over.status == 429 and "One too many" in over.text and len(requests_of(node)) == 2
    rows.execute(node, ["DELETE FROM attempt"])
    old = carol.get(page.path)
    assert "sent=1" in answer(carol, page).url
    over = answer(carol, old, text="One too many.")
    assert over.status == 410 and "One too many." in over.text and "alice@acme.example" in over.text
    assert sorted(r["answers"] for r in requests_of(node)) == [0, 50]


@pytest.mark.parametrize("left", [1, 0])
def test_r14_a_request_takes_answers_until_its_millisecond(node, left):
    """Of one that waits for its undo, the moment in which it leaves counts."""
    now = int(time.time() * 1000)
    node.stop_clock(now)
    _, carol, page = asked(node)
    rows.execute(node, [f"UPDATE inquiry SET expires_at = {now + 20_000 + left}"])
    carol.is_hasty = False
    waits = answer(carol, page)
    assert "/leaving/" in waits.url
    node.stop_clock(now + 20_000)
    wait.until(lambda: mails_of(node) if left else "Was not sent" in carol.get("/drafts").text, "it to leave or come back")
    assert requests_of(node)[0]["answers"] == left


def test_r14_answers_past_each_limit_keep_what_was_written(sqlite_node):
    node = sqlite_node
    _, carol, page = asked(node, mb="1")
    many = [("files", f"{i}.txt", "text/plain", b"x") for i in range(101)]
    for more, words in (({"text": "  "}, "Write something or attach"),
                        ({"text": "Kept words. " + "x" * (600 << 10)}, "512 KB at most"),
                        ({"text": "Kept words.", "html": "<b>" + "x" * (600 << 10)}, "512 KB at most"),
                        ({"text": "Kept words.", "files": many}, "files at most"),
                        ({"text": "Kept words.", "files": [data(1 << 20)]}, "1 MB in all")):
        refused = carol.submit_files(page, r"/request/", more.pop("files", []), **more)
        assert refused.status in (413, 422) and words in refused.text, (words, refused.status, words_of(refused)[:2000])
        assert "Kept words." in refused.text or not more["text"].strip()
    assert requests_of(node)[0]["answers"] == 0
