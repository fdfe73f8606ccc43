"""What a sender learns of each recipient: signs by their own names, and nothing twice (R13)."""

import html
import re
import urllib.parse

from support import commands, maildir, portal, rows, smtp, wait
from support.browser import Browser
from test_requests import ask, link_of

PAGE_BYTES_MAX = 60 * 1024


def text_of(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def owner_page(node):
    """Alice's page of the message she sent last."""
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    sent = alice.get("/sent")
    return alice.get(next(link for link in sent.links if link.startswith("/message/")))


def events_of(node, kind):
    return [e for m in node.json("message", "list") if m["kind"] == "secured"
            for e in node.json("message", "show", m["id"])[0]["events"] if e["event"] == kind]


def test_not_my_address_reaches_the_sender_once(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
    link = portal.link_for(node, "carol@partner.example")
    browser = Browser(node)
    page = browser.get(link)
    for _ in range(5):
        answer = browser.submit(page, "not-mine")
        assert answer.status == 200 and "Thank you" in answer.text
    notices = wait.until(lambda: node.outbox.to("alice@acme.example"), "the notice to Alice")
    words = maildir.text_of(notices[0])
    assert "carol@partner.example" in words
    assert "Offer" not in notices[0].as_string() and "forty-two" not in notices[0].as_string()
    assert len(events_of(node, "person.not-my-address")) == 1

    page = owner_page(node)
    assert "not my address" in text_of(page)
    assert re.search(r"https://\S+(/message/\S+)", words).group(1) == page.path

    # A link proves nothing about who holds the address, so the address still gets its code.
    reader, page = portal.sign_in_by_link(node, link, "carol@partner.example")
    assert "forty-two" in reader.get("/message/" + link.rsplit("/", 1)[1]).text
    # What was queued before the code is out by now: there was one notice.
    assert len(node.outbox.to("alice@acme.example")) == 1
    page = owner_page(node)
    assert "not my address" in text_of(page) and "Read " in text_of(page)


def test_not_my_address_is_bounded_by_network(node):
    people = [f"p{i}@partner.example" for i in range(32)]
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=people))
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    ask(alice, to=people[0])
    browser = Browser(node)
    answers = []
    for person in people:
        page = browser.get(portal.link_for(node, person))
        answers.append(browser.submit(page, "not-mine"))
    assert [a.status for a in answers] == [200] * 30 + [429] * 2
    assert len(events_of(node, "person.not-my-address")) == 30
    # Links of requests are counted with them.
    request, _ = link_of(node, people[0])
    page = browser.get(request)
    assert browser.submit(page, "not-mine").status == 429 and "not my address" not in text_of(alice.get("/requests"))
    node.move_clock(61 * 60 * 1000)
    assert browser.submit(answers[-1], "not-mine").status == 200
    assert browser.submit(page, "not-mine").status == 200


FILES = [("price-list.pdf", "application/pdf", b"0123456789"), ("plan.txt", "text/plain", b"abcdef")]


def with_files(node):
    """Carol, signed in from her link, and what her files' links are."""
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", files=FILES))
    link = portal.link_for(node, "carol@partner.example")
    browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    page = browser.get("/message/" + link.rsplit("/", 1)[1])
    return browser, [l for l in page.links if "/file/" in l]


def test_r13_no_piece_of_a_file_leaves_without_evidence(node):
    carol, files = with_files(node)
    whole = FILES[0][2]
    ranges = {"bytes=-10": whole, "Bytes=0-": whole, "bytes=00-": whole, "bytes=1-": whole[1:], "bytes=9-": whole[9:],
              "bytes=0-1,3-4": whole, "lines=1-2": whole, None: whole}
    for count, (wanted, body) in enumerate(ranges.items(), 1):
        answer = carol.get(files[0], **({"Range": wanted} if wanted else {}))
        assert answer.body == body, wanted
        assert len(events_of(node, "file.downloaded")) == count, wanted
        node.move_clock(61 * 1000)  # the same evidence is kept once a minute
    tag = answer.headers["ETag"]
    for headers, method, status in (({"If-None-Match": tag}, "GET", 304), ({"Range": "bytes=10-"}, "GET", 416),
                                    ({}, "HEAD", 200)):
        answer = carol.request(files[1], headers={k: v.replace(tag, carol.request(files[1], method="HEAD").headers["ETag"])
                                                  for k, v in headers.items()}, method=method)
        assert (answer.status, answer.body) == (status, b""), headers
    assert len(events_of(node, "file.downloaded")) == len(ranges)
    carol.get(files[1], **{"Range": "bytes=1-2", "If-Range": '"another"'})
    assert len(events_of(node, "file.downloaded")) == len(ranges) + 1


