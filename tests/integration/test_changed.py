"""A mail tells when something changed about how a person signs in, with what to do if it was somebody else."""

import re

from support import maildir, totp, wait
from test_addresses import CAROL, OTHER, add, send, sign_in


def told(node, address, count):
    def mails():
        found = [m for m in node.outbox.to(address) if m["Message-ID"].startswith("<changed")]
        return found if len(found) >= count else None
    return [re.sub(r"\s+", " ", maildir.text_of(m)) for m in wait.until(mails, f"{count} mails about changes")]


def test_changes_of_password_factor_and_addresses_are_told(node):
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    carol.submit(carol.get("/settings/password"), r"/password$", password="seventeen blue herons")
    [mail] = told(node, CAROL, 1)
    assert "password for your secure messages was set" in mail and "/settings/sessions" in mail
    assert "end all other sessions" in mail and "herons" not in mail
    page = carol.submit(carol.get("/settings/second-factor"), r"/new$")
    secret = re.search(r"<strong[^>]*>([A-Z2-7 ]{20,})</strong>", page.text)[1].replace(" ", "")
    carol.submit(page, r"/confirm$", code=totp.code(secret))
    assert any("second factor was set up" in m for m in told(node, CAROL, 2))
    add(node, carol, OTHER)
    assert any(f"{OTHER} now signs in" in m for m in told(node, CAROL, 3))
    carol.submit(carol.get("/settings/addresses"), r"/remove$")
    assert any(f"{OTHER} no longer" in m for m in told(node, CAROL, 4))
    assert f"{OTHER} no longer" in told(node, OTHER, 1)[0]


def test_a_wrong_code_tells_nothing_and_the_mail_is_in_the_persons_language(sqlite_node):
    node = sqlite_node
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    carol.submit(carol.get("/settings"), r"/choices$", language="de", time_zone="Europe/Berlin")
    page = carol.submit(carol.get("/settings/second-factor"), r"/new$")
    assert carol.submit(page, r"/confirm$", code="000000").status == 422
    carol.submit(carol.get("/settings/password"), r"/password$", password="seventeen blue herons")
    [mail] = told(node, CAROL, 1)
    assert "Passwort" in mail and "zweiter Faktor" not in mail


def test_another_main_address_is_told_to_both(sqlite_node):
    node = sqlite_node
    carol = sign_in(node, send(node, CAROL, "One"), CAROL)
    add(node, carol, OTHER)
    carol.submit(carol.get("/settings/addresses"), r"/main$")
    for address, count in ((CAROL, 2), (OTHER, 1)):
        assert any(f"is now {OTHER}; before it was {CAROL}" in m for m in told(node, address, count))
