"""New messages written in the portal, to people inside and outside."""

import re

import pytest
from support import maildir, portal, smtp, wait
from support.commands import text_of

ALICE, BOB, CAROL, DAVE, ERIN = ("alice@acme.example", "bob@acme.example", "carol@partner.example",
                                 "dave@partner.example", "erin@partner.example")


def compose(browser, **fields):
    return portal.compose(browser, **{"subject": "Plan", "text": "Marmalade.", **fields})


def writer(node, address=ALICE):
    return portal.sign_in_by_password(node, address)[0]


def choice(browser, name):
    return re.search(r'value="(\w{26})"[^>]*>\s*<span><bdi>' + re.escape(name), browser.get("/compose").text)[1]


def read_by(node, address, count=1):
    """(browser, page) of the newest message that came to somebody outside."""
    link = portal.link_for(node, address, count)
    browser, page = portal.sign_in_by_link(node, link, address)
    return browser, browser.get("/message/" + link.rsplit("/", 1)[1])


def test_a_message_reaches_people_inside_by_mail_and_outside_by_the_portal(node):
    page = compose(writer(node), to=f"Bob <{BOB}>; {CAROL}", cc=DAVE)
    assert page.status == 200 and "sent=1" in page.url and "Marmalade." in page.text
    _, read = read_by(node, CAROL)
    assert "Marmalade." in read.text and DAVE in read.text
    assert "Marmalade." in read_by(node, DAVE)[1].text
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert mail["X-Sealpost-Secure"] == "yes" and "Marmalade." in maildir.text_of(mail)
    assert [a.addr_spec for a in mail["Cc"].addresses] == [DAVE]
    bob = writer(node, BOB)
    assert not [link for link in bob.get("/inbox").links if link.startswith("/message/")]


def test_a_definition_for_all_keeps_people_inside_in_the_portal(node):
    node.run("definition", "add", "Board", "--all-recipients", "yes", "--expire-days", "3")
    alice = writer(node)
    assert "sent=1" in compose(alice, to=f"{BOB}, {CAROL}", definition=choice(alice, "Board")).url
    assert node.json("message", "list")[0]["definition"] == "Board"
    link = portal.link_for(node, BOB)
    bob = writer(node, BOB)
    assert "Marmalade." in bob.get("/message/" + link.rsplit("/", 1)[1]).text
    assert all("Marmalade." not in m.as_string() for _, m in node.outbox.mails())


def test_r15_nobody_learns_of_those_in_bcc(node):
    alice = writer(node)
    page = compose(alice, to=f"{CAROL}, {BOB}", bcc=f"{ERIN}, {CAROL}")
    assert ERIN in page.text
    carol, read = read_by(node, CAROL)
    erin, hidden = read_by(node, ERIN)
    assert "Marmalade." in hidden.text and CAROL in hidden.text
    message = re.search(r"/message/(\w{26})", read.url)[1]
    seen = read.text + carol.get(f"/message/{message}/reply-all").text
    wait.until(lambda: node.outbox.to(BOB), "Bob's mail")
    assert ERIN not in seen
    assert all("erin" not in mail.as_string() for to, mail in node.outbox.mails() if to != ERIN)
    answer = carol.submit_files(carol.get(f"/message/{message}/reply-all"), r"/reply-all$", [], text="Gladly.")
    assert answer.status == 200 and len([m for m in node.outbox.to(ERIN) if "/m/" in m.as_string()]) == 1


def test_a_message_to_bcc_alone_names_nobody(node):
    compose(writer(node), bcc=f"{CAROL}, {ERIN}")
    assert ERIN not in read_by(node, CAROL)[1].text


def test_r3_the_choice_is_what_is_published_in_the_administrators_order(node):
    node.run("definition", "add", "Short", "--expire-days", "2", "--print", "no")
    alice = writer(node)
    assert "2 days" in alice.get("/compose").text
    chosen = choice(alice, "Short")
    assert alice.get("/compose").text.index("<bdi>Default") < alice.get("/compose").text.index("<bdi>Short")
    compose(alice, to=CAROL, definition=chosen)
    assert node.json("message", "list")[0]["definition"] == "Short"
    node.run("definition", "order", "Short")
    compose(alice, to=CAROL)
    assert [m["definition"] for m in node.json("message", "list")] == ["Short", "Short"]
    form = alice.get("/compose")
    node.run("definition", "remove", "Short")
    refused = alice.submit_files(form, r"/compose$", [], to=CAROL, subject="Plan", text="Marmalade.", definition=chosen)
    assert refused.status == 422 and "no longer offered" in refused.text and "Marmalade." in refused.text


