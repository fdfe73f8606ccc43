"""Two nodes change at once what addresses are joined to: no message, address or place in a list is lost by it."""

import pytest
from support import portal, rows, smtp, wait
from test_addresses import CAROL, OTHER, add, ask, send, sign_in, subjects

DAVE = "dave@partner.example"
ROWS = "select 1 from person for no key update"


def row_of(address):
    return f"select 1 from person where address_key = '{address}' for no key update"


def mail(node, *to, subject="New", sender="alice@acme.example"):
    return lambda: smtp.send(node.smtp_port, smtp.make(sender, list(to), f"{subject} [secure]"), sender=sender)


def joins(node, browser, address, count):
    """Adds the address when it is called; the code is asked for now."""
    page = ask(browser, address)
    code = portal.code_for(node, address, count)
    return lambda: browser.submit(page, r"/addresses/code$", code=code)


def removes(browser):
    page = browser.get("/settings/addresses")
    return lambda: browser.submit(page, r"/remove$")


def makes_main(browser):
    page = browser.get("/settings/addresses")
    return lambda: browser.submit(page, r"/main$")


@pytest.fixture
def people(node):
    """Carol, and Dave with a further address."""
    before = rows.deadlocks(node)
    dave = sign_in(node, send(node, DAVE, "To Dave"), DAVE)
    send(node, OTHER, "To the other")
    add(node, dave, OTHER)
    carol = sign_in(node, send(node, CAROL, "To Carol"), CAROL)
    yield carol, dave
    wait.until(lambda: not rows.strays(node), "every copy to be where its person reads", 2)
    assert rows.deadlocks(node) == before


def test_mail_for_a_further_address_while_its_person_joins_another(node, people):
    carol, _ = people
    rows.race(node, row_of(OTHER), mail(node, OTHER), joins(node, carol, DAVE, 2))
    assert sorted(subjects(carol)) == ["New", "To Carol", "To Dave", "To the other"]


@pytest.mark.parametrize("first", ["join", "remove"])
def test_an_address_is_removed_while_its_person_joins_another(node, people, first):
    carol, dave = people
    acts = [joins(node, carol, DAVE, 2), removes(dave)]
    rows.race(node, ROWS, *(acts if first == "join" else acts[::-1]))
    expected = ["To Carol", "To Dave"] + (["To the other"] if first == "join" else [])
    assert sorted(subjects(carol)) == expected
    mail(node, OTHER)()
    assert ("New" in subjects(carol)) == (first == "join")


@pytest.mark.parametrize("first", ["join", "main"])
def test_another_address_becomes_the_main_one_while_its_person_joins_another(node, people, first):
    carol, dave = people
    acts = [joins(node, carol, DAVE, 2), makes_main(dave)]
    rows.race(node, ROWS, *(acts if first == "join" else acts[::-1]))
    # Dave's address is one further address of the other by then, and it alone is what Carol proved.
    expected = ["To Carol", "To Dave"] + (["To the other"] if first == "join" else [])
    assert sorted(subjects(carol)) == expected


def test_two_who_join_each_other_end_with_one(node, people):
    carol, dave = people
    rows.race(node, ROWS, joins(node, carol, DAVE, 2), joins(node, dave, CAROL, 2))
    left = [b for b in (carol, dave) if b.get("/inbox").path == "/inbox"]
    assert len(left) == 1 and sorted(subjects(left[0])) == ["To Carol", "To Dave", "To the other"]


def test_mails_to_the_same_people_and_a_join_of_them_do_not_wait_for_each_other(node, people):
    carol, _ = people
    middle = "d@partner.example"
    send(node, middle, "To the middle")
    rows.race(node, row_of(middle), mail(node, CAROL, middle, DAVE, subject="First"),
              mail(node, DAVE, middle, CAROL, subject="Second", sender="bob@acme.example"), joins(node, carol, DAVE, 2))
    assert sorted(subjects(carol)) == ["First", "First", "Second", "Second", "To Carol", "To Dave", "To the other"]


def test_whoever_signs_in_by_what_another_person_proves_meanwhile_is_not_in(node, people):
    carol, dave = people
    dave.submit(dave.get("/settings/password"), r"/password$", password="seventeen blue herons")
    held = {}

    def sign_in_as_dave():
        held["browser"], held["page"] = portal.sign_in_by_password(node, DAVE, "seventeen blue herons")
    rows.race(node, row_of(DAVE), joins(node, carol, DAVE, 2), sign_in_as_dave)
    assert held["browser"].get("/inbox").path == "/sign-in"
    assert rows.query(node, "select count(*) from session s join person p on p.id = s.person_id"
                            " where p.main_id is not null") == [("0",)]


def test_a_password_that_was_changed_or_taken_while_it_was_tried_opens_nothing(node, people):
    _, dave = people
    dave.submit(dave.get("/settings/password"), r"/password$", password="seventeen blue herons")
    held = {}

    def sign_in_as_dave():
        held["browser"], _ = portal.sign_in_by_password(node, DAVE, "seventeen blue herons")
    rows.race(node, row_of(DAVE), lambda: dave.submit(dave.get("/settings/password"), r"/password$", password="eighteen grey herons"),
              sign_in_as_dave)
    assert held["browser"].get("/inbox").path == "/sign-in" and dave.get("/inbox").path == "/inbox"
    dave.submit(dave.get("/settings/password"), r"/password$", password="seventeen blue herons")
    rows.race(node, row_of(DAVE), lambda: node.run("user", "sign-out", DAVE), sign_in_as_dave)
    assert held["browser"].get("/inbox").path == dave.get("/inbox").path == "/sign-in"
