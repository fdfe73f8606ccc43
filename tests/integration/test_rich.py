"""Formatted text: the HTML is never trusted, and a plain text made from it is always beside it."""

import urllib.parse

import pytest
from support import maildir, portal, rows, smtp, wait

ALICE, BOB, CAROL = "alice@acme.example", "bob@acme.example", "carol@partner.example"
HTML = ('<p>Dear <b>Bob</b>,</p><ul><li>bread</li><li>jam</li></ul><blockquote>who said so</blockquote>'
        '<p>see <a href="https://river.example/map">the map</a></p>')
TEXT = "Dear Bob,\n\n- bread\n- jam\n\n> who said so\n\nsee the map <https://river.example/map>"
HOSTILE = ('<style>p{background:url(https://evil.example/)}</style><p onclick="evil()" style="color:red">Kept'
           '<script>evil()</script><img src="https://evil.example/x"><a href="javascript:evil()">link</a></p>'
           '<form action="https://evil.example/"><b>bold</b></form>')


def writer(node, address=ALICE):
    return portal.sign_in_by_password(node, address)[0]


def compose(browser, **fields):
    return portal.compose(browser, **{"to": f"{BOB}, {CAROL}", "subject": "Plan", "text": "of the script", **fields})


def lines(text):
    return text.replace("\r\n", "\n").strip()


def test_the_mail_has_the_html_and_the_plain_text_made_from_it(node):
    alice = writer(node)
    page = compose(alice, html=HTML)
    assert "sent=1" in page.url
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert mail.get_body().get_content_type() == "text/html"
    assert [part.get_content_type() for part in mail.walk()][:3] == ["multipart/alternative", "text/plain", "text/html"]
    assert lines(maildir.text_of(mail)).endswith(TEXT) and "of the script" not in mail.as_string()
    assert "<b>Bob</b>" in maildir.html_of(mail) and "<blockquote>who said so</blockquote>" in maildir.html_of(mail)
    link = portal.link_for(node, CAROL)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    copy = link.rsplit("/", 1)[1]
    assert "<b>Bob</b>" in carol.get(f"/message/{copy}/body").text


def test_an_answer_is_formatted_too_and_quotes_below(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", text="A & B <c>\r\n"))
    link = portal.link_for(node, CAROL)
    carol, _ = portal.sign_in_by_link(node, link, CAROL)
    form = carol.get("/message/" + link.rsplit("/", 1)[1] + "/reply")
    page = carol.submit_files(form, r"/reply$", [], text="x", html="<p>We <i>take</i> it.</p>")
    assert "sent=1" in page.url
    mail = wait.until(lambda: node.outbox.to(ALICE), "the answer")[0]
    html = maildir.html_of(mail)
    assert "<i>take</i>" in html and "A &amp; B &lt;c&gt;" in html.split("<blockquote>")[1]
    assert "We take it." in maildir.text_of(mail) and "> A & B <c>" in maildir.text_of(mail)


def test_hostile_html_is_cleaned_in_drafts_pages_and_mail(node):
    alice = writer(node)
    form = alice.get("/compose")
    saved = alice.submit_files(form, r"/compose$", [], to=BOB, text="x", html=HOSTILE, do="save")
    assert "saved=1" in saved.url and "Kept" in saved.text
    for word in ("evil", "onclick", "<img", "&lt;img", "color:red"):
        assert word not in saved.text, word
    # A draft that was kept before, or by other means, is shown no other way.
    compose(alice, page=saved, to=BOB, html=HOSTILE)
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    html = maildir.html_of(mail)
    assert "Kept" in html and "<b>bold</b>" in html
    for word in ("evil", "onclick", "<img", "<script", "<form", "color:red"):
        assert word not in html, word


def test_what_has_no_formatting_is_plain_mail(node):
    compose(writer(node), html="<div>Marmalade  </div><div><br></div><div>&amp; jam</div>")
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert mail.get_content_type() == "text/plain" and lines(mail.get_content()).endswith("Marmalade\n\n& jam")


@pytest.mark.parametrize("undo", ["0", "10"])
def test_a_draft_keeps_both_sealed_until_it_leaves(node, undo):
    node.run("account", "set", "undo_seconds", undo)
    alice = writer(node)
    page = alice.submit_files(alice.get("/compose"), r"/compose$", [], to=BOB, text="x", html=HTML, do="save")
    assert "&lt;b&gt;Bob&lt;/b&gt;" in page.text and "- bread" in page.text
    assert not any("bread" in str(row) for row in rows.query(node, "SELECT box FROM draft"))
    assert "sent=1" in compose(alice, page=page, to=BOB, html=HTML).url
    mail = wait.until(lambda: node.outbox.to(BOB), "Bob's mail")[0]
    assert "<b>Bob</b>" in maildir.html_of(mail) and lines(maildir.text_of(mail)).endswith(TEXT)


LONG = {"as it comes": "<b>" + "long " * 110_000 + "</b>",
        "once it is clean": "<a href=https://a.example/>x" * 16_000,
        "as plain text": "<blockquote>" * 19 + "<br>a" * 60_000}


@pytest.mark.parametrize("where", ["/compose", "/reply"])
def test_r14_html_past_its_limit_is_refused_and_what_was_written_stays(sqlite_node, where):
    node = sqlite_node
    alice = writer(node)
    path, fields = "/compose", {"to": BOB, "subject": "Plan"}
    if where == "/reply":
        node.run("definition", "set", "Default", "--all-recipients", "yes")
        smtp.send(node.smtp_port, smtp.make(sender=BOB, to=ALICE, subject="Offer [secure]"), sender=BOB, recipients=[ALICE])
        path, fields = next(link for link in alice.get("/inbox").links if link.startswith("/message/")) + "/reply", {}
    page = alice.get(path)
    for what, html in LONG.items():
        assert len(html) < 1 << 19 or what == "as it comes"
        for do in ("send", "save"):
            refused = alice.submit_files(page, where + "$", [], text="of the script", html=html, do=do, **fields)
            assert refused.status == 422 and "512 KB at most" in refused.text and "of the script" in refused.text, (what, do)
            assert where == "/reply" or f'value="{BOB}"' in refused.text
    assert "sent=1" in alice.submit_files(page, where + "$", [], text="x", html="<b>short</b>", **fields).url


def test_html_that_is_no_utf8_is_refused(sqlite_node):
    alice = writer(sqlite_node)
    page = alice.get("/compose")
    fields = {**page.form(r"/compose$")["fields"], "to": BOB, "text": "x", "html": "<b>Marmalade \udcff</b>"}
    refused = alice.request("/compose", urllib.parse.urlencode(fields, errors="surrogateescape").encode(), {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": alice.base})
    assert refused.status in (400, 422) and sqlite_node.json("message", "list") == [], refused.status
