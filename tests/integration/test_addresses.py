"""One person, many addresses: added by a code, read in one place, answered from the address that was written to."""

import re
import time
import urllib.parse

from support import maildir, portal, rows, smtp, totp, wait
from support.commands import Sender, events, text_of

ALICE, CAROL, OTHER = "alice@acme.example", "carol@partner.example", "carol.c@friend.example"


def send(node, to, subject, text="Only for you."):
    before = len([m for m in node.outbox.to(to) if "<notification" in m["Message-ID"]])
    smtp.send(node.smtp_port, smtp.make(to=to, subject=f"{subject} [secure]", text=text))
    return portal.link_for(node, to, before + 1)


def sign_in(node, link, address):
    codes = [m for m in node.outbox.to(address) if m["Message-ID"].startswith("<code")]
    return portal.sign_in_by_link(node, link, address, len(codes) + 1)[0]


def ask(browser, address):
    return browser.submit(browser.get("/settings/addresses"), r"/settings/addresses$", address=address)


def add(node, browser, address):
    """The page after the right code."""
    count = len([m for m in node.outbox.to(address) if m["Message-ID"].startswith("<code")])
    page = ask(browser, address)
    assert page.path == "/settings/addresses/code", text_of(page)
    return browser.submit(page, r"/code$", code=portal.code_for(node, address, count + 1))


def subjects(browser, folder="inbox"):
    return re.findall(r'<span class="row-subject"><bdi>([^<]*)', browser.get(f"/{folder}").text)


def message_named(browser, subject, folder="inbox"):
    return re.search(r'<a href="(/message/[^"]+)"(?:(?!<a ).)*?row-subject"><bdi>' + subject,
                     browser.get(f"/{folder}").text, re.S)[1]


def test_messages_to_all_addresses_are_in_one_inbox(node):
    first = send(node, CAROL, "One")
    second = send(node, OTHER, "Two")
    carol = sign_in(node, first, CAROL)
    assert subjects(carol) == ["One"]
    page = add(node, carol, OTHER)
    assert "Its messages are in your Inbox" in text_of(page)
    send(node, OTHER, "Three")
    assert subjects(carol) == ["Three", "Two", "One"]
    assert text_of(carol.get("/inbox")).count(f"To {OTHER}") == 2
    # R8: the link of the other address opens its message, for who is signed in and for who signs in by it.
    assert carol.get(second).path.startswith("/message/")
    other, page = portal.sign_in_by_link(node, second, OTHER, 2)
    assert "Two" in text_of(page) and subjects(other) == ["Three", "Two", "One"]
    assert f"signed in as {CAROL}" in text_of(other.get("/settings"))


def test_an_answer_comes_from_the_address_that_was_written_to(node):
    link = send(node, OTHER, "Two")
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    add(node, carol, OTHER)
    path = carol.get(link).path
    carol.submit_files(carol.get(path + "/reply"), r"/reply$", [], text="We take it.")
    answers = wait.until(lambda: node.outbox.to(ALICE), "the answer")
    assert OTHER in answers[-1]["From"] and CAROL not in answers[-1].as_string()
    assert text_of(carol.get("/sent")).count(f"From {OTHER}") == 1


def test_r15_senders_see_each_address_by_itself(node):
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    add(node, carol, OTHER)
    link = send(node, OTHER, "Two")
    alice = Sender(node)
    # R13: signing in by one address is no sign of who reads the other.
    assert "Signed in" not in text_of(alice.page())
    carol.get(link)
    page = alice.page().text
    page = page[page.index("<article"):page.index("</article")]
    assert OTHER in page and CAROL not in page and "Read" in page
    assert "body.shown" in events(node)


def test_r15_asking_for_an_address_tells_nothing_of_it(node):
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    dave = sign_in(node, send(node, "dave@partner.example", "Two"), "dave@partner.example")
    known, unknown = ask(carol, "dave@partner.example"), ask(carol, "nobody@partner.example")
    same = [re.sub(r"(dave|nobody)@partner\.example", "", p.text) for p in (known, unknown)]
    assert known.status == unknown.status == 200
    assert [re.sub(r'value="[^"]*"', "", t) for t in same][0] == [re.sub(r'value="[^"]*"', "", t) for t in same][1]
    # Only the code, in the browser that asked, is a proof.
    code = portal.code_for(node, "dave@partner.example", 2)
    assert dave.submit(ask(dave, "x@partner.example"), r"/code$", code=code).status == 422
    wrong = carol.submit(ask(carol, "dave@partner.example"), r"/code$", code=code)
    assert wrong.status == 422 and "This is not the code" in text_of(wrong)
    assert subjects(dave) == ["Two"] and subjects(carol) == ["One"]


