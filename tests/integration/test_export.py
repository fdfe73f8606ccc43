"""Taking one's messages out: when the account and each message's definition allow it."""

import email
import email.policy
import io
import zipfile

from support import commands, portal, smtp

CAROL = "carol@partner.example"


def carol_of(node, subjects):
    for subject in subjects:
        smtp.send(node.smtp_port, smtp.make(subject=subject, to=CAROL, text=f"text of {subject}"))
    return portal.sign_in_by_link(node, portal.link_for(node, CAROL, len(subjects)), CAROL)[0]


def exported(browser, folder="inbox", part=1):
    answer = browser.get(f"/settings/export/{folder}/{part}")
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip" and "attachment" in answer.headers["Content-Disposition"]
    assert len(answer.body) == int(answer.headers["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        return [email.message_from_bytes(archive.read(name), policy=email.policy.default)
                for name in archive.namelist()]


def test_nothing_is_exported_unless_the_account_allows_it(node):
    carol = carol_of(node, ["Offer [secure]"])
    assert carol.get("/settings/export").status == carol.get("/settings/export/inbox/1").status == 403
    assert "/settings/export" not in carol.get("/settings").links


def test_whole_messages_leave_where_their_definition_allows_it_and_each_is_noted(node):
    node.run("account", "set", "export", "yes")
    node.run("definition", "add", "may save", "--save", "yes")
    carol = carol_of(node, ["One [secure:may save]", "Two [secure]", "Three [secure:may save]"])
    page = carol.get("/settings/export")
    assert [l for l in page.links if "/export/" in l] == ["/settings/export/inbox/1"]
    assert "/settings/export" in carol.get("/settings").links
    mails = exported(carol)
    assert [m["Subject"] for m in mails] == ["Three", "One"]
    assert "text of One" in mails[1].get_content()
    saved = {m["id"]: commands.events(node, m["id"]).count("message.saved") for m in node.json("message", "list")}
    assert sorted(saved.values()) == [0, 1, 1]
    assert carol.get("/settings/export/inbox/2").status == carol.get("/settings/export/drafts/1").status == 404
    # Of one's own messages there is no such question, and no evidence.
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    assert len(exported(alice, "sent")) == 3
    assert sum(commands.events(node, i).count("message.saved") for i in saved) == 2


def test_r4_what_was_recalled_is_left_out(node):
    node.run("account", "set", "export", "yes")
    node.run("definition", "add", "may save", "--save", "yes")
    carol = carol_of(node, ["One [secure:may save]", "Two [secure:may save]"])
    commands.Sender(node).recall()
    assert [m["Subject"] for m in exported(carol)] == ["One"]
    node.run("message", "recall", node.json("message", "list")[1]["id"], "--reason", "wrong price")
    assert carol.get("/settings/export/inbox/1").status == 404
