"""R3: which definitions a sender may choose, and in which order, is what administrators published."""

import json
import smtplib
import subprocess

import pytest
from support import portal, smtp


def send(node, subject, sender="alice@acme.example", to="carol@partner.example", **more):
    smtp.send(node.smtp_port, smtp.make(sender=sender, to=to, subject=subject, **more), sender)
    return node.json("message", "list")[0]["definition"]


def refusal(node, subject, sender="alice@acme.example"):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(node, subject, sender)
    return refused.value.smtp_code, refused.value.smtp_error.decode()


def names(node, address):
    return [d["name"] for d in node.json("definition", "list", "--for", address)]


@pytest.fixture
def sales(node):
    """Alice is in sales, which may choose Strict; all may choose Default and Week."""
    node.run("definition", "add", "Week", "--expire-days", "7")
    node.run("definition", "folder", "add", "Sales")
    node.run("definition", "add", "Strict", "--print", "no", "--folder", "Sales")
    node.run("group", "add", "sales")
    node.run("group", "member", "add", "sales", "Alice@acme.example")
    node.run("definition", "publish", "Sales", "--group", "sales")
    return node


def test_r3_a_definition_is_for_the_group_its_folder_is_published_to(sales):
    assert names(sales, "alice@acme.example") == ["Default", "Week", "Strict"]
    assert names(sales, "bob@acme.example") == ["Default", "Week"]
    assert send(sales, "Offer [secure:strict]") == "Strict"
    code, text = refusal(sales, "Offer [secure:strict]", "bob@acme.example")
    assert code == 550 and "5.7.1" in text and "Default, Week" in text and "there are: Default, Week" in text
    assert send(sales, "Offer [secure:week]", "bob@acme.example") == "Week"


def test_r3_a_list_for_somebody_unknown_says_so(sales):
    def list_for(address):
        return subprocess.run([sales.binary, "definition", "list", "--for", address, "--json"], env=sales.environment(),
                              text=True, capture_output=True, timeout=120, check=True)

    assert list_for("Alice@acme.example").stderr == ""
    unknown = list_for("alcie@acme.example")
    assert [d["name"] for d in json.loads(unknown.stdout)] == ["Default", "Week"]
    assert "knows nobody with the address alcie@acme.example" in unknown.stderr


def test_r3_a_header_names_only_what_is_published_to_the_sender(sales):
    chosen = {"X-Sealpost-Definition": "Strict"}
    assert send(sales, "Offer", headers=chosen) == "Strict"
    with pytest.raises(smtplib.SMTPDataError):
        send(sales, "Offer", "bob@acme.example", headers=chosen)


def test_r3_administrators_choose_the_order_and_the_plain_tag_means_the_first(sales):
    sales.run("definition", "order", "Strict", "week")
    assert names(sales, "alice@acme.example") == ["Strict", "Week", "Default"]
    assert send(sales, "Offer [secure]") == "Strict"
    assert send(sales, "Offer [secure]", "bob@acme.example") == "Week"
    bob, _ = portal.sign_in_by_password(sales, "bob@acme.example")
    assert "7 days" in bob.get("/compose").text  # composing means the first of the writer's list, too


def test_r3_leaving_the_group_or_withdrawing_the_folder_ends_the_choice(sales):
    sales.run("group", "member", "remove", "sales", "alice@acme.example")
    assert names(sales, "alice@acme.example") == ["Default", "Week"]
    sales.run("group", "member", "add", "sales", "alice@acme.example")
    sales.run("definition", "withdraw", "Sales", "--group", "sales")
    assert names(sales, "alice@acme.example") == ["Default", "Week"]
    sales.run("definition", "publish", "Sales", "--group", "sales")
    assert send(sales, "Offer [secure:strict]") == "Strict"
    sales.run("group", "remove", "sales")
    assert refusal(sales, "Offer [secure:strict]")[0] == 550


def test_r3_with_nothing_published_there_is_the_default_definition(sales):
    sales.run("definition", "order", "Week", "Strict", "Default")
    sales.run("definition", "withdraw", "General", "--everybody")
    assert names(sales, "alice@acme.example") == ["Strict"]
    assert names(sales, "bob@acme.example") == ["Default"]
    assert send(sales, "Offer [secure]", "bob@acme.example") == "Default"
    code, text = refusal(sales, "Offer [secure:week]", "bob@acme.example")
    assert code == 550 and "there are: Default" in text


def test_r14_a_refusal_names_definitions_in_other_letters_as_the_client_can_take_them(sales):
    sales.run("definition", "set", "Week", "--name", "Pers\u00f6nlich \u6771")
    mail = smtp.make(subject="Offer [secure:x]", sender="bob@acme.example")
    told = []
    for options in ([], ["SMTPUTF8"]):
        with pytest.raises(smtplib.SMTPDataError) as refused:
            smtp.send(sales.smtp_port, mail, "bob@acme.example", options=options)
        told.append(refused.value.smtp_error.decode())
    assert told[0].endswith("there are: Default, Pers\\x{F6}nlich \\x{6771}")
    assert told[1].endswith("there are: Default, Pers\u00f6nlich \u6771")


def test_r3_a_policy_secures_with_what_is_published_to_nobody(sales):
    sales.run("policy", "add", "--from", "internal", "--to", "domain:partner.example", "--definition", "Strict")
    assert send(sales, "By policy", "bob@acme.example") == "Strict"


def test_r3_an_answer_keeps_the_definition_of_what_it_answers(sales):
    send(sales, "Offer [secure:strict]", to="bob@acme.example", cc="carol@partner.example",
         message_id="<first@acme.example>")
    assert send(sales, "Re: Offer", "bob@acme.example", headers={"In-Reply-To": "<first@acme.example>"}) == "Strict"


def test_what_administrators_say_about_publishing_is_checked_and_an_event(sales):
    for code, *words in (
            (5, "definition", "folder", "add", "sales"), (5, "group", "add", "SALES"), (6, "group", "add", ""),
            (6, "group", "add", "x" * 61), (6, "definition", "folder", "add", "x" * 61),
            (5, "definition", "folder", "remove", "Sales"), (3, "group", "member", "add", "none", "bob@acme.example"),
            (6, "group", "member", "add", "sales", "carol@partner.example"), (3, "group", "member", "add", "sales", "alcie@acme.example"),
            (3, "group", "member", "remove", "sales", "bob@acme.example"),
            (3, "definition", "publish", "None", "--everybody"),
            (3, "definition", "publish", "Sales", "--group", "none"), (6, "definition", "publish", "Sales"),
            (6, "definition", "publish", "Sales", "--group", "sales", "--everybody"),
            (3, "definition", "add", "More", "--folder", "None"), (3, "definition", "order", "None"),
            (6, "definition", "order", "Week", "week")):
        assert sales.run(*words, code=code).startswith("sealpost: ")
    assert sales.json("definition", "folder", "list") == [
        {"folder": "General", "everybody": True, "groups": []},
        {"folder": "Sales", "everybody": False, "groups": ["sales"]}]
    assert [g["members"] for g in sales.json("group", "list")] == [1]
    assert sales.json("group", "member", "list", "sales") == [{"address": "alice@acme.example"}]
    told = [e["detail"] for e in sales.json("message", "events") if e["event"] == "account.changed"]
    for what in ("group sales added", "group sales: alice@acme.example added", "folder Sales added",
                 "folder Sales published to group sales"):
        assert what in told

