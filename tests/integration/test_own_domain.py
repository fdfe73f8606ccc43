"""An account's own international domain, known by both of its forms: letters, and ASCII as DNS has it."""

import pytest
from support import portal, smtp
from test_addresses import add, send, sign_in
from test_requests import ask

LETTERS, ASCII = "b\u00fccher.example", "xn--bcher-kva.example"


@pytest.mark.parametrize("said, other", [(LETTERS, ASCII), (ASCII, LETTERS), (LETTERS, "BU\u0308CHER.example")])
def test_an_own_domain_is_known_by_both_forms(node, said, other):
    node.run("domain", "add", said, "--next-hop", "127.0.0.1:1")
    assert "has the domain already" in node.run("domain", "add", other, "--next-hop", "127.0.0.1:1", code=5)
    node.run("user", "add", f"erin@{said}")
    mail = smtp.make(subject="Offer [secure]", sender=f"erin@{ASCII}")
    smtp.send(node.smtp_port, mail, f"erin@{other}", ["carol@partner.example", f"frank@{other}", f"frank@{said}"], options=["SMTPUTF8"])
    message, = node.json("message", "list")
    users = [u["address"] for u in node.json("user", "list")]
    assert [u for u in users if "erin" in u or "frank" in u] == [f"erin@{said}", f"frank@{said}"]  # one person each
    assert [r["address"] for r in message["recipients"]] == ["carol@partner.example", f"frank@{said}"]


def test_signing_in_takes_both_forms_of_an_own_domain(node):
    node.run("domain", "add", LETTERS, "--next-hop", "127.0.0.1:1")
    node.run("user", "add", f"erin@{LETTERS}", "--password-stdin", stdin="correct horse battery\n")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", sender=f"erin@{ASCII}"), f"erin@{ASCII}")
    for form in LETTERS, ASCII:
        browser, _ = portal.sign_in_by_password(node, f"erin@{form}")
        assert "Offer" in browser.get("/sent").text  # hers, whichever form the mail has


@pytest.mark.parametrize("said, other", [(LETTERS, ASCII), (ASCII, LETTERS)])
def test_an_own_domain_is_changed_and_removed_by_either_form(node, said, other):
    node.run("domain", "add", said, "--next-hop", "127.0.0.1:1")
    node.run("user", "add", f"erin@{said}")
    node.run("domain", "set", other, "--next-hop", "127.0.0.1:2")
    assert [d["next_hop"] for d in node.json("domain", "list") if d["domain"] == said] == ["127.0.0.1:2"]
    assert "1 users" in node.run("domain", "remove", other, code=5)
    node.run("account", "add", "other")
    assert "no such domain" in node.run("domain", "remove", other, "--force", "--account", "other", code=3)
    assert "no such domain" in node.run("domain", "set", other, "--next-hop", "127.0.0.1:3", "--account", "other", code=3)
    node.run("domain", "remove", other, "--force", "--account", "acme")
    assert said not in node.run("domain", "list", "--account", "acme")


def test_administrators_name_people_by_either_form(node):
    node.run("domain", "add", LETTERS, "--next-hop", "127.0.0.1:1")
    node.run("user", "add", f"erin@{LETTERS}")
    node.run("group", "add", "sales")
    node.run("group", "member", "add", "sales", f"erin@{ASCII}")
    node.run("licence", "grant", f"erin@{ASCII}")
    assert f"erin@{LETTERS}" in node.run("group", "member", "list", "sales")
    node.run("definition", "folder", "add", "Sales")
    node.run("definition", "add", "Strict", "--folder", "Sales")
    node.run("definition", "publish", "Sales", "--group", "sales")
    assert "Strict" in node.run("definition", "list", "--for", f"erin@{ASCII}")
    node.run("licence", "revoke", f"erin@{LETTERS}")
    node.run("group", "member", "remove", "sales", f"erin@{ASCII}")


def test_who_was_known_from_outside_becomes_a_user_of_the_domain(node):
    """Added by the administrator, or by the first secure mail; not an address that signs in as somebody else."""
    addresses = ["carol@partner.example", "dave@partner.example", "joined@partner.example"]
    smtp.send(node.smtp_port, smtp.make(to=addresses, subject="Offer [secure]"))
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, addresses[0]), addresses[0])
    carol.submit(carol.get("/settings/password"), r"/password$", password="seventeen blue herons")
    add(node, sign_in(node, send(node, "x@other.example", "One"), "x@other.example"), addresses[2])
    node.run("domain", "add", "partner.example", "--next-hop", "127.0.0.1:1")
    told = node.run("user", "add", addresses[0], "--password-stdin", stdin="eighteen grey herons\n", code=5)
    assert "a password of their own" in told
    node.run("user", "add", addresses[0])
    assert carol.get("/compose").status == 200
    assert "has this user already" in node.run("user", "add", addresses[0], code=5)
    assert "together with others" in node.run("user", "add", addresses[2], code=5)
    assert addresses[1] not in node.run("user", "list")
    smtp.send(node.smtp_port, smtp.make(addresses[1], "z@other.example", "Offer [secure]"), sender=addresses[1])
    assert addresses[1] in node.run("user", "list") and addresses[2] not in node.run("user", "list")


def test_whose_domain_was_removed_writes_no_new_messages_and_asks_for_none(node):
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    node.run("domain", "add", "second.example", "--next-hop", "127.0.0.1:1")
    node.run("domain", "remove", "acme.example", "--force")
    page = portal.compose(alice, to="carol@partner.example", subject="Offer", text="Only for you.")
    assert page.status == 403 and node.json("message", "list") == []
    assert ask(alice).status == 403 and node.json("request", "list") == []
