"""People: their passwords, their mailboxes in several accounts, and the ways in that stay open."""

import pytest
from support import portal, smtp, wait
from support.browser import Browser
from support.node import Node

INVALID = 6


@pytest.mark.parametrize("password, said", [
    ("äöüäö", "at least 10"),  # ten bytes
    ("password1!", "attackers try first"),
    ("1234567891", "attackers try first"),
    ("Sommer2027", "attackers try first"),
    ("acme123456", "guessed first"),
    ("Bob.2027.Acme", "guessed first"),
    ("x" * 257, "at most 256"),
])
def test_passwords_that_are_guessed_first_are_refused(sqlite_node, password, said):
    browser, _ = portal.sign_in_by_password(sqlite_node, "bob@acme.example")
    page = browser.submit(browser.get("/settings/password"), r"/settings/password", password=password)
    assert page.status == 422 and said in page.text
    _, page = portal.sign_in_by_password(sqlite_node, "bob@acme.example")
    assert page.path == "/inbox"  # with the one from before


def test_a_password_is_changed_and_other_sessions_end(node):
    other, _ = portal.sign_in_by_password(node, "bob@acme.example")
    browser, _ = portal.sign_in_by_password(node, "bob@acme.example")
    page = browser.submit(browser.get("/settings/password"), r"/settings/password", password="rain guitar 7 trees")
    assert page.path == "/settings"
    assert other.get("/inbox").path == "/sign-in"
    assert portal.sign_in_by_password(node, "bob@acme.example")[1].status == 422
    assert portal.sign_in_by_password(node, "bob@acme.example", "rain guitar 7 trees")[1].path == "/inbox"


def test_the_command_line_takes_no_guessable_password_either(sqlite_node):
    said = sqlite_node.run("user", "add", "eve@acme.example", "--name", "Eve Archer", "--password-stdin",
                           stdin="Acme2027 eve\n", code=INVALID)
    assert "easy to guess" in said
    sqlite_node.run("source", "add", "--user", "scanner", "--password-stdin", stdin="scanner2027\n", code=INVALID)


@pytest.fixture
def two_accounts(binary, database):
    """Acme, and Beta, which writes to Alice of Acme: she has a mailbox in both."""
    node = Node(binary, database).make_acme()
    node.run("account", "add", "beta", "--display-name", "Beta Corp")
    node.run("domain", "add", "beta.example", "--next-hop", "127.0.0.1:1", "--account", "beta")
    node.run("source", "add", "--network", "127.0.0.1/32", "--account", "beta")
    node.start()
    smtp.send(node.smtp_port, smtp.make(sender="xenia@beta.example", from_="xenia@beta.example",
                                        to="alice@acme.example", subject="From Beta [secure]"),
              sender="xenia@beta.example")
    node.link = portal.link_for(node, "alice@acme.example")
    yield node
    node.stop()
    node.close()


def sign_in_by_typed_code(node, address, codes=1):
    browser = Browser(node)
    page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address=address)
    page = browser.submit(page, r"/send-code$")
    return browser, browser.submit(page, r"/sign-in/code$", code=portal.code_for(node, address, codes))


def choose(browser, page, name):
    """The mailbox of that organisation, on the page where they are chosen."""
    place = page.text.index(name)
    action = [f["action"] for f in page.forms if "/mailboxes/" in f["action"]
              and page.text.index(f["action"]) < place][-1]
    return browser.submit(page, action)


def test_a_code_leads_to_all_mailboxes_of_the_address(two_accounts):
    node = two_accounts
    alice, page = sign_in_by_typed_code(node, "alice@acme.example")
    assert page.path == "/mailboxes" and "Acme" in page.text and "Beta Corp · 1 unread" in page.text
    assert "/compose" in alice.get("/inbox").text  # that of her own organisation until she chooses
    page = choose(alice, page, "Beta Corp")
    assert page.path == "/inbox" and "From Beta" in page.text and "/compose" not in page.text
    page = alice.get("/settings")
    assert "/mailboxes?next=/inbox" in page.links
    page = choose(alice, alice.get("/mailboxes"), ">Acme")
    assert page.path == "/inbox" and "From Beta" not in page.text and "/compose" in page.text


def test_r7_going_from_mailbox_to_mailbox_makes_no_session_last_longer(two_accounts):
    node = two_accounts
    alice, page = sign_in_by_typed_code(node, "alice@acme.example")
    for turn in range(13):  # within twelve hours
        page = choose(alice, alice.get("/mailboxes"), ("Beta Corp", ">Acme")[turn % 2])
        assert page.path == "/inbox", turn
        node.move_clock(55 * 60 * 1000)
    assert "From Beta" in alice.get("/inbox").text
    node.move_clock(10 * 60 * 1000)
    page = alice.get("/inbox")
    assert "From Beta" not in page.text and "/sign-in" in page.url