def test_a_code_for_an_address_signs_nobody_in(node):
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    send(node, OTHER, "Two")
    ask(carol, OTHER)
    code = portal.code_for(node, OTHER)
    assert CAROL in maildir.text_of(node.outbox.to(OTHER)[-1])
    carol.submit(carol.get("/settings"), r"/sign-out$")
    page = carol.get("/sign-in/code")
    page = carol.submit(carol.get("/sign-in"), r"/sign-in", address=CAROL)
    page = carol.submit(page, r"/send-code$") if page.path == "/sign-in" else page
    page = carol.request("/sign-in/code", f"csrf={page.forms[0]['fields']['csrf']}&code={code}&link=&address=".encode(),
                         {"Content-Type": "application/x-www-form-urlencoded", "Origin": carol.base})
    assert page.status == 422 and carol.get("/inbox").path == "/sign-in"


def test_codes_end_after_five_tries_and_fifteen_minutes(sqlite_node):
    node = sqlite_node
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    page = ask(carol, OTHER)
    right = portal.code_for(node, OTHER)
    for _ in range(5):
        page = carol.submit(page, r"/addresses/code$", code="00000000" if right != "0000 0000" else "11111111")
        assert page.status == 422
    assert carol.submit(page, r"/addresses/code$", code=right).status == 422
    page = ask(carol, OTHER)
    right = portal.code_for(node, OTHER, 2)
    node.move_clock(16 * 60 * 1000)
    assert carol.submit(page, r"/addresses/code$", code=right).status == 422
    assert "1" == str(text_of(carol.get("/settings/addresses")).count("main address"))
    assert OTHER not in carol.get("/settings/addresses").text


def test_a_second_factor_is_not_passed_by_adding(node):
    link = send(node, OTHER, "Two")
    other = sign_in(node, link, OTHER)
    page = other.submit(other.get("/settings/second-factor"), r"/new$")
    secret = re.search(r"<strong[^>]*>([A-Z2-7 ]{20,})</strong>", page.text)[1].replace(" ", "")
    other.submit(page, r"/confirm$", code=totp.code(secret))
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    page = add(node, carol, OTHER)
    assert page.status == 422 and "second factor" in text_of(page)
    assert subjects(carol) == ["One"] and subjects(other) == ["Two"]


def test_an_address_joins_with_all_that_were_added_to_it(node):
    dave = sign_in(node, send(node, "dave@partner.example", "Three"), "dave@partner.example")
    send(node, OTHER, "Two")
    add(node, dave, OTHER)
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    add(node, carol, "dave@partner.example")
    assert sorted(subjects(carol)) == ["One", "Three", "Two"]
    assert dave.get("/inbox").path == "/sign-in"


def test_an_added_address_goes_to_whoever_proves_it_next(node):
    dave = sign_in(node, send(node, "dave@partner.example", "Three"), "dave@partner.example")
    link = send(node, OTHER, "Two")
    add(node, dave, OTHER)
    by_other, _ = portal.sign_in_by_link(node, link, OTHER, 2)
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    add(node, carol, OTHER)
    assert subjects(dave) == ["Three"] and sorted(subjects(carol)) == ["One", "Two"]
    # R7: the way in by that address is closed.
    assert by_other.get("/inbox").path == "/sign-in"
    assert carol.get(link).path.startswith("/message/") and dave.get(link).path.startswith("/m/")


