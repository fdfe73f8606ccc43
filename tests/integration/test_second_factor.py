"""The second factor: an app's code after the password or the code by mail."""

import re
import struct
import time

import pytest
from support import portal, rows, smtp, totp
from support.browser import Browser
from test_changed import told

ALICE, CAROL = "alice@acme.example", "carol@partner.example"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def now(node):
    return time.time() * 1000 + struct.unpack_from("=q", node.clock.read_bytes())[0]


def next_code(node, secret):
    """A code that was not used yet."""
    node.move_clock(MINUTE)
    return totp.code(secret, now(node))


def open_set_up(browser):
    page = browser.submit(browser.get("/settings/second-factor"), r"/second-factor/new$")
    secret = re.search(r'<strong class="whole" dir="ltr">([A-Z2-7 ]{39})</strong>', page.text).group(1)
    return page, secret


def set_up(node, browser):
    """The secret, and the recovery codes."""
    page, secret = open_set_up(browser)
    page = browser.submit(page, r"/confirm$", code=totp.code(secret, now(node)))
    assert page.status == 200, page.text
    return secret, re.findall(r"<code>([a-z0-9-]{19})</code>", page.text)


def password_only(node, address=ALICE):
    browser, page = portal.sign_in_by_password(node, address)
    assert page.path == "/sign-in/second-factor", page.url
    return browser, page


def give(browser, page, code, remember=False):
    page.form(r"/sign-in/second-factor$")["fields"].pop("remember", None)
    ticked = {"remember": "1"} if remember else {}
    return browser.submit(page, r"/sign-in/second-factor$", code=code, **ticked)


@pytest.fixture
def protected(node):
    browser, _ = portal.sign_in_by_password(node, ALICE)
    node.alice = browser
    node.secret, node.codes = set_up(node, browser)
    return node


def test_the_second_factor_is_asked_for_before_anything_opens(protected):
    node = protected
    browser, page = password_only(node)
    for path in ("/inbox", "/sent", "/settings", "/compose", "/mailboxes"):
        assert browser.get(path).path == "/sign-in/second-factor", path
    assert browser.get("/settings/second-factor").path == "/sign-in"
    csrf = page.form(r"/sign-in/second-factor$")["fields"]["csrf"]
    refused = browser.request("/settings/second-factor", f"csrf={csrf}&code=1&remove=1".encode(),
                              {"Content-Type": "application/x-www-form-urlencoded", "Origin": node.url})
    assert refused.status == 403
    page = browser.get("/sent")
    page = give(browser, page, next_code(node, node.secret))
    assert page.path == "/sent" and page.status == 200


def test_a_code_is_good_once_and_for_one_step_of_drift(protected):
    node = protected
    browser, page = password_only(node)
    node.move_clock(5 * MINUTE)
    assert give(browser, page, totp.code(node.secret, now(node) - 2 * 30_000)).status == 422
    assert give(browser, page, totp.code(node.secret, now(node) + 2 * 30_000)).status == 422
    code = totp.code(node.secret, now(node) + 30_000)
    assert give(browser, page, code).path == "/inbox"
    other, page = password_only(node)
    assert give(other, page, code).status == 422  # taken before
    assert give(other, page, totp.code(node.secret, now(node))).status == 422  # older than one that was taken
    assert give(other, page, next_code(node, node.secret)).path == "/inbox"


