"""An address that several people use: each signs in as themselves, and what they read has their name."""

import re

from support import maildir, portal, rows, smtp, wait
from support.browser import Browser
from support.commands import Sender, events, facts, text_of
from test_deleted import post

ALICE, ORDERS = "alice@acme.example", "orders@partner.example"
DANA, MAX = "dana@partner.example", "max@partner.example"


def send(node, to, subject, **more):
    before = len([m for m in node.outbox.to(to) if "<notification" in m["Message-ID"]])
    smtp.send(node.smtp_port, smtp.make(to=to, subject=f"{subject} [secure]", text="Only for you.", **more))
    return portal.link_for(node, to, before + 1)


def codes(node, address):
    return len([m for m in node.outbox.to(address) if m["Message-ID"].startswith("<code")])


def sign_in(node, link, address):
    return portal.sign_in_by_link(node, link, address, codes(node, address) + 1)[0]


def told(node, address, *words):
    """A mail about a change came to the address, with these words."""
    return wait.until(lambda: [m for m in node.outbox.to(address) if m["Message-ID"].startswith("<changed")
                               and all(w in maildir.text_of(m) for w in words)], f"a mail to {address}")


def prove(node, browser, address, use="shared"):
    """The page after the right code for an address."""
    count = codes(node, address)
    page = browser.submit(browser.get("/settings/addresses"), r"/settings/addresses$", address=address)
    assert page.path == "/settings/addresses/code", text_of(page)
    return browser.submit(page, r"/code$", code=portal.code_for(node, address, count + 1), use=use)


def subjects(browser, folder="inbox"):
    return re.findall(r'<span class="row-subject"><bdi>([^<]*)', browser.get(f"/{folder}").text)


def go(browser, address=ORDERS):
    """Into the mailbox that is shared."""
    page = browser.get("/mailboxes")
    form = re.search(r'action="(/mailboxes/[^"]+)"(?:(?!</form>).)*?<bdi[^>]*>' + re.escape(address), page.text, re.S)
    return browser.submit(page, re.escape(form[1]))


def go_home(browser):
    page = browser.get("/mailboxes")
    form = re.search(r'action="(/mailboxes/[^"]+)"(?:(?!</form>).)*?<button[^>]*><span>(?!<bdi)', page.text, re.S)
    return browser.submit(page, re.escape(form[1]))


def at_offer(node):
    alice = Sender(node)
    alice.path = re.search(r'<a href="(/message/[^"]+)"(?:(?!<a ).)*?row-subject"><bdi>Offer',
                           alice.browser.get("/sent").text, re.S)[1]
    return alice


def evidence(alice):
    """What is known of the recipients."""
    page = alice.page().text
    return text_of(type(alice.page())(200, "", {}, page[page.index("<article"):page.index("</article")].encode()))


def name(browser, called):
    assert browser.submit(browser.get("/settings"), r"/choices$", name=called, language="en", time_zone="UTC").status == 200


def test_two_people_read_one_address_each_under_their_name(node):
    link = send(node, ORDERS, "Offer")
    dana, max_ = (sign_in(node, send(node, a, "Own"), a) for a in (DANA, MAX))
    name(dana, "Dana Doe")
    assert "shared" in text_of(prove(node, dana, ORDERS))
    # R15: what came to it is in a mailbox of its own, and in nobody else's.
    assert subjects(dana) == ["Own"] and dana.get(link).path.startswith("/m/")
    prove(node, max_, ORDERS)
    for address in (DANA, ORDERS):
        told(node, address, MAX, ORDERS)
    assert MAX in text_of(dana.get("/settings/addresses"))
    # R8: the link leads there.
    page = dana.submit(dana.get(link), r"/mailboxes/")
    assert page.path.startswith("/message/") and "Offer" in text_of(page)
    alice = at_offer(node)
    page = evidence(alice)
    assert "by Dana Doe (dana@partner.example)" in page and MAX not in page
    # R13: who has not seen the body has not read it; whoever has is named.
    go(max_)
    assert subjects(max_) == ["Offer"] and MAX not in evidence(alice)
    max_.get(link)
    page = evidence(alice)
    assert "by Dana Doe (dana@partner.example)" in page and "by max@partner.example" in page


