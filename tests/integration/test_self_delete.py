"""Somebody from outside deletes the own account: what goes is gone at once, what the senders have stays."""

import re

import pytest
from support import maildir, portal, rows, smtp, wait
from support.commands import Sender, text_of
from test_addresses import ALICE, CAROL, OTHER, add, send, sign_in, subjects
from test_proof import LONG, asked
from test_restore import back_up, listed, restore
from test_shared import DANA, MAX, ORDERS, codes, go, prove
from test_shared import sign_in as sign_in_shared

PASSWORD = "seventeen blue herons"


def delete(browser, **fields):
    page = browser.get("/settings/delete")
    return browser.submit(page, r"/settings/delete$", **{"sure": "1", **fields})


def notices(node, address):
    return [re.sub(r"\s+", " ", maildir.text_of(m)) for m in node.outbox.to(address)
            if m["Message-ID"].startswith("<changed")]


def evidence(node):
    page = Sender(node).page().text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page[page.index("<article"):page.index("</article")]))


def test_all_goes_at_once_and_the_sender_sees_it(node):
    link = send(node, CAROL, "One")
    carol, page = portal.sign_in_by_link(node, link, CAROL)
    message = page.path
    carol.submit(carol.get("/settings/password"), r"/password$", password=PASSWORD)
    elsewhere, page = portal.sign_in_by_password(node, CAROL, PASSWORD)
    assert page.path == "/inbox"
    page = carol.get(message + "/reply")
    carol.submit_files(page, r"/reply", [], text="A draft", do="save")
    assert rows.query(node, "select count(*) from draft where state = 1") == [("1",)]
    assert delete(carol, sure="").status == 422 and carol.get("/inbox").path == "/inbox"
    page = delete(carol)
    assert page.path == "/sign-in" and "Your account is deleted" in page.text
    assert carol.get("/inbox").path == "/sign-in" and elsewhere.get("/inbox").path == "/sign-in"
    assert portal.sign_in_by_password(node, CAROL, PASSWORD)[1].status == 422
    assert rows.query(node, "select count(*) from draft where state = 1") == [("0",)]
    # Nobody but the sender has a key any more.
    assert rows.query(node, "select c.is_owner from wrap w join copy c on c.id = w.holder_id") == [("1",)]
    told, = wait.until(lambda: [m for m in notices(node, CAROL) if "was deleted from the secure messages of Acme" in m],
                       "the mail that confirms it")
    assert "/settings/sessions" not in told
    seen = evidence(node)
    assert "Read " in seen and "Account deleted by the person" in seen
    # The address starts as new, and the old message is no more.
    again, page = portal.sign_in_by_link(node, link, CAROL, 2)
    assert page.status == 410 and "Only for you" not in page.text
    assert subjects(again) == [] and subjects(again, "deleted") == []
    assert "You have no password" in again.get("/settings").text
    reader, page = portal.sign_in_by_link(node, send(node, CAROL, "Two"), CAROL, 3)
    assert "Only for you" in page.text and subjects(reader) == ["Two"]
    assert "Account deleted" not in evidence(node)  # of the newer message


def test_it_asks_who_it_is_and_goes_on(node):
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    node.move_clock(LONG)
    page = asked(delete(carol))
    assert subjects(carol) == ["One"]
    page = carol.submit(page, r"/prove/send-code$")
    page = carol.submit(page, r"/prove/code$", code=portal.code_for(node, CAROL, 2))
    assert page.path == "/sign-in" and carol.get("/inbox").path == "/sign-in"


