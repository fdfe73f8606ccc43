"""Whoever changes how a person signs in has shown who it is a short while ago: a session that somebody else got hold of
does not become that person's account."""

import re
import time

import pytest
from support import maildir, portal
from test_addresses import CAROL, OTHER, send, sign_in
from test_passkey import ALICE, Authenticator, b64
from test_passkey import add as add_passkey
from test_passkey import ask, node as named_node, post
from test_second_factor import MINUTE, next_code, set_up

PASSWORD = "correct horse battery"
LONG = 11 * MINUTE


def asked(page):
    """The page asks who it is, and nothing was done."""
    assert "/prove/send-code" in [form["action"] for form in page.forms], page.text[:2000]
    return page


def mails_about(node, address):
    return [m for m in node.outbox.to(address) if m["Message-ID"].startswith("<changed")]


@pytest.fixture
def carol(node):
    return sign_in(node, send(node, CAROL, "One"), CAROL)


def test_who_just_signed_in_is_not_asked_and_later_is_for_each_change(node, carol):
    node.move_clock(9 * MINUTE)
    assert carol.get("/settings/password").path == "/settings/password"
    assert carol.get("/settings/passkeys").path == "/settings/passkeys"
    password, addresses = carol.get("/settings/password"), carol.get("/settings/addresses")
    factor = carol.get("/settings/second-factor")
    node.move_clock(2 * MINUTE)
    for path in ("/settings/password", "/settings/passkeys", "/settings/second-factor"):
        page = asked(carol.get(path))
        assert page.path == "/prove" and page.form("/prove/send-code")["fields"]["next"] == path
    asked(carol.submit(password, r"/password$", password="seventeen blue herons"))
    asked(carol.submit(addresses, r"/addresses$", address=OTHER))
    asked(carol.submit(factor, r"/new$"))
    asked(post(carol, "/settings", "/settings/passkeys/add", client="x", attestation="y", name="z"))
    for path in ("passkeys/remove", "addresses/main", "addresses/remove", "addresses/share", "addresses/leave"):
        asked(post(carol, "/settings", f"/settings/{path}", id="0" * 26, passkey="0" * 26, person="0" * 26))
    assert mails_about(node, CAROL) == [] and node.outbox.to(OTHER) == []
    # What changes nothing of it is as before.
    assert carol.get("/settings/addresses").path == "/settings/addresses"
    assert carol.get("/settings/sessions").path == "/settings/sessions"


@pytest.mark.parametrize("left", [1, 0])
def test_ten_minutes_end_at_their_millisecond(node, left):
    now = int(time.time() * 1000)
    node.stop_clock(now)
    alice, _ = portal.sign_in_by_password(node, ALICE)
    node.stop_clock(now + 10 * MINUTE - left)
    assert alice.get("/settings/password").path == ("/settings/password" if left else "/prove")


def test_by_code_what_was_to_be_done_is_done_with_nothing_lost(node, carol):
    page = carol.get("/settings/addresses")
    node.move_clock(LONG)
    page = asked(carol.submit(page, r"/addresses$", address=OTHER))
    assert "/prove/password" not in [form["action"] for form in page.forms]  # she has none
    page = carol.submit(page, r"/prove/send-code$")
    code = portal.code_for(node, CAROL, 2)
    [mail] = [m for m in node.outbox.to(CAROL) if "to confirm that it is you" in m["Subject"]]
    assert "end all other sessions" in re.sub(r"\s+", " ", maildir.text_of(mail))
    wrong = "1234 5678" if code != "1234 5678" else "8765 4321"
    page = carol.submit(page, r"/prove/code$", code=wrong)
    assert page.status == 422 and "4 tries left" in page.text
    page = carol.submit(page, r"/prove/code$", code=code)
    assert page.path == "/settings/addresses/code" and OTHER in page.text
    page = carol.submit(page, r"/addresses/code$", code=portal.code_for(node, OTHER))
    assert OTHER in page.text and page.path == "/settings/addresses"
    # The code is used up, and the proof lasts as long as any.
    node.move_clock(LONG)
    page = asked(carol.submit(page, r"/addresses/remove$"))
    assert carol.submit(carol.submit(page, r"/prove/send-code$"), r"/prove/code$", code=code).status == 422
    assert "Shown anew" in carol.get("/settings/sessions").text