def test_r11_a_message_past_the_limit_is_refused_whole_and_kept(node):
    alice = writer(node)
    assert "0 of 500" in alice.get("/compose").text
    for part in range(2):
        many = ", ".join(f"p{part * 250 + i}@partner.example" for i in range(249))
        assert "sent=1" in compose(alice, to=many, bcc=f"q{part}@partner.example").url
    assert "500 of 500" in alice.get("/compose").text
    queued = len(node.json("queue", "list", "--all"))
    page = compose(alice, to=f"{CAROL}, {BOB}, p1@partner.example", cc=DAVE, subject="One too many")
    assert page.status == 403 and "Marmalade." in page.text and "One too many" in page.text and DAVE in page.text
    for fact in ("500 different recipients", "have written to 500", "begins again on"):
        assert fact in page.text, fact
    assert 'href="#to">Nothing was sent' in page.text and 'id="to-wrong">Nothing was sent' in page.text
    page = compose(alice, to=BOB, bcc=CAROL)
    assert 'href="#bcc">Nothing was sent' in page.text and 'id="bcc-wrong"' in page.text and 'id="text-wrong"' not in page.text
    assert len(node.json("queue", "list", "--all")) == queued and not node.outbox.to(BOB)
    assert "sent=1" in compose(alice, to=f"p1@partner.example, {BOB}").url  # nobody new


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
def test_what_is_no_address_is_named_and_nothing_is_sent(sqlite_node, field):
    fields = {"to": CAROL, field: f"Dave Smith, {ERIN}"}
    page = compose(writer(sqlite_node), **fields)
    assert page.status == 422 and "“Dave Smith” is not a mail address" in page.text and ERIN in page.text
    assert sqlite_node.json("message", "list") == []


def test_people_from_outside_do_not_compose(node):
    smtp.send(node.smtp_port, smtp.make())
    carol, _ = read_by(node, CAROL)
    assert carol.get("/compose").status == 403
    assert "Choose New message" in writer(node, BOB).get("/sent").text and "New message" not in carol.get("/sent").text


def test_recipients_are_looked_at_before_a_message_goes(node):
    alice = writer(node)
    compose(alice, to=CAROL)
    words = {"subject": "Plan", "text": "Marmalade."}
    files = [("files", "plan.txt", "text/plain", b"plan")]
    fields = {**words, "to": f"{CAROL}, caro1@partner.example", "bcc": "zoe@acne.example", "cc": "new@stranger.example"}
    page = alice.submit_files(alice.get("/compose"), r"/compose$", files, **fields)
    shown = page.text[page.text.index('class="problem check"'):][:1500]
    assert f"caro1@partner.example is new and looks like {CAROL}" in shown
    assert "zoe@acne.example is new and looks like acme.example" in shown
    assert "not written to this address outside before: new@stranger.example" in told(page) and f"{CAROL} is" not in shown
    assert "plan.txt" in page.text and "Send all the same" in page.text
    assert len(node.json("message", "list")) == 1
    mark = re.search(r'name="checked" value="(\w+)"', page.text)[1]
    other = alice.submit_files(page, r"/compose$", [], **{**fields, "to": "dave@stranger.example", "checked": mark})
    assert "addresses outside before: dave@stranger.example, new@stranger.example" in told(other) and len(node.json("message", "list")) == 1
    sent = alice.submit_files(other, r"/compose$", [],
                              **{**fields, "checked": mark})  # as it was shown first
    assert "sent=1" in sent.url and "plan.txt" in sent.text
    assert "sent=1" in alice.submit_files(alice.get("/compose"), r"/compose$", [], **{**words, "to": f"{CAROL}, {BOB}"}).url


def told(page):
    """What is to be checked, in words."""
    return text_of(page).replace(" ,", ",").partition("Please check")[2].partition("Addresses inside or outside")[0]


def test_new_recipients_are_named_together_and_each_once(sqlite_node):
    alice = writer(sqlite_node)
    many = [f"{name}@stranger.example" for name in ("anton", "berta", "caesar", "friedrich")]
    page = alice.submit_files(alice.get("/compose"), r"/compose$", [], to=", ".join(many), cc=f"{many[1].upper()}, {BOB}",
                              text="Marmalade.")
    assert "not written to these 4 addresses outside before: " + ", ".join(many) in told(page)
    assert told(page).count("outside before") == 1 and "Send all the same" in page.text and BOB not in told(page)