def test_wrong_tries_are_limited_and_do_not_lock_the_known_browser_out(protected):
    node = protected
    stranger, page = password_only(node)
    statuses = [give(stranger, page, "000000").status for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert give(stranger, page, next_code(node, node.secret)).status == 429
    # Alice's own browser is counted apart.
    page = node.alice.submit(node.alice.get("/settings"), r"/sign-out$")
    page = node.alice.submit(page, r"/sign-in$", address=ALICE)
    page = node.alice.submit(page, r"/password$", password="correct horse battery")
    assert give(node.alice, page, next_code(node, node.secret)).path == "/inbox"
    node.move_clock(HOUR + MINUTE)
    browser, page = password_only(node)
    assert give(browser, page, next_code(node, node.secret)).path == "/inbox"


def test_recovery_codes_work_once_and_are_kept_as_hashes(protected):
    node = protected
    assert len(set(node.codes)) == 10
    browser, page = password_only(node)
    assert give(browser, page, node.codes[0].upper()).path == "/inbox"
    browser, page = password_only(node)
    assert give(browser, page, node.codes[0]).status == 422
    assert give(browser, page, node.codes[1].replace("-", " ")).path == "/inbox"
    assert "8 recovery codes" in browser.get("/settings/second-factor").text
    raw = node.raw_bytes()
    for code in node.codes:
        assert code.encode() not in raw and code.replace("-", "").encode() not in raw
    assert node.secret.replace(" ", "").encode() not in raw

    page = node.alice.get("/settings/second-factor")
    assert node.alice.submit(page, r"/second-factor$", code="123456").status == 422
    page = node.alice.submit(page, r"/second-factor$", code=next_code(node, node.secret))
    codes = re.findall(r"<code>([a-z0-9-]{19})</code>", page.text)
    assert len(codes) == 10 and not set(codes) & set(node.codes)
    file = node.alice.submit(page, r"/file$")
    assert file.headers["Content-Disposition"].startswith("attachment") and all(c in file.text for c in codes)
    browser, page = password_only(node)
    assert give(browser, page, node.codes[2]).status == 422  # new ones replace the old ones
    assert give(browser, page, codes[2]).path == "/inbox"


def test_setting_it_up_ends_other_sessions_and_removing_it_needs_it(node):
    alice, _ = portal.sign_in_by_password(node, ALICE)
    other, _ = portal.sign_in_by_password(node, ALICE)
    page, secret = open_set_up(alice)
    assert alice.submit(page, r"/confirm$", code="000000").status == 422
    assert other.get("/inbox").path == "/inbox"  # nothing is asked for before it is confirmed
    alice.submit(page, r"/confirm$", code=totp.code(secret, now(node)))
    assert other.get("/inbox").path == "/sign-in"
    page = alice.get("/settings/second-factor")
    assert alice.submit(page, r"/second-factor$", code="", remove="1").status == 422
    page = alice.submit(page, r"/second-factor$", code=next_code(node, secret), remove="1")
    assert page.status == 200 and "removed" in page.text
    browser, page = portal.sign_in_by_password(node, ALICE)
    assert page.path == "/inbox"


def test_r7_a_remembered_browser_skips_the_factor_and_never_the_timeout(protected):
    node = protected
    browser, page = password_only(node)
    give(browser, page, next_code(node, node.secret), remember=True)

    def again(browser):
        page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address=ALICE)
        return browser.submit(page, r"/password$", password="correct horse battery")
    node.move_clock(HOUR + MINUTE)
    assert browser.get("/inbox").path == "/sign-in"
    assert again(browser).path == "/inbox"
    other = Browser(node)
    assert again(other).path == "/sign-in/second-factor"
    page = browser.get("/settings/sessions")
    assert "The browser is forgotten." in browser.submit(page, r"/forget$").text
    assert again(browser).path == "/sign-in/second-factor"  # it was forgotten
    give(browser, browser.get("/sign-in/second-factor"), next_code(node, node.secret), remember=True)
    assert again(browser).path == "/inbox"
    node.move_clock(30 * DAY)
    assert again(browser).path == "/sign-in/second-factor"


def test_a_lost_factor_is_removed_by_an_administrator_with_an_event(protected):
    node = protected
    node.run("user", "second-factor", ALICE, "--remove")
    assert node.alice.get("/inbox").path == "/sign-in"
    _, page = portal.sign_in_by_password(node, ALICE)
    assert page.path == "/inbox"