def test_r13_the_sender_sees_each_sign_by_its_name(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", files=FILES))
    link = portal.link_for(node, "carol@partner.example")
    message = "/message/" + link.rsplit("/", 1)[1]
    signs = {"link": "Link opened", "in": "Signed in", "read": "Read ", "pdf": "Download of price-list.pdf",
             "txt": "Download of plan.txt"}

    def seen():
        text = text_of(owner_page(node))
        return {name for name, words in signs.items() if words in text}

    assert seen() == set()
    Browser(node).get(link)
    assert seen() == {"link"}
    # Signing in by itself shows no message: the page that the browser is led to does.
    browser = Browser(node)
    page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address="carol@partner.example")
    page = browser.submit(page, "send-code")
    page = browser.submit(page, r"/code$", code=portal.code_for(node, "carol@partner.example"))
    assert seen() == {"link", "in"}
    answer = browser.get(message + "/file/2", Range="bytes=0-3")
    assert answer.status == 206
    assert seen() == {"link", "in", "pdf"}
    assert browser.get(message).status == 200
    assert seen() == {"link", "in", "pdf", "read"}
    browser.get(message + "/file/3")
    assert seen() == {"link", "in", "pdf", "read", "txt"}
    shown = text_of(owner_page(node))
    times = re.findall(r"Download of [\w.-]+: (\d+:\d\d) · 127\.0\.0\.1", shown)
    assert len(times) == 2
    for sign in (r"Link opened \d+:\d\d, not signed in \(may be an automatic check\)", r"Signed in \d+:\d\d", r"Read \d+:\d\d"):
        assert re.search(sign + r" · 127\.0\.0\.1", shown), sign


def test_r15_where_signs_came_from_is_for_the_organisations_people(sqlite_node):
    node = sqlite_node
    node.run("definition", "set", "Default", "--all-recipients", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
    link = portal.link_for(node, "carol@partner.example")
    carol, page = portal.sign_in_by_link(node, link, "carol@partner.example")
    sent = carol.submit(carol.get(page.path + "/reply"), r"/reply$", text="Sixty.")
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    alice.get(next(l for l in alice.get("/inbox").links if l.startswith("/message/")))
    shown = text_of(carol.get(sent.path))
    assert "Read " in shown and "127.0.0.1" not in shown


def fields_of(page):
    return [(name, value) for name, value in page.form(r"/recall\?people=")["fields"].items() if name != "from"]


def send(alice, page, pairs, number):
    return alice.browser.request(f"{alice.path}/recall?people={number}", urllib.parse.urlencode(pairs).encode(), {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": alice.browser.base})


def test_hundreds_who_are_ticked_leave_the_page_small_and_are_all_recalled(sqlite_node):
    node = sqlite_node
    people = [f"person{i:03}.of.a.department@partner.example" for i in range(260)]
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=people))
    alice = commands.Sender(node)
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, people[5]), people[5])
    message = next(link for link in carol.get("/inbox").links if link.startswith("/message/"))
    answer = carol.get(message + "/reply-all")
    assert re.findall(r"and \d+ others", answer.text) == ["and 255 others", "and 55 others"] and len(answer.body) < PAGE_BYTES_MAX
    named, page = [], carol.get(message)
    while more := [link for link in page.links if "?all=" in link]:
        page = carol.get(more[0])
        named += re.findall(r"person\d+\.of\.a\.department@partner\.example", page.text)
        assert len(page.body) < PAGE_BYTES_MAX
    assert set(people) <= {*named, people[5]}
    page = alice.browser.get(alice.path + "/recall?people=1")
    for number in range(2, 11):
        shown = re.findall(r'name="from" value="([^"]+)"', page.text)
        page = send(alice, page, [*fields_of(page), ("turn", "1"), *[("from", address) for address in shown]], number)
    assert "225 people are ticked on other pages" in page.text
    assert len(page.text.encode()) < PAGE_BYTES_MAX
    left = re.findall(r'name="from" value="([^"]+)"', page.text)[1:]
    done = send(alice, page, [*fields_of(page), *[("from", address) for address in left]], 2)
    assert "told=recalled" in done.url, done.text
    assert rows.query(node, "select count(*) from copy where recall_id is not null") == [("249",)]