def test_by_password_and_the_second_factor_of_who_has_one(node):
    alice, _ = portal.sign_in_by_password(node, ALICE)
    secret, recovery = set_up(node, alice)
    page = alice.get("/settings/password")
    node.move_clock(LONG)
    page = asked(alice.submit(page, r"/password$", password="seventeen blue herons"))
    right = next_code(node, secret)
    for fields in ({"password": "nonsense", "factor": right}, {"password": PASSWORD, "factor": "000000"},
                   {"password": PASSWORD, "factor": ""}):
        page = alice.submit(page, r"/prove/password$", **fields)
        assert page.status == 422, fields
    page = alice.submit(page, r"/prove/password$", password=PASSWORD, factor=right)
    assert page.path == "/settings", page.text
    assert portal.sign_in_by_password(node, ALICE, "seventeen blue herons")[1].path == "/sign-in/second-factor"
    # What asks for a code of the app itself is not asked for two.
    node.move_clock(LONG)
    page = asked(alice.get("/settings/second-factor"))
    assert 'name="factor"' not in page.text
    page = alice.submit(page, r"/prove/password$", password="seventeen blue herons")
    assert page.path == "/settings/second-factor"
    assert 'name="factor"' in asked(alice.get("/settings/passkeys")).text  # the app's code was not shown
    page = alice.submit(page, r"/second-factor$", remove="1", code=next_code(node, secret))
    assert "is removed" in page.text, page.text
    # A right code by mail is not used up by a wrong one of the app.
    secret, recovery = set_up(node, alice)
    node.move_clock(LONG)
    page = alice.submit(asked(alice.get("/settings/passkeys")), r"/prove/send-code$")
    code = portal.code_for(node, ALICE)
    page = alice.submit(page, r"/prove/code$", code=code, factor="000000")
    assert page.status == 422
    assert alice.submit(page, r"/prove/code$", code=code, factor=recovery[0]).path == "/settings/passkeys"


def test_tries_are_limited_as_at_sign_in(node):
    alice, _ = portal.sign_in_by_password(node, ALICE)
    node.move_clock(LONG)
    page = asked(alice.get("/settings/passkeys"))
    statuses = [alice.submit(page, r"/prove/password$", password="nonsense").status for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert alice.submit(page, r"/prove/password$", password=PASSWORD).status == 429
    assert alice.get("/settings/passkeys").path == "/prove"


def test_another_mailbox_does_not_make_a_proof_fresh(node):
    """The session of the other mailbox stands in for the first one."""
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    page = carol.get("/settings/addresses")
    page = carol.submit(page, r"/addresses$", address=OTHER)
    carol.submit(page, r"/addresses/code$", code=portal.code_for(node, OTHER), use="shared")
    node.move_clock(LONG)
    page = carol.get("/mailboxes")
    form = next(f for f in page.forms if f["action"].startswith("/mailboxes"))
    page = carol.submit(page, re.escape(form["action"]) + "$")
    assert page.path == "/inbox"
    asked(carol.get("/settings/password"))


def test_a_form_that_waits_is_none_that_needs_no_proof(node, carol):
    node.move_clock(LONG)
    page = carol.submit(asked(carol.get("/settings/password")), r"/prove/send-code$")
    code = portal.code_for(node, CAROL, 2)
    page = carol.submit(page, r"/prove/code$", code=code, next="/settings/sessions/end-others", form="a=b")
    assert page.status == 400


def test_a_passkey_shows_it_and_nobody_elses(named_node):
    node = named_node
    alice, _ = portal.sign_in_by_password(node, ALICE)
    bob, _ = portal.sign_in_by_password(node, "bob@acme.example")
    device, other = Authenticator(node), Authenticator(node)
    assert add_passkey(alice, device).status == 200 and add_passkey(bob, other).status == 200
    node.move_clock(LONG)
    for answer, ok in ((other.sign(ask(alice)), False), ({**device.sign(ask(alice)), "signature": b64(b"x")}, False),
                       (device.sign(ask(alice)), True)):
        page = post(alice, "/settings", "/prove/passkey", next="/settings/passkeys", **answer)
        assert (page.status, page.path) == ((200, "/settings/passkeys") if ok else (422, "/prove/passkey"))
