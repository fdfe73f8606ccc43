"""New messages from outside, as far as the account allows."""

import html
import re

from support import maildir, portal, smtp, wait

CAROL = "carol@partner.example"


def carol_of(node, allow=None):
    """Carol signed in, after Alice wrote to her."""
    if allow:
        node.run("account", "set", "outsiders_may_write", allow)
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=CAROL))
    link = portal.link_for(node, CAROL)
    return portal.sign_in_by_link(node, link, CAROL)[0]


def write(browser, to, subject="A question", text="When may we come?", files=(), **more):
    return browser.submit_files(browser.get("/compose"), r"/compose$", list(files), to=to, subject=subject, text=text,
                                **more)


def mails_to(node, address, subject):
    return wait.until(lambda: [m for m in node.outbox.to(address) if m["Subject"] == subject], f"{subject} to {address}")


def refused(page, address):
    assert page.status == 422 and "When may we come?" in page.text
    return html.unescape(page.text).replace(address, "ADDRESS")


def test_nobody_outside_writes_new_messages_unless_the_account_allows(node):
    carol = carol_of(node)
    assert "/compose" not in carol.get("/inbox").links
    assert carol.get("/compose").status == 403


def test_r2_a_new_message_from_outside_reaches_those_who_wrote(node):
    carol = carol_of(node, "writers")
    sent = write(carol, "alice@acme.example", files=[("files", "plan.pdf", "application/pdf", b"%PDF-plan")])
    assert sent.status == 200 and "sent=1" in sent.url, sent.text
    assert "A question" in carol.get("/sent").text
    mail = mails_to(node, "alice@acme.example", "A question")[0]
    assert "When may we come?" in maildir.text_of(mail) and mail["From"].addresses[0].addr_spec == CAROL
    deliveries = node.json("message", "show", node.json("message", "list")[0]["id"])[0]["deliveries"]
    assert [d["kind"] for d in deliveries] == ["reply"]
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    assert "A question" in alice.get("/inbox").text
    # Whoever wrote it from outside neither recalls nor extends.
    assert carol.get(sent.path + "/recall").status == 403
    events = node.json("message", "show", node.json("message", "list")[0]["id"])[0]["events"]
    assert events[0]["event"] == "message.secured"


def test_r15_an_unknown_address_looks_like_one_that_is_not_allowed(node):
    carol = carol_of(node, "writers")
    pages = {refused(write(carol, to), to).count("ADDRESS"): to
             for to in ("bob@acme.example", "nobody.at.all@acme.example", "dave@partner.example")}
    assert len(pages) == 1
    sets = []
    for to in ("bob@acme.example", "nobody@acme.example"):
        page = refused(write(carol, to), to)
        at = page.index('class="problem"')
        sets.append(page[at:at + 400])
    assert sets[0] == sets[1]
    assert "A question" not in carol.get("/sent").text
    # One that is allowed does not open the way for another.
    refused(write(carol, "alice@acme.example, bob@acme.example"), "bob@acme.example")


def test_r15_having_written_to_somebody_else_allows_nothing(sqlite_node):
    node = sqlite_node
    carol = carol_of(node, "writers")
    smtp.send(node.smtp_port, smtp.make(sender="bob@acme.example", subject="Offer [secure]", to="dave@partner.example"),
              sender="bob@acme.example")
    refused(write(carol, "bob@acme.example"), "bob@acme.example")
    assert "sent=1" in write(carol, "alice@acme.example").url


def test_the_account_may_allow_everybody_inside_but_nobody_outside(node):
    carol = carol_of(node, "all")
    assert "sent=1" in write(carol, "bob@acme.example, new@acme.example").url
    assert mails_to(node, "bob@acme.example", "A question") and mails_to(node, "new@acme.example", "A question")
    refused(write(carol, "bob@acme.example, dave@partner.example"), "dave@partner.example")


def test_new_messages_from_outside_have_a_number_and_a_size(node):
    node.run("account", "set", "outsider_messages_a_day", "2")
    node.run("account", "set", "outsider_message_mb", "1")
    carol = carol_of(node, "all")
    large = write(carol, "bob@acme.example", files=[("files", "a.bin", "application/octet-stream", b"x" * (900 << 10))])
    assert large.status == 422 and "may have 747 KB in all" in large.text and "When may we come?" in large.text
    form = carol.get("/compose")
    for _ in range(3):  # the same form, sent three times, is one message
        assert "sent=1" in carol.submit_files(form, r"/compose$", [], to="bob@acme.example", subject="1", text="one").url
    assert "sent=1" in write(carol, "bob@acme.example").url
    over = write(carol, "bob@acme.example")
    assert over.status == 429 and "2 new messages a day" in over.text and "When may we come?" in over.text
    answer = carol.get(next(l for l in carol.get("/inbox").links if l.startswith("/message/")) + "/reply")
    assert carol.submit_files(answer, r"/reply$", [], text="We take it.").status == 200
    node.move_clock(25 * 3600 * 1000)
    smtp.send(node.smtp_port, smtp.make(subject="More [secure]", to=CAROL))
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 2), CAROL, codes=2)
    assert "sent=1" in write(carol, "bob@acme.example").url


def test_r3_whoever_writes_from_outside_has_no_choice_of_rules(node):
    node.run("definition", "add", "Lenient", "--expire-days", "300")
    carol = carol_of(node, "writers")
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    lenient = re.search(r'value="(\w{26})"[^>]*>\s*<span><bdi>Lenient', alice.get("/compose").text)[1]
    form = carol.get("/compose")
    assert form.status == 200 and "Lenient" not in form.text and 'name="definition"' not in form.text
    # A form that was changed to name another one is refused as one that never was.
    pages = [write(carol, "alice@acme.example", definition=d) for d in (lenient, "0" * 25 + "4")]
    assert [p.status for p in pages] == [422, 422] and "When may we come?" in pages[0].text
    assert "A question" not in carol.get("/sent").text
    assert "sent=1" in write(carol, "alice@acme.example").url
    assert node.json("message", "list")[0]["definition"] == "Default"