def test_many_recipients_come_on_pages(node):
    people = [f"person{i:03}@partner.example" for i in range(300)]
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=people))
    alice = commands.Sender(node)
    first = alice.page()
    assert len(first.text.encode()) < PAGE_BYTES_MAX and "1 to 25 of 300" in first.text
    next_page = next(link for link in first.links if "people=2" in link)
    second = alice.browser.get(next_page)
    shown = set(re.findall(r"/correct\?address=([^\"]+)", second.text))
    assert len(shown) == 25 and not shown & set(re.findall(r"/correct\?address=([^\"]+)", first.text))
    last = alice.browser.get(alice.path + "?people=999")
    assert "276 to 300 of 300" in last.text and not any("people=13" in link for link in last.links)
    assert "and 295 others" in first.text and first.text.count("person299@") == 0
    third = alice.browser.get(next(link for link in first.links if "all=1" in link))
    assert "person199@" in third.text and "and 100 others" in third.text
    assert "person299@" in alice.browser.get(next(link for link in third.links if "all=2" in link)).text

    assert first.text.index('/recall"') < first.text.index('id="recipients"')  # what can be done comes before 300 rows
    person, page = portal.sign_in_by_link(node, portal.link_for(node, people[0]), people[0])
    answer = person.get(page.path + "/reply-all").text
    assert answer.index("person004@") < answer.index('<details class="to">') < answer.index("person199@") < answer.index("<textarea")

    # Turning the pages keeps what was typed and ticked, and changes nothing.
    page = alice.browser.get(alice.path + "/recall?people=11")
    first = re.search(r'name="from" value="([^"]+)"', page.text).group(1)
    turn = page.form(r"/recall\?people=11$")
    assert f'formaction="{alice.path}/recall?people=12#recipients"' in page.text
    fields = {**turn["fields"], "from": first, "reason": "A wrong price.", "turn": "1"}
    page = alice.browser.request(alice.path + "/recall?people=12", urllib.parse.urlencode(fields).encode(), {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": alice.browser.base})
    assert page.status == 200 and ">A wrong price.</textarea>" in page.text
    assert f'value="{first}"' not in page.text and "1 person is ticked on another page" in page.text
    page = send(alice, page, [("turn", "1"), *fields_of(page)], 11)
    assert f'name="from" value="{first}" checked' in page.text and "ticked on another" not in page.text
    assert rows.query(node, "select count(*) from copy where recall_id is not null") == [("0",)]

    page = alice.browser.get(alice.path + "/recall?people=12")
    assert len(page.text.encode()) < PAGE_BYTES_MAX
    assert page.text.count('type="checkbox" name="from"') == 25
    nobody = alice.browser.submit(page, r"/recall\?people=12$", reason="")
    assert nobody.status == 422 and "276 to 300 of 300" in nobody.text
    chosen = re.search(r'name="from" value="([^"]+)"', page.text).group(1)
    assert "told=recalled" in alice.browser.submit(page, r"/recall\?people=12$", **{"from": chosen, "reason": ""}).url
    assert rows.query(node, "select count(*) from copy where recall_id is not null") == [("1",)]


def test_r13_what_its_sender_downloads_is_no_evidence(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", files=[("a.pdf", "application/pdf", b"one"),
                                                                         ("b.pdf", "application/pdf", b"two")]))
    alice = commands.Sender(node)
    for what in "files.zip", "message.eml", "file/2":
        assert alice.browser.get(f"{alice.path}/{what}").status == 200, what
    assert {"file.downloaded", "message.saved", "body.shown"}.isdisjoint(commands.events(node))


def test_r13_a_message_counts_as_saved_when_it_was_sent_not_when_its_head_was_asked_for(node):
    node.run("definition", "add", "Open", "--save", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:open]"))
    link = portal.link_for(node, "carol@partner.example")
    carol, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    whole = "/message/" + link.rsplit("/", 1)[1] + "/message.eml"
    head = carol.request(whole, method="HEAD")
    again = carol.get(whole, **{"If-None-Match": head.headers["ETag"]})
    assert (head.status, again.status) == (200, 304) and "message.saved" not in commands.events(node)
    assert b"forty-two" in carol.get(whole).body
    assert commands.events(node).count("message.saved") == 1