def test_one_of_the_accounts_own_people_is_told_whom_to_ask(node):
    alice, _ = portal.sign_in_by_password(node, ALICE)
    page = alice.get("/settings/delete")
    assert "ask the administrator of Acme" in page.text
    assert not [form for form in page.forms if form["action"] == "/settings/delete"]
    csrf = re.search(r'name="csrf" value="([^"]*)"', page.text)[1]
    page = alice.request("/settings/delete", f"csrf={csrf}&sure=1".encode(),
                         {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert page.status == 403 and alice.get("/inbox").path == "/inbox"


def test_whoever_came_into_the_account_or_left_it_with_a_domain_is_kept_for_its_administrator_too(node):
    """Known from outside before the domain was the account's own, and known as one of its users after it was."""
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    alice, _ = portal.sign_in_by_password(node, ALICE)
    page = alice.get("/settings")
    csrf = re.search(r'name="csrf" value="([^"]*)"', page.text)[1]
    node.run("domain", "add", CAROL.split("@")[1], "--next-hop", "127.0.0.1:1")
    assert delete(carol).status == 403 and subjects(carol) == ["One"]
    node.run("domain", "remove", "acme.example", "--force")
    page = alice.request("/settings/delete", f"csrf={csrf}&sure=1".encode(),
                         {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert page.status == 403 and subjects(alice, "sent") == ["One"]
    # Nothing but the domain stood against it.
    node.run("domain", "remove", CAROL.split("@")[1], "--force")
    assert "Your account is deleted" in delete(carol).text


def test_further_addresses_are_their_own_again_with_nothing_left(node):
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    other_link = send(node, OTHER, "Two")
    add(node, carol, OTHER)
    assert subjects(carol) == ["Two", "One"]
    delete(carol)
    for address in (CAROL, OTHER):
        wait.until(lambda address=address: any("was deleted" in m for m in notices(node, address)), f"a mail to {address}")
    assert "Account deleted by the person" in evidence(node)  # of the message to the other address
    other, page = portal.sign_in_by_link(node, other_link, OTHER, 2)
    assert page.status == 410 and subjects(other) == []
    assert f"signed in as {OTHER}" in text_of(other.get("/settings"))
    assert rows.query(node, "select count(*) from person where main_id is not null") == [("0",)]


def test_a_shared_address_stays_with_the_others(node):
    send(node, ORDERS, "Offer")
    dana = sign_in_shared(node, send(node, DANA, "One"), DANA)
    prove(node, dana, ORDERS)
    max_ = sign_in_shared(node, send(node, MAX, "Two"), MAX)
    prove(node, max_, ORDERS)
    assert go(dana).path == "/inbox" and subjects(dana) == ["Offer"]
    assert "Others use this mailbox" not in dana.get("/settings/delete").text
    delete(dana)  # also from within the mailbox it is the own account
    assert dana.get("/inbox").path == "/sign-in"
    assert go(max_).path == "/inbox" and subjects(max_) == ["Offer"]
    assert DANA not in text_of(max_.get("/settings/addresses"))
    assert codes(node, ORDERS) == 2


def test_r6_a_restored_backup_brings_no_key_back(node):
    link = send(node, CAROL, "One")
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    wait.until(lambda: not rows.query(node, "select 1 from delivery where state = 1"), "the mails to be out")
    wait.until(lambda: rows.query(node, "select count(*) from wrap") == [("2",)], "the queue to be done with it")
    before = len(listed(node))
    backup = back_up(node)
    delete(carol)
    wait.until(lambda: len(listed(node)) > before, "the key to be listed")
    restore(node, backup)
    node.start()
    carol, page = portal.sign_in_by_link(node, link, CAROL, 2)
    assert page.status == 410 and "Only for you" not in page.text
    assert subjects(carol) == []
    assert rows.query(node, "select c.is_owner from wrap w join copy c on c.id = w.holder_id") == [("1",)]


HERS = f"select 1 from person where address_key = '{CAROL}' for no key update"


def readable(node):
    """Whose copies can be opened, by address."""
    return sorted(a for a, in rows.query(node, "select p.address from wrap w join copy c on c.id = w.holder_id"
                                               " join person p on p.id = c.person_id"))


def deletes(browser):
    page = browser.get("/settings/delete")
    return lambda: browser.submit(page, r"/settings/delete$", sure="1")


@pytest.mark.parametrize("order", [1, -1], ids=["mail-first", "deletion-first"])
def test_mail_that_comes_meanwhile_is_deleted_with_all_or_waits_for_whoever_comes_next(node, order):
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    rows.race(node, HERS, *[
        lambda: smtp.send(node.smtp_port, smtp.make(to=CAROL, subject="Two [secure]", text="Only for you.")),
        deletes(carol)][::order])
    assert carol.get("/inbox").path == "/sign-in"
    stays = CAROL in readable(node)
    assert readable(node) == [ALICE, ALICE] + stays * [CAROL]
    # R13: of each message the sender sees what is true of it.
    assert ("Account deleted by the person" in evidence(node)) == (not stays)
    again, page = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 2 if stays else 1), CAROL, 2)
    assert (page.status, subjects(again)) == ((200, ["Two"]) if stays else (410, []))
    assert not rows.strays(node)


@pytest.mark.parametrize("order", [1, -1], ids=["answer-first", "deletion-first"])
def test_r12_an_answer_sent_meanwhile_arrives_and_leaves_no_copy_or_is_refused(node, order):
    node.run("account", "set", "undo_seconds", "0")
    link = send(node, CAROL, "One")
    carol, page = portal.sign_in_by_link(node, link, CAROL)
    form = carol.get(page.path + "/reply")
    acts = [lambda: carol.submit(form, r"/reply$", text="Sixty."), deletes(carol)][::order]
    answer = rows.race(node, HERS, *acts)[::order][0]
    is_sent = len(node.json("message", "list")) == 2
    assert readable(node) == [ALICE] * (1 + is_sent)
    if is_sent:
        wait.until(lambda: [m for m in node.outbox.to(ALICE) if "Sixty." in maildir.text_of(m)], "the answer")
    else:
        assert answer.status == 403 and "session" in text_of(answer)
    again, _ = portal.sign_in_by_link(node, link, CAROL, 2)
    assert subjects(again, "sent") == [] and not rows.strays(node)


def test_a_draft_begun_meanwhile_stays_behind_nowhere(node):
    carol, page = portal.sign_in_by_link(node, send(node, CAROL, "One"), CAROL)
    form = carol.get(page.path + "/reply")
    rows.race(node, HERS, deletes(carol), lambda: carol.submit_files(form, r"/reply", [], text="A draft", do="save"))
    assert rows.query(node, "select count(*) from draft where state = 1") == [("0",)]


def test_r12_what_waits_to_be_undone_leaves_before_the_account_goes(node):
    carol, page = portal.sign_in_by_link(node, send(node, CAROL, "One"), CAROL)
    carol.is_hasty = False
    page = carol.submit(carol.get(page.path + "/reply"), r"/reply$", text="Sixty.")
    assert "/leaving/" in page.url
    assert delete(carol).path == "/sign-in"
    wait.until(lambda: [m for m in node.outbox.to(ALICE) if "Sixty." in maildir.text_of(m)], "the answer")
    assert readable(node) == [ALICE, ALICE]