def test_more_recipients_than_a_message_may_have_are_refused_before_they_are_looked_at(sqlite_node):
    """Each is compared with all others, so that is bounded too."""
    alice = writer(sqlite_node)
    people = [f"name{i}@stranger.example" for i in range(401)]
    for count, told_of in (401, "at most 400"), (400, "Please check before sending"):
        page = alice.submit_files(alice.get("/compose"), r"/compose$", [], to=", ".join(people[:200]), cc=", ".join(people[200:count]),
                                  text="Marmalade.")
        assert told_of in text_of(page) and ("Please check before sending" in page.text) == (count == 400)


def test_two_new_recipients_that_look_alike_are_pointed_out(sqlite_node):
    alice = writer(sqlite_node)
    page = alice.submit_files(
        alice.get("/compose"), r"/compose$", [], text="Marmalade.",
        to="martin@stranger.example, matrin@stranger.example, sales@partner.example, sales@customer.example",
        bcc="sales@custorner.example")
    assert "matrin@stranger.example and martin@stranger.example look alike" in told(page)
    assert "sales@custorner.example and sales@customer.example look alike" in told(page)
    assert "these 3 addresses outside before: martin@stranger.example, sales@partner.example, sales@customer.example" in told(page)


@pytest.mark.parametrize("undo", ["0", "10"])
def test_who_is_outside_is_named_before_a_message_leaves_at_once(sqlite_node, undo):
    """Where there is no time to undo, whose page names them; mails inside go without another step."""
    sqlite_node.run("account", "set", "undo_seconds", undo)
    alice = writer(sqlite_node)
    compose(alice, to=CAROL)
    fields = {"to": f"{CAROL}, {BOB}", "subject": "Plan", "text": "Marmalade."}
    page = alice.submit_files(alice.get("/compose"), r"/compose$", [], **fields)
    assert ("sent=1" in page.url) == (undo != "0")
    if undo == "0":
        assert f"This recipient is outside your organisation; you have written there before: {CAROL}" in told(page)
        assert BOB not in told(page) and "all the same" not in page.text
        page = alice.submit_files(page, r"/compose$", [], **{**fields, "to": f"{CAROL}, {DAVE}"})
        assert f"outside before: {DAVE}" in told(page) and f"there before: {CAROL}" in told(page)
        assert "Send all the same" in page.text and len(sqlite_node.json("message", "list")) == 1
        assert "sent=1" in compose(alice, page=page, **fields).url
    assert "sent=1" in alice.submit_files(alice.get("/compose"), r"/compose$", [], **{**fields, "to": BOB}).url


def test_an_own_domain_in_its_other_form_is_not_outside(sqlite_node):
    sqlite_node.run("domain", "add", "bücher.example", "--next-hop", "127.0.0.1:9")
    alice = writer(sqlite_node)
    page = alice.submit_files(alice.get("/compose"), r"/compose$", [], text="Marmalade.",
                              to="zoe@xn--bcher-kva.example, yan@BÜCHER.example")
    assert "Please check" not in page.text


@pytest.mark.parametrize("text", ["Please find the plan attached.", "Der Plan ist im Anhang."])
def test_a_file_that_is_spoken_of_and_missing_is_asked_for(sqlite_node, text):
    alice = writer(sqlite_node)
    fields = {"to": BOB, "subject": "Plan", "text": text}
    page = alice.submit_files(alice.get("/compose"), r"/compose$", [], **fields)
    assert "speaks of an attachment" in page.text and sqlite_node.json("message", "list") == []
    files = [("files", "plan.txt", "text/plain", b"plan")]
    assert "sent=1" in alice.submit_files(page, r"/compose$", files, **fields).url
    assert "sent=1" in compose(alice, **fields).url


def test_addresses_written_to_before_are_offered_to_their_writer_alone(node):
    alice, bob = writer(node), writer(node, BOB)
    compose(alice, to=f"Carol the Difficult <{CAROL}>", bcc=ERIN)
    page = alice.get("/compose").text
    assert f'<option value="{CAROL}">' in page and f'<option value="{ERIN}">' in page and "Difficult" not in page
    assert CAROL not in bob.get("/compose").text