def test_the_mailbox_is_one_for_all(node):
    link = send(node, ORDERS, "Offer")
    dana, max_ = (sign_in(node, send(node, a, "Own"), a) for a in (DANA, MAX))
    for browser in (dana, max_):
        prove(node, browser, ORDERS)
        go(browser)
    path = dana.get(link).path
    dana.submit(dana.get(path), r"/delete$")
    # R9: deleted on the other's next page, too.
    assert subjects(max_) == [] and subjects(max_, "deleted") == ["Offer"]
    asked = post(max_, max_.get("/deleted"), "/destroy", id=path.split("/")[2])
    assert "gone for all of you" in text_of(asked)
    max_.submit(max_.get("/deleted"), r"/restore$", id=path.split("/")[2])
    assert subjects(dana) == ["Offer"]
    actors = [e["by"] for e in facts(node, offer_id(node))["events"] if e["event"].startswith("copy.")]
    assert len(set(actors)) == 2
    # The own mailbox is as it was.
    go_home(dana)
    assert subjects(dana) == ["Own"] and dana.get(path).status == 404


def offer_id(node):
    return next(m["id"] for m in node.json("message", "list")
                if m["kind"] == "secured" and ORDERS in str(node.json("message", "show", m["id"])))


def test_an_answer_comes_from_the_shared_address_and_names_who_wrote_it(node):
    link = send(node, ORDERS, "Offer")
    dana = sign_in(node, send(node, DANA, "Own"), DANA)
    name(dana, "Dana Doe")
    prove(node, dana, ORDERS)
    go(dana)
    path = dana.get(link).path
    dana.submit_files(dana.get(path + "/reply"), r"/reply$", [], text="We take it.")
    answer = wait.until(lambda: node.outbox.to(ALICE), "the answer")[-1]
    assert "Dana Doe" in answer["From"] and ORDERS in answer["From"] and DANA not in answer.as_string()
    assert subjects(dana, "sent") == ["Re: Offer"]


def test_a_code_to_it_opens_nothing_before_it_is_said_who_it_is(node):
    link = send(node, ORDERS, "Offer")
    dana = sign_in(node, send(node, DANA, "Own"), DANA)
    prove(node, dana, ORDERS)
    # Max is known to nobody here yet.
    max_, page = portal.sign_in_by_link(node, link, ORDERS, codes(node, ORDERS) + 1)
    assert page.path == "/sign-in/self" and ORDERS in text_of(page) and "Offer" not in text_of(page)
    assert max_.get("/inbox").path == "/sign-in/self" and max_.get("/settings").path == "/sign-in/self"
    assert "person.signed-in" not in events(node, offer_id(node))
    for wrong in (ORDERS, ALICE, "nothing"):
        assert max_.submit(max_.get("/sign-in/self"), r"/self$", address=wrong).status == 422
    page = max_.submit(max_.get("/sign-in/self"), r"/self$", address=MAX)
    page = max_.submit(page, r"/code$", code=portal.code_for(node, MAX))
    assert subjects(max_) == ["Offer"] and "shared mailbox" in text_of(max_.get("/inbox"))
    told(node, DANA, MAX, ORDERS)
    # From now on the own address is enough.
    max_ = Browser(node)
    count = codes(node, MAX)
    page = max_.submit(max_.get("/sign-in"), r"/sign-in", address=MAX)
    page = max_.submit(page, r"/send-code$")
    max_.submit(page, r"/code$", code=portal.code_for(node, MAX, count + 1))
    page = max_.submit(max_.get(link), r"/mailboxes/")
    assert "Offer" in text_of(page)


def test_r15_whoever_proved_it_and_signs_in_as_one_of_the_accounts_own_people_does_not_come_in(node):
    """Who of the organisation reads what came to an address outside is its administrator's to say."""
    link = send(node, ORDERS, "Offer")
    dana = sign_in(node, send(node, DANA, "Own"), DANA)
    prove(node, dana, ORDERS)
    alice, page = portal.sign_in_by_link(node, link, ORDERS, codes(node, ORDERS) + 1)
    assert page.path == "/sign-in/self"
    page = alice.submit(alice.get("/sign-in"), r"/sign-in$", address=ALICE)
    alice.submit(page, r"/password$", password="correct horse battery")
    assert f"signed in as {ALICE}" in text_of(alice.get("/settings")) and subjects(alice) == []
    assert "Offer" not in text_of(alice.get(link)) and members(node) == 1
    assert subjects(alice, "sent") != [] and "Offer" in " ".join(subjects(alice, "sent"))


