"""People: their passwords, their mailboxes in several accounts, and the ways in that stay open."""

import pytest
from support import portal

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