def test_a_removed_address_signs_in_as_itself_again(node):
    link = send(node, OTHER, "Two")
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    add(node, carol, OTHER)
    by_other, _ = portal.sign_in_by_link(node, link, OTHER, 2)
    page = by_other.submit(by_other.get("/settings/addresses"), r"/remove$")
    assert page.status == 422 and "signed in with this address" in text_of(page)
    page = carol.submit(carol.get("/settings/addresses"), r"/remove$")
    assert "removed" in text_of(page) and subjects(carol) == ["One"]
    assert by_other.get("/inbox").path == "/sign-in"
    other, _ = portal.sign_in_by_link(node, link, OTHER, 3)
    assert subjects(other) == ["Two"]
    # R15: what is not one of the own is not there.
    forms = carol.get("/settings/addresses")
    data = f"csrf={forms.forms[-1]['fields']['csrf']}&id={'0' * 26}".encode()
    assert carol.request("/settings/addresses/remove", data, {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": carol.base}).status == 404


def test_ten_addresses_are_the_most_and_those_of_the_other_one_count(node):
    """Asked for at nine: what signs in as the new one comes along, so that all of them have to find room."""
    further = [f"m{i}@many.example" for i in range(9)]
    smtp.send(node.smtp_port, smtp.make(to=CAROL, subject="One [secure]"), recipients=[CAROL, OTHER, *further])
    carol = sign_in(node, portal.link_for(node, CAROL), CAROL)
    joined = ("UPDATE person SET joined_at = 1, main_id = (SELECT p.id FROM person p WHERE p.address_key = '{}')"
              " WHERE address_key {}")
    rows.execute(node, [joined.format(CAROL, "LIKE 'm%@many.example' AND address_key < 'm8'"),
                        joined.format(OTHER, "= 'm8@many.example'")])
    own = lambda: carol.get("/settings/addresses").text.count("@many.example")
    held = own()
    page = add(node, carol, OTHER)
    assert page.status == 422 and "10 addresses are the most" in text_of(page) and own() == held
    rows.execute(node, ["UPDATE person SET main_id = NULL WHERE address_key = 'm8@many.example'"])
    assert "Its messages are in your Inbox" in text_of(add(node, carol, OTHER))
    page = ask(carol, "m8@many.example")
    assert page.status == 422 and "10 addresses are the most" in text_of(page)


def test_addresses_of_the_account_are_its_administrators(sqlite_node):
    carol = sign_in(sqlite_node, send(sqlite_node, CAROL, "One"), CAROL)
    for address in (ALICE, "nobody@acme.example"):
        page = ask(carol, address)
        assert page.status == 422 and "administrator" in text_of(page)
    alice, _ = portal.sign_in_by_password(sqlite_node, ALICE)
    assert alice.get("/settings/addresses").status == 404
    (own,), = rows.query(sqlite_node, f"select hex(id) from person where address = '{ALICE}'")
    csrf = re.search(r'name="csrf" value="([^"]+)"', alice.get("/settings").text)[1]
    for path, fields in (("", {"address": OTHER}), ("/share", {"id": rows.id_text(own)})):
        forged = alice.request(f"/settings/addresses{path}", urllib.parse.urlencode({"csrf": csrf, **fields}).encode(),
                               {"Content-Type": "application/x-www-form-urlencoded", "Origin": sqlite_node.url})
        assert forged.status in (403, 404), path
    assert ask(carol, CAROL).status == 422
    assert sqlite_node.outbox.to(OTHER) == [] and alice.get("/inbox").path == "/inbox"


def test_a_message_that_comes_while_an_address_is_added_is_not_lost(node):
    """The row of the address is held: mail for it, and whoever adds it, go one after the other."""
    link = send(node, OTHER, "Two")
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    page = ask(carol, OTHER)
    code = portal.code_for(node, OTHER)
    rows.race(node, f"select 1 from person where address_key = '{OTHER}' for update",
              lambda: smtp.send(node.smtp_port, smtp.make(to=OTHER, subject="Three [secure]")),
              lambda: carol.submit(page, r"/addresses/code$", code=code))
    assert sorted(subjects(carol)) == ["One", "Three", "Two"]
    count = rows.query(node, "select f.total, f.unread from folder_count f join person p on p.id = f.person_id"
                             f" where p.address_key = '{CAROL}' and f.folder = 1")
    assert count == [("3", "2")]
    assert carol.get(link).path.startswith("/message/")


def test_two_people_adding_each_other_at_once_end_with_one(node):
    dave = sign_in(node, send(node, "dave@partner.example", "Two"), "dave@partner.example")
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    pages = [(carol, ask(carol, "dave@partner.example")), (dave, ask(dave, CAROL))]
    codes = [portal.code_for(node, "dave@partner.example", 2), portal.code_for(node, CAROL, 2)]

    def enter(browser, page, code):
        return lambda: browser.submit(page, r"/addresses/code$", code=code)
    rows.race(node, "select 1 from person for update",
              *(enter(b, p, c) for (b, p), c in zip(pages, codes)))
    left = [b for b in (carol, dave) if b.get("/inbox").path == "/inbox"]
    assert len(left) == 1 and sorted(subjects(left[0])) == ["One", "Two"]


def test_drafts_come_along(node):
    link = send(node, OTHER, "Two")
    other = sign_in(node, link, OTHER)
    path = other.get(link).path
    other.submit_files(other.get(path + "/reply"), r"/reply$", [], text="Not finished", do="save")
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    add(node, carol, OTHER)
    assert "Not finished" in text_of(carol.get("/drafts"))
    assert rows.query(node, "select count(*) from draft d join person p on p.id = d.person_id"
                            f" where p.address_key = '{CAROL}' and d.state = 1") == [("1",)]


def test_a_request_to_an_added_address_is_answered(sqlite_node):
    node = sqlite_node
    alice, _ = portal.sign_in_by_password(node, ALICE)
    alice.submit(alice.get("/requests/new"), r"/requests", to=OTHER, purpose="The plan, please")
    mail = wait.until(lambda: [m for m in node.outbox.to(OTHER) if "<request" in m["Message-ID"]], "the request")[0]
    link = re.search(r"https://\S+/m/\S+", maildir.text_of(mail))[0]
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    add(node, carol, OTHER)
    page = carol.get(link)
    assert page.path.startswith("/request/")
    page = carol.submit_files(page, r"/request/", [], text="Here it is.")
    answer = wait.until(lambda: node.outbox.to(ALICE), "the answer")[-1]
    assert OTHER in answer["From"]


def test_another_address_becomes_the_main_one_and_all_ways_in_stay(node):
    first, second = send(node, CAROL, "One"), send(node, OTHER, "Two")
    carol = sign_in(node, first, CAROL)
    add(node, carol, OTHER)
    carol.submit(carol.get("/settings/password"), r"/password$", password="correct horse battery")
    page = carol.submit(carol.get("/settings/second-factor"), r"/new$")
    secret = re.search(r"<strong[^>]*>([A-Z2-7 ]{20,})</strong>", page.text)[1].replace(" ", "")
    page = carol.submit(page, r"/confirm$", code=totp.code(secret))
    recovery = re.findall(r"[a-z0-9]{4}(?:-[a-z0-9]{4}){3}", text_of(page))[0]
    page = carol.submit(carol.get("/settings/addresses"), r"/main$")
    assert "your main address now" in text_of(page)
    for address in (CAROL, OTHER):
        wait.until(lambda: [m for m in node.outbox.to(address) if m["Message-ID"].startswith("<changed")
                            and f"is now {OTHER}" in maildir.text_of(m)], f"a mail to {address}")
    assert sorted(subjects(carol)) == ["One", "Two"]
    assert f"signed in as {OTHER}" in text_of(carol.get("/settings"))
    # By either address, with the same password, second factor and recovery codes.
    for address, code in ((CAROL, recovery), (OTHER, totp.code(secret, (time.time() + 30) * 1000))):
        browser, page = portal.sign_in_by_password(node, address)
        assert page.path == "/sign-in/second-factor"
        browser.submit(page, r"/second-factor$", code=code)
        assert sorted(subjects(browser)) == ["One", "Two"], address
    # What comes to the one before is in the same Inbox, until it is removed.
    send(node, CAROL, "Three")
    assert sorted(subjects(carol)) == ["One", "Three", "Two"]
    browser.submit(browser.get("/settings/addresses"), r"/remove$")
    assert subjects(browser) == ["Two"]
    # R13, R15: evidence stays that of the address that was written to.
    page = Sender(node).page().text
    assert OTHER not in page[page.index("<article"):page.index("</article")]
    # Only one's own can be chosen.
    token = browser.get("/settings/addresses").forms[-1]["fields"]["csrf"]
    assert browser.request("/settings/addresses/main", f"csrf={token}&id={'0' * 26}".encode(), {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": browser.base}).status == 404