def test_an_administrator_ends_every_way_in_but_codes(protected):
    node = protected
    browser, page = password_only(node)
    give(browser, page, next_code(node, node.secret), remember=True)
    node.run("user", "sign-out", ALICE)
    assert node.alice.get("/inbox").path == browser.get("/inbox").path == "/sign-in"
    assert browser.get("/settings/sessions").path == "/sign-in"
    again, page = portal.sign_in_by_password(node, ALICE)
    assert page.path == "/sign-in/password" and again.get("/inbox").path == "/sign-in"
    for table in ("session", "passkey", "second_factor", "recovery_code", "remembered"):
        assert rows.query(node, f"select count(*) from {table}") == [("0",)], table
    page = again.submit(again.submit(again.get("/sign-in"), r"/sign-in$", address=ALICE), r"/send-code$")
    assert again.submit(page, r"/code$", code=portal.code_for(node, ALICE)).path == "/inbox"
    assert "An administrator ended all sessions" in again.get("/settings/sessions").text
    assert any("An administrator has ended" in mail and "change your password" not in mail for mail in told(node, ALICE, 2))
    assert [e["address"] for e in node.json("message", "events") if e["event"] == "person.entries-ended"] == [ALICE]
    node.run("user", "sign-out", "nobody@acme.example", code=3)


def test_an_account_may_ask_its_own_people_or_everybody_for_one(node):
    node.run("account", "set", "second_factor", "internal")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=CAROL), recipients=[CAROL])
    link = portal.link_for(node, CAROL)
    _, page = portal.sign_in_by_link(node, link, CAROL)
    assert page.path.startswith("/message/")
    _, page = portal.sign_in_by_password(node, ALICE)
    assert page.path == "/settings/second-factor"
    node.run("account", "set", "second_factor", "everybody")
    carol, page = portal.sign_in_by_link(node, link, CAROL, 2)
    assert page.path == "/settings/second-factor" and "Acme asks" in page.text
    assert carol.get("/inbox").path == "/settings/second-factor"
    page = carol.submit(carol.get("/settings/second-factor"), r"/second-factor/new$")
    secret = re.search(r'<strong class="whole" dir="ltr">([A-Z2-7 ]{39})</strong>', page.text).group(1)
    page = carol.submit(page, r"/confirm$", code=totp.code(secret, now(node)))
    assert page.status == 200 and len(re.findall("<code>", page.text)) == 10
    assert carol.submit(page, r"/file$").status == 200
    assert carol.get("/inbox").path == "/inbox"


def test_a_definition_asks_for_one_and_leads_to_the_set_up(node):
    node.run("definition", "add", "Strict", "--second-factor", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure:strict]", to=CAROL, text="The secret words"),
              recipients=[CAROL])
    link = portal.link_for(node, CAROL)
    carol, page = portal.sign_in_by_link(node, link, CAROL)
    assert page.status == 403 and "asks for a second factor" in page.text and "secret words" not in page.text
    copy = link.rsplit("/", 1)[-1]
    for path in ("", "/body", "/print", "/reply", "/file/1"):
        assert carol.get(f"/message/{copy}{path}").status in (403, 404), path
    assert "secret words" not in carol.get("/inbox").text
    assert node.json("message", "list")[0]["definition"] == "Strict"
    set_up_url = next(u for u in page.links if u.startswith("/settings/second-factor?next="))
    page = carol.submit(carol.get(set_up_url), r"/second-factor/new$")
    secret = re.search(r'<strong class="whole" dir="ltr">([A-Z2-7 ]{39})</strong>', page.text).group(1)
    page = carol.submit(page, r"/confirm$", code=totp.code(secret, now(node)))
    onward = next(u for u in page.links if u.startswith("/message/"))
    assert "secret words" in carol.get(onward).text
    assert "secret words" in carol.get("/inbox").text
    # The sender's own copy asks for nothing.
    alice, _ = portal.sign_in_by_password(node, ALICE)
    sent = next(u for u in alice.get("/sent").links if u.startswith("/message/"))
    assert "secret words" in alice.get(sent).text