def test_a_link_leads_to_its_own_mailbox(two_accounts):
    _, page = portal.sign_in_by_link(two_accounts, two_accounts.link, "alice@acme.example")
    assert page.path.startswith("/message/") and "From Beta" in page.text


def test_a_password_stays_good_when_another_account_gets_one(two_accounts):
    node = two_accounts
    beta, _ = portal.sign_in_by_link(node, node.link, "alice@acme.example")
    page = beta.submit(beta.get("/settings/password"), r"/settings/password", password="other horse battery")
    assert page.path == "/settings"
    acme, page = portal.sign_in_by_password(node, "alice@acme.example")
    assert page.path == "/inbox" and "/compose" in page.text
    beta, page = portal.sign_in_by_password(node, "alice@acme.example", "other horse battery")
    assert page.path == "/inbox" and "From Beta" in page.text
    assert portal.sign_in_by_password(node, "alice@acme.example", "wrong horse battery")[1].status == 422
    browser = Browser(node)  # with a link, the password of its mailbox counts
    for password, status in (("correct horse battery", 422), ("other horse battery", 200)):
        page = browser.get("/sign-in/password?link=" + node.link.rsplit("/", 1)[1])
        assert browser.submit(page, r"/sign-in/password$", password=password).status == status


def test_r15_a_password_leads_to_no_other_mailbox_and_tells_of_none(two_accounts):
    node = two_accounts
    _, page = sign_in_by_typed_code(node, "alice@acme.example")
    ids = [f["action"].rsplit("/", 1)[1] for f in page.forms if "/mailboxes/" in f["action"]]
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    bob, _ = portal.sign_in_by_password(node, "bob@acme.example")
    for browser in (alice, bob):
        page = browser.get("/mailboxes")
        assert "Beta Corp" not in page.text and len([f for f in page.forms if "/mailboxes/" in f["action"]]) == 1
        assert "sign in with a code" in browser.get("/settings").text  # whether or not there is another
    other = [i for i in ids if not alice.get("/mailboxes").form("/mailboxes/")["action"].endswith(i)][0]
    page = alice.get("/mailboxes")
    page.form("/mailboxes/")["action"] = f"/mailboxes/{other}"
    assert alice.submit(page, f"/mailboxes/{other}").status == 404
    page = bob.get("/mailboxes")
    page.form("/mailboxes/")["action"] = f"/mailboxes/{other}"
    assert bob.submit(page, f"/mailboxes/{other}").status == 404


def test_a_new_password_shuts_out_sessions_of_the_other_mailbox(two_accounts):
    node = two_accounts
    left_open, _ = sign_in_by_typed_code(node, "alice@acme.example")
    beta, _ = portal.sign_in_by_link(node, node.link, "alice@acme.example", 2)
    node.move_clock(1000)
    beta.submit(beta.get("/settings/password"), r"/settings/password", password="other horse battery")
    page = left_open.get("/mailboxes")
    assert page.status == 200 and "Beta Corp" not in page.text
    assert "Beta Corp" in beta.get("/mailboxes").text


@pytest.mark.parametrize("how", ["the session ended", "signed out in another tab"])
def test_r7_signing_out_and_choosing_a_language_work_after_the_session(node, how):
    browser, page = portal.sign_in_by_password(node, "bob@acme.example")
    if how == "the session ended":
        node.move_clock(61 * 60 * 1000)
    else:
        assert "signed out" in browser.submit(page, r"/sign-out$").text
    german = browser.submit(page, r"/language$", language="de")
    assert german.status == 200 and german.path == "/sign-in" and 'lang="de"' in german.text
    english = browser.submit(page, r"/language$", language="en")
    assert 'lang="en"' in english.text
    left = browser.submit(page, r"/sign-out$")
    assert left.status == 200 and left.path == "/sign-in" and "signed out" in left.text
    assert not any(c.name == "__Host-session" for c in browser.cookies)


def test_a_session_is_ended_by_its_own_pages_only(sqlite_node):
    browser, page = portal.sign_in_by_password(sqlite_node, "bob@acme.example")
    for action in (r"/sign-out$", r"/language$"):
        assert browser.submit(page, action, csrf="0" * 52, language="de").status == 403
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://elsewhere.example"}
    assert browser.request("/sign-out", b"csrf=x", headers).status == 403
    assert browser.get("/inbox").path == "/inbox"