def test_r15_whoever_proved_it_and_signs_in_at_another_account_does_not_come_in(node):
    node.run("account", "add", "beta", "--display-name", "Beta")
    node.run("domain", "add", "beta.example", "--account", "beta", "--next-hop", "127.0.0.1:1")
    node.run("source", "add", "--network", "127.0.0.1/32", "--account", "beta")
    link = send(node, ORDERS, "Offer")
    dana = sign_in(node, send(node, DANA, "Own"), DANA)
    prove(node, dana, ORDERS)
    xenia = "xenia@beta.example"
    smtp.send(node.smtp_port, smtp.make(sender=xenia, to=MAX, subject="Own [secure]"), sender=xenia)
    max_, page = portal.sign_in_by_link(node, link, ORDERS, codes(node, ORDERS) + 1)
    assert page.path == "/sign-in/self"
    page = max_.submit(max_.get(portal.link_for(node, MAX)), r"/code$")
    max_.submit(page, r"/code$", code=portal.code_for(node, MAX))
    assert subjects(max_) == ["Own"] and ORDERS not in text_of(max_.get("/mailboxes"))
    assert members(node) == 1 and MAX not in text_of(dana.get("/settings/addresses"))


def test_who_has_a_private_address_is_told_and_may_end_it(node):
    link = send(node, ORDERS, "Offer")
    dana, max_ = (sign_in(node, send(node, a, "Own"), a) for a in (DANA, MAX))
    prove(node, dana, ORDERS, use="mine")
    assert sorted(subjects(dana)) == ["Offer", "Own"]
    prove(node, max_, ORDERS)
    told(node, DANA, MAX, ORDERS)
    assert go(max_).path == "/inbox" and go(dana).path == "/inbox"
    page = dana.get("/settings/addresses")
    form = next(f for f in page.forms if f["action"].endswith("/leave")
                and re.search(f["fields"]["person"] + r'"(?:(?!</form>).)*' + MAX, page.text, re.S))
    dana.request(form["action"], "&".join(f"{k}={v}" for k, v in form["fields"].items()).encode(),
                 {"Content-Type": "application/x-www-form-urlencoded", "Origin": dana.base})
    told(node, MAX, MAX, "no longer reads")
    # R7: at once, also where it is open.
    assert max_.get("/inbox").path == "/sign-in" and "Offer" not in text_of(max_.get(link))
    assert subjects(dana) == ["Offer"]


def test_r15_only_its_people_change_who_uses_it(node):
    send(node, ORDERS, "Offer")
    dana, eve = (sign_in(node, send(node, a, "Own"), a) for a in (DANA, "eve@friend.example"))
    prove(node, dana, ORDERS)
    page = dana.get("/settings/addresses")
    form = next(f for f in page.forms if f["action"].endswith("/leave"))
    token = eve.get("/settings/addresses").forms[-1]["fields"]["csrf"]
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": eve.base}
    for path, fields in (("/settings/addresses/leave", f"id={form['fields']['id']}&person={form['fields']['person']}"),
                         ("/settings/addresses/share", f"id={form['fields']['id']}"),
                         (f"/mailboxes/{form['fields']['id']}", "next=/inbox")):
        assert eve.request(path, f"csrf={token}&{fields}".encode(), headers).status == 404, path
    assert go(dana).path == "/inbox" and subjects(dana) == ["Offer"]


def test_the_only_one_may_share_it_and_take_that_back(node):
    link = send(node, ORDERS, "Offer")
    orders = sign_in(node, link, ORDERS)
    other = sign_in(node, link, ORDERS)
    page = orders.submit(orders.get("/settings/addresses"), r"/share$")
    assert page.path == "/sign-in/self" and other.get("/inbox").path == "/sign-in"
    orders.submit(page, r"/alone$")
    orders = sign_in(node, link, ORDERS)
    assert subjects(orders) == ["Offer"]
    page = orders.submit(orders.get("/settings/addresses"), r"/share$")
    page = orders.submit(page, r"/self$", address=DANA)
    orders.submit(page, r"/code$", code=portal.code_for(node, DANA))
    assert subjects(orders) == ["Offer"]
    # The last one gone, the address signs in as itself again.
    orders.submit(orders.get("/settings/addresses"), r"/leave$")
    assert orders.get("/inbox").path == "/sign-in"
    orders = sign_in(node, link, ORDERS)
    assert subjects(orders) == ["Offer"] and "shared mailbox" not in text_of(orders.get("/inbox"))


