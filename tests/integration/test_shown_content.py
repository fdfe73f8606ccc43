"""How the portal shows what mail programs write: flowed text, links, file names."""

import base64
import html
import re

import pytest
from support import older, portal, smtp, wait


def open_mail(node, head, body):
    """The mail's page in Carol's browser."""
    mail = ("From: alice@acme.example\r\nTo: carol@partner.example\r\nSubject: Shown [secure]\r\nMIME-Version: 1.0\r\n"
            f"{head}\r\n\r\n{body}").encode()
    smtp.send(node.smtp_port, mail, recipients=["carol@partner.example"])
    link = portal.link_for(node, "carol@partner.example")
    browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    return browser, browser.get("/message/" + link.rsplit("/", 1)[1])


def text_of(page):
    """The text of the message as a browser shows it, tags left out."""
    block = re.search(r'<div class="body-text"[^>]*>(.*?)</div>', page.text, re.S).group(1)
    return html.unescape(re.sub(r"<[^>]+>", "", block)).replace("\r\n", "\n")


def test_flowed_text_is_put_together(node):
    _, page = open_mail(node, "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes",
                              "   A drawing\r\nsee http://acme.exam \r\nple/a?b=1&c=2.\r\n> quo \r\n> ted\r\n-- \r\nAlice\r\n")
    assert text_of(page) == "  A drawing\nsee http://acme.example/a?b=1&c=2.\n> quoted\n-- \nAlice"
    assert 'href="http://acme.example/a?b=1&c=2"' in html.unescape(page.text)


@pytest.mark.parametrize("words,is_long", [(5, False), (600, True)])
def test_a_long_letter_can_be_read_alone_before_its_frame(sqlite_node, words, is_long):
    """Its frame scrolls within the page that scrolls; the link stands where nobody has scrolled yet."""
    browser, page = open_mail(sqlite_node, "Content-Type: text/html", "<p>" + "forty-two " * words + "</p>")
    frame, link = page.text.index("<iframe"), page.text.index('class="alone')
    assert (link < frame) == is_long and page.text.count("/body\"") == 2
    alone = browser.get(page.path + "/body")
    assert "forty-two" in alone.text and "sandbox" in alone.headers["Content-Security-Policy"]


def test_plain_text_keeps_its_shape(node):
    _, page = open_mail(node, "Content-Type: text/plain", "\r\n  +--+ \r\n  |  | \r\n\r\n  +--+\r\n")
    assert text_of(page) == "  +--+ \n  |  | \n\n  +--+"


@pytest.mark.parametrize("charset,subject,text,data", [
    ("ks_c_5601-1987", "=?ks_c_5601-1987?B?jGO55iDIuMDH?=", "똠방 회의", "cp949"),
    ("gb2312", "=?gb2312?B?6UbW7MjZ?=", "镕朱荣", "gbk"),
    ("iso-8859-1", "=?iso-8859-1?Q?=93Gr=FC=DFe=94_=80?=", "“Grüße” €", "cp1252"),
    ("shift_jis", "=?shift_jis?B?h0D7/A==?=", "①髙", "cp932"),
    ("us-ascii", "=?iso-8859-1?Q?cr=E8me_br=FBl=E9e?=", "crème brûlée", "cp1252")])
def test_charsets_are_what_mail_programs_mean_by_their_names(sqlite_node, charset, subject, text, data):
    """Outlook's Korean, Chinese and western mail say less than they contain; found by words, too."""
    mail = (f"From: alice@acme.example\r\nTo: carol@partner.example\r\nSubject: {subject} [secure]\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n").encode()
    smtp.send(sqlite_node.smtp_port, mail + text.encode(data) + b"\r\n", recipients=["carol@partner.example"])
    link = portal.link_for(sqlite_node, "carol@partner.example")
    browser, page = portal.sign_in_by_link(sqlite_node, link, "carol@partner.example")
    assert text_of(page) == text and f"<title>{text} " in html.unescape(page.text)
    assert text in html.unescape(older.search(browser, text.split()[0]).text)


@pytest.mark.parametrize("name,data,encoding", [("koi8-r", "koi8-r", "8bit"), ("iso-2022-jp", "iso-2022-jp", "base64")])
def test_html_that_names_its_charset_itself_is_read_by_it(sqlite_node, name, data, encoding):
    text = "Привет, мир" if name == "koi8-r" else "こんにちは"
    body = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={name}"></head><body><p>{text}</p>'.encode(data)
    if encoding == "base64":
        body = base64.encodebytes(body).replace(b"\n", b"\r\n")
    mail = ("From: alice@acme.example\r\nTo: bob@acme.example, carol@partner.example\r\nSubject: Charset [secure]\r\n"
            f"MIME-Version: 1.0\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n").encode()
    smtp.send(sqlite_node.smtp_port, mail + body + b"\r\n", recipients=["bob@acme.example", "carol@partner.example"])
    link = portal.link_for(sqlite_node, "carol@partner.example")
    browser, page = portal.sign_in_by_link(sqlite_node, link, "carol@partner.example")
    assert text in html.unescape(browser.get(page.path + "/body").text)
    (copy,) = wait.until(lambda: sqlite_node.outbox.to("bob@acme.example"), "Bob's copy")
    part = next(p for p in copy.walk() if p.get_content_type() == "text/html")
    assert part.get_content_charset() == "utf-8" and text in part.get_payload(decode=True).decode()


def test_a_file_with_a_hostile_name_has_a_safe_one(node):
    name = "../../etc/passwd%E2%80%AEfdp" + "x" * 400 + ".exe"
    browser, page = open_mail(
        node, "Content-Type: multipart/mixed; boundary=b",
        "--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{name}\r\n\r\nx\r\n--b--\r\n")
    download = browser.get(next(l for l in page.links if "/file/" in l))
    disposition = download.headers["Content-Disposition"]
    shown = re.search(r'filename="([^"]*)"', disposition).group(1)
    assert len(shown) <= 255 and shown.endswith("x.exe") and "/" not in shown and "%E2%80%AE" not in disposition
    assert shown in page.text and "\u202e" not in page.text


NEWSLETTER = """<html><head><style type="text/css">
@import url("https://fonts.example/a.css");
body, table { font-family: Georgia, serif; background: #eee }
.hero td { color: #c00; background: url(https://t.example/p.gif) }
@media only screen and (max-width: 600px) { .col { width: 100% !important; display: block !important } }
.sealpost-head, html + p { position: fixed; color: red }
</style></head><body class="wide"><table class="hero"><tr><td id="top"><font face="Arial">Sale</font></td></tr></table></body></html>"""


def test_a_newsletter_keeps_its_look_and_loads_nothing(node):
    browser, page = open_mail(node, "Content-Type: text/html; charset=utf-8", NEWSLETTER.replace("\n", "\r\n"))
    body = browser.get(page.path + "/body")
    assert ".mail-body,.mail-body table{font-family:Georgia, serif;background:#eee;}" in body.text
    assert ".mail-body .m-hero td{color:#c00;}" in body.text
    assert "@media only screen and (max-width: 600px){\n.mail-body .m-col{width:100%!important;display:block!important;}" \
        in body.text
    assert '<div class="mail-body m-wide">' in body.text and '<td class="mi-top"><font face="Arial">Sale' in body.text
    assert "example/" not in body.text and "url(" not in body.text and "position" not in body.text
