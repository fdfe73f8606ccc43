"""Mails that are attached to a message are read in the portal like the message itself, and no further."""

import base64
import re

from support import portal, smtp
from support.browser import Browser
from test_evidence import owner_page, text_of

PNG = base64.b64encode(bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082")).decode()

INNER = ("From: =?utf-8?q?D=C3=B6rte?= <doerte@else.example>\r\nTo: Alice <alice@acme.example>\r\n"
         "Cc: erik@else.example\r\nSubject: The inner one\r\nDate: Mon, 02 Mar 2026 10:11:12 +0100\r\n"
         "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
         "--i\r\nContent-Type: multipart/related; boundary=r\r\n\r\n"
         "--r\r\nContent-Type: text/html\r\n\r\n<p>INNER WORDS<script>alert(1)</script><img src='cid:p'></p>\r\n"
         f"--r\r\nContent-Type: image/png\r\nContent-ID: <p>\r\nContent-Transfer-Encoding: base64\r\n\r\n{PNG}\r\n--r--\r\n"
         "--i\r\nContent-Type: application/pdf; name=deep.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
         + base64.b64encode(b"the deep file").decode() + "\r\n--i--\r\n")


def encoded(text):
    return base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")


# As the mail programs write them: the part's fields and its bytes.
FORWARDS = {
    "Thunderbird": ("Content-Type: message/rfc822; charset=UTF-8; name=\"The inner one.eml\"\r\n"
                    "Content-Disposition: attachment; filename=\"The inner one.eml\"\r\n"
                    "Content-Transfer-Encoding: 8bit\r\n\r\n" + INNER),
    "Outlook": ("Content-Type: message/rfc822\r\nContent-Disposition: attachment;\r\n"
                "\tcreation-date=\"Mon, 02 Mar 2026 10:12:00 GMT\"\r\n\r\n" + INNER),
    "in base64": ("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded(INNER)),
    "saved file": ("Content-Type: application/octet-stream; name=saved.eml\r\nContent-Disposition: attachment\r\n"
                   "Content-Transfer-Encoding: base64\r\n\r\n" + encoded(INNER)),
}


def wrap(part, boundary="o", subject="Outer [secure]"):
    return (f"From: Alice <alice@acme.example>\r\nTo: carol@partner.example\r\nSubject: {subject}\r\n"
            f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary={boundary}\r\n\r\n"
            f"--{boundary}\r\n\r\nSee the mail below.\r\n--{boundary}\r\n{part}\r\n--{boundary}--\r\n")


def send(node, mail, count=1, browser=None):
    """Carol's browser, and the path of the message."""
    smtp.send(node.smtp_port, mail.encode(), recipients=["carol@partner.example"])
    link = portal.link_for(node, "carol@partner.example", count)
    if browser is None:
        browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
    return browser, "/message/" + link.rsplit("/", 1)[1]


def links(page, what):
    """Of the files listed: those to /file/ that save them, those to /mail/ that open them."""
    found = re.findall(r'<a class="file(?:-open)?" href="([^"]+)"', page.text)
    return [link for link in found if what in link]


def test_mails_that_are_attached_open_as_pages(sqlite_node):
    node = sqlite_node
    browser = None
    for number, (name, part) in enumerate(FORWARDS.items(), 1):
        browser, path = send(node, wrap(part, subject=f"{name} [secure]"), number, browser)
        page = browser.get(path)
        assert "See the mail below." in page.text and "INNER WORDS" not in page.text, name
        [opened] = links(page, "/mail/")
        mail = browser.get(opened)
        words = text_of(mail)
        assert mail.status == 200 and "The inner one" in words and "Dörte" in words and "erik@else.example" in words, name
        assert 'datetime="2026-03-02T09:11:12' in mail.text
        body = browser.get(re.search(r'<iframe[^>]* src="([^"]+)"', mail.text)[1])
        assert "INNER WORDS" in body.text and "data:image/png" in body.text and "<script" not in body.text, name
        assert body.headers["Content-Security-Policy"] == browser.get(path + "/body").headers["Content-Security-Policy"]
        [deep] = links(mail, "/file/")
        assert browser.get(deep).body == b"the deep file", name
        assert "INNER WORDS" in browser.get(opened + "/print").text
        # The mail itself stays a file of the message.
        [file] = links(page, "/file/")
        saved = browser.get(file)
        assert saved.body == INNER.encode() and saved.headers["Content-Disposition"].startswith("attachment")
        assert ('filename="saved.eml"' if name == "saved file" else 'filename="The inner one.eml"') in \
            saved.headers["Content-Disposition"], name


def test_mails_in_mails_lead_down_and_back(sqlite_node):
    node = sqlite_node
    middle = INNER.replace("Subject: The inner one", "Subject: The middle one").replace(
        "Content-Type: application/pdf; name=deep.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(b"the deep file").decode(), FORWARDS["in base64"])
    browser, path = send(node, wrap("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                                    + encoded(middle)))
    [first] = links(browser.get(path), "/mail/")
    page = browser.get(first)
    assert "The middle one" in page.text and path in page.links
    [second] = links(page, "/mail/")
    deepest = browser.get(second)
    assert "The inner one" in deepest.text and first in deepest.links
    assert browser.get(links(deepest, "/file/")[0]).body == b"the deep file"


def test_r13_an_attached_mail_is_seen_under_its_own_name(node):
    browser, path = send(node, wrap(FORWARDS["Outlook"]))
    [opened] = links(browser.get(path), "/mail/")
    assert "viewed" not in text_of(owner_page(node))
    browser.request(opened, method="HEAD")
    assert "viewed" not in text_of(owner_page(node))
    browser.get(opened)
    words = text_of(owner_page(node))
    assert "The inner one.eml viewed: " in words and "Download of" not in words


def test_what_the_message_withholds_its_mails_withhold(sqlite_node):
    node = sqlite_node
    node.run("definition", "add", "no printing", "--print", "no")
    browser, path = send(node, wrap(FORWARDS["Outlook"], subject="Outer [secure:no printing]"))
    [opened] = links(browser.get(path), "/mail/")
    page = browser.get(opened)
    assert page.status == 200 and "no-print" in page.text and "/print" not in "".join(page.links)
    assert browser.get(opened + "/print").status == 403


def test_r15_attached_mails_of_others_do_not_exist(node):
    browser, path = send(node, wrap(FORWARDS["Outlook"]))
    [opened] = links(browser.get(path), "/mail/")
    # Not signed in: asked to; signed in as somebody else, or for a part that is no mail: not there.
    assert "INNER WORDS" not in Browser(node).get(opened + "/body").text
    bob, _ = portal.sign_in_by_password(node, "bob@acme.example")
    for where in (opened, opened + "/body", opened + "/print"):
        assert bob.get(where).status == 404
    for where in (path + "/mail/1", path + "/mail/9", path + "/mail/2.1", path + "/mail/1/body"):
        assert browser.get(where).status == 404


def test_what_cannot_be_opened_stays_a_file(sqlite_node):
    node = sqlite_node
    deep = INNER
    for level in range(14):
        deep = wrap("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded(deep),
                    f"d{level}")
    parts = [
        "Content-Type: message/rfc822; name=deep.eml\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded(deep),
        "Content-Type: message/rfc822; name=noise.eml\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded("x" * 500),
        "Content-Type: message/rfc822; name=odd.eml\r\nContent-Transfer-Encoding: x-odd\r\n\r\nFrom: x",
    ]
    browser, path = send(node, wrap("\r\n--o\r\n".join(parts)))
    page = browser.get(path)
    assert page.status == 200 and len(links(page, "/file/")) == 3
    depth = 0
    while links(page, "/mail/") and depth < 20:
        page = browser.get(links(page, "/mail/")[-1])
        assert page.status == 200
        depth += 1
    # Ten encoded parts are opened; what they hold is still there to be saved.
    assert depth == 10 and len(links(page, "/file/")) == 1
    assert b"base64" in browser.get(links(page, "/file/")[0]).body