def test_settings_in_a_shared_mailbox_are_the_persons_own(node):
    send(node, ORDERS, "Offer")
    dana = sign_in(node, send(node, DANA, "Own"), DANA)
    prove(node, dana, ORDERS)
    go(dana)
    page = dana.get("/settings")
    assert f"signed in as {DANA}" in text_of(page)
    page = dana.submit(dana.get("/settings/password"), r"/password$", password="correct horse battery")
    _, page = portal.sign_in_by_password(node, DANA)
    assert page.path == "/inbox"
    _, page = portal.sign_in_by_password(node, ORDERS)
    assert page.status == 422
    assert subjects(dana) == ["Offer"]


def test_r4_a_recall_ends_it_for_all_of_them(node):
    link = send(node, ORDERS, "Offer")
    dana = sign_in(node, send(node, DANA, "Own"), DANA)
    prove(node, dana, ORDERS)
    go(dana)
    path = dana.get(link).path
    alice = at_offer(node)
    alice.recall()
    assert dana.get(path).status == 410 and subjects(dana) == []


def test_r14_the_link_of_an_ended_message_promises_nothing_but_who_sent_it(sqlite_node):
    node = sqlite_node
    link = send(node, ORDERS, "Offer")
    dana = sign_in(node, send(node, DANA, "Own"), DANA)
    prove(node, dana, ORDERS)
    assert "Open the message" in dana.get(link).text
    rows.execute(node, ["UPDATE message SET expires_at = sent_at + 1"])
    page = dana.get(link)
    assert "Open the message" not in page.text and "See who sent it" in page.text
    ended = dana.submit(page, r"/mailboxes/")
    assert ended.status == 410 and "Alice" in text_of(ended), text_of(ended)


def fill(node, count):
    """So many more people use the address."""
    many = [f"m{i}@many.example" for i in range(count)]
    smtp.send(node.smtp_port, smtp.make(to=many[:1], subject="Own [secure]"), recipients=many)
    rows.execute(node, ["INSERT INTO address_member (address_id, person_id, since) SELECT a.id, p.id, 1 FROM person a, person p"
                        f" WHERE a.address_key = '{ORDERS}' AND p.address_key LIKE '%@many.example'"])


def members(node):
    return int(rows.query(node, "SELECT COUNT(*) FROM address_member")[0][0])


def test_fifty_people_are_the_most_and_whoever_comes_next_is_told_so(node):
    link = send(node, ORDERS, "Offer")
    dana = sign_in(node, send(node, DANA, "Own"), DANA)
    prove(node, dana, ORDERS)
    fill(node, 49)
    max_ = sign_in(node, send(node, MAX, "Own"), MAX)
    page = prove(node, max_, ORDERS)
    assert page.status == 422 and "50 people are the most" in text_of(page)
    # The other way in: by a code to the address itself.
    other, page = portal.sign_in_by_link(node, link, ORDERS, codes(node, ORDERS) + 1)
    count = codes(node, MAX)
    page = other.submit(page, r"/self$", address=MAX)
    page = other.submit(page, r"/code$", code=portal.code_for(node, MAX, count + 1))
    assert page.status == 409 and "has no place left" in text_of(page)
    # That browser is barred for as long as it remembers the address, and no other is.
    node.move_clock(16 * 60 * 1000)
    count = codes(node, MAX)
    page = other.submit(other.submit(other.get("/sign-in"), r"/sign-in", address=MAX), r"/send-code$")
    assert other.submit(page, r"/code$", code=portal.code_for(node, MAX, count + 1)).status == 200
    assert subjects(other) == ["Own"]
    assert members(node) == 50 and max_.get(link).path.startswith("/m/")
    assert not [m for m in node.outbox.to(DANA) if MAX in maildir.text_of(m)]


def test_the_last_place_goes_to_one_of_two_who_come_at_once(node):
    send(node, ORDERS, "Offer")
    dana = sign_in(node, send(node, DANA, "Own"), DANA)
    prove(node, dana, ORDERS)
    fill(node, 48)
    comers = [sign_in(node, send(node, a, "Own"), a) for a in (MAX, "eve@friend.example")]
    asked = []
    for browser in comers:
        count = codes(node, ORDERS)
        page = browser.submit(browser.get("/settings/addresses"), r"/settings/addresses$", address=ORDERS)
        asked.append((browser, page, portal.code_for(node, ORDERS, count + 1)))
    ended = rows.race(node, f"select 1 from person where address_key = '{ORDERS}' for update", *[
        lambda b=b, p=p, c=c: b.submit(p, r"/code$", code=c, use="shared") for b, p, c in asked])
    assert sorted(page.status for page in ended) == [200, 422] and members(node) == 50