def test_r15_a_link_tells_nothing_of_passwords_and_says_who_is_signed_in(two_accounts):
    node = two_accounts
    smtp.send(node.smtp_port, smtp.make(to="carol@partner.example", subject="Offer [secure]"))
    pages = {link: Browser(node).get(link).text.replace(link.rsplit("/", 1)[1], "ID")
             for link in (node.link, portal.link_for(node, "carol@partner.example"))}
    for text in pages.values():  # Alice has no password in Beta, nor Carol in Acme; both are offered it
        assert "/sign-in/password?link=ID" in text and "You are signed in as" not in text
    bob, _ = portal.sign_in_by_password(node, "bob@acme.example")
    assert "You are signed in as bob@acme.example" in bob.get(list(pages)[1]).text
    bob.submit(bob.get(list(pages)[1]), r"/code$")
    page = bob.submit(bob.get("/sign-in/code?link=" + list(pages)[1].rsplit("/", 1)[1]), r"/sign-in/code$",
                      code=portal.code_for(node, "carol@partner.example"))
    assert page.path.startswith("/message/") and "carol@partner.example" in bob.get("/settings").text


def german(browser, page):
    return browser.submit(page, r"/language$", language="de")


def test_choosing_a_language_keeps_the_step_of_signing_in(node):
    smtp.send(node.smtp_port, smtp.make(to="carol@partner.example", subject="Offer [secure]"))
    link = portal.link_for(node, "carol@partner.example")
    browser = Browser(node)
    page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address="carol@partner.example")
    page = german(browser, page)
    assert page.path == "/sign-in/password" and 'lang="de"' in page.text and "carol@partner.example" in page.text
    page = german(browser, browser.submit(page, r"/sign-in/password$", password="wrong horse battery"))
    assert page.path == "/sign-in/password" and "carol@partner.example" in page.text
    page = german(browser, browser.submit(page, r"/send-code$"))
    assert page.path == "/sign-in/code" and "carol@partner.example" in page.text
    page = german(browser, browser.submit(page, r"/sign-in/code$", code="1234"))
    assert page.path == "/sign-in/code" and page.status == 200
    code = portal.code_for(node, "carol@partner.example")
    assert browser.submit(page, r"/sign-in/code$", code=code).path == "/inbox"
    assert not any(c.name == "__Host-address" for c in browser.cookies)  # known no longer than needed

    browser = Browser(node)  # the same with a link, which keeps the address masked
    page = browser.submit(browser.get("/sign-in/password?link=" + link.rsplit("/", 1)[1]), r"/sign-in/password$",
                          password="wrong horse battery")
    page = german(browser, page)
    assert page.status == 200 and "c…l@partner.example" in page.text and "carol@" not in page.text
    page = german(browser, browser.submit(browser.submit(browser.get(link), r"/code$"), r"/sign-in/code$", code="1"))
    assert page.status == 200 and "c…l@partner.example" in page.text
    page = german(browser, browser.submit(browser.get(link), r"/not-mine$"))
    assert page.status == 200 and page.path == "/m/" + link.rsplit("/", 1)[1]


def test_pages_of_signing_in_without_an_address_ask_for_it(sqlite_node):
    for path in ("/sign-in/code", "/sign-in/password"):
        page = Browser(sqlite_node).get(path)
        assert page.status == 200 and page.path == "/sign-in"


def token_of(browser):
    return next(c.value for c in browser.cookies if c.name == "__Host-session")


def is_session(node, token):
    return Browser(node).get("/inbox", Cookie=f"__Host-session={token}").path == "/inbox"


def test_signing_in_begins_another_session_and_ends_the_browsers_one_before(node):
    """Whoever knew the cookie of before, or planted one, has nothing of what comes."""
    browser, _ = portal.sign_in_by_password(node, "alice@acme.example")
    first = token_of(browser)
    assert is_session(node, first)
    for again in range(2):
        page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address="alice@acme.example")
        if again:
            browser.submit(browser.submit(page, r"/send-code$"), r"/code$", code=portal.code_for(node, "alice@acme.example"))
        else:
            browser.submit(page, r"/password$", password="correct horse battery")
        assert token_of(browser) != first and is_session(node, token_of(browser)) and not is_session(node, first)
        first = token_of(browser)
    planted = "0123456789abcdefghjkmnpqrstvwxyz" * 2
    for cookie in list(browser.cookies):
        if cookie.name == "__Host-session":
            cookie.value = planted[:len(cookie.value)]
            planted = cookie.value
    page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address="alice@acme.example")
    browser.submit(page, r"/password$", password="correct horse battery")
    assert token_of(browser) != planted and is_session(node, token_of(browser)) and not is_session(node, planted)
