"""What Outlook packs into winmail.dat is seen as the texts and files it is."""

import base64

import pytest
from support import portal, smtp, tnef
from test_attached_mail import FORWARDS, INNER, PNG, encoded, links
from test_evidence import owner_page, text_of


def mail(data, text="See the plan.", kind="application/ms-tnef", number=0):
    own = f"--w\r\n\r\n{text}\r\n" if text is not None else ""
    return (f"From: alice@acme.example\r\nTo: carol@partner.example\r\nSubject: Packed [secure]\r\n"
            f"Message-ID: <{number}.{hash((data, text))}@acme.example>\r\n"
            f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=w\r\n\r\n{own}"
            f"--w\r\nContent-Type: {kind}; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(data).decode().replace("\n", "\r\n") + "\r\n--w--\r\n")


@pytest.fixture(scope="module")
def carol(binary):
    from support.node import Node
    node = Node(binary).make_acme().start()
    reader = portal.Reader(node)

    def read(text):
        return reader.open(text.encode())
    read.node = node
    yield read
    node.stop()
    node.close()


def saved(browser, page):
    """Name and bytes of each file of the page."""
    answers = [browser.get(link) for link in links(page, "/file/")]
    return [(a.headers["Content-Disposition"].split('filename="')[1].split('"')[0], a.body) for a in answers]


PDF = tnef.attachment("Grundriß.pdf", b"%PDF the plan" * 9000, (tnef.TEXT, 0x370e, "application/pdf"))


@pytest.mark.parametrize("kind", ["application/ms-tnef", "application/vnd.ms-tnef", "application/octet-stream"])
def test_files_are_those_of_the_message(carol, kind):
    browser, path, page = carol(mail(tnef.make(PDF, tnef.attachment("b.txt", b"two"), text="See the plan."), kind=kind))
    assert "See the plan." in page.text and "winmail" not in page.text and "Grundriß.pdf" in page.text
    files = saved(browser, page)
    assert [data for _, data in files] == [b"%PDF the plan" * 9000, b"two"] and files[1][0] == "b.txt"
    part = browser.get(links(page, "/file/")[0], Range="bytes=4-6")
    assert part.status == 206 and part.body == b" th"
    assert browser.get(path + "/files.zip").body.count(b"PK\x01\x02") == 2
    assert "b.txt" in text_of(owner_page(carol.node)) and "Download of" in text_of(owner_page(carol.node))


def test_its_text_is_shown_when_the_mail_has_none(carol):
    image = tnef.attachment("p.png", base64.b64decode(PNG), (tnef.TEXT, 0x370e, "image/png"), (tnef.TEXT, 0x3712, "p@x"))
    packed = tnef.make(image, text="plain words", html="<p>rich words<script>x</script><img src='cid:p@x'></p>")
    for own in ("", None):
        browser, path, page = carol(mail(packed, own))
        body = browser.get(path + "/body")
        assert "rich words" in body.text and "data:image/png" in body.text and "<script" not in body.text
        assert links(page, "/file/") == [] or saved(browser, page) == []


def test_texts_beside_the_mail_s_own_are_files(carol):
    browser, _, page = carol(mail(tnef.make(text="plain", rtf="{\\rtf1 rich words}")))
    assert saved(browser, page) == [("message.rtf", b"{\\rtf1 rich words}")]
    browser, _, page = carol(mail(tnef.make(text="plain", html="<b>rich</b>")))
    assert saved(browser, page) == [("message.html", b"<b>rich</b>")]


HTML_RTF = (r"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}}{\*\htmltag50 <body>}\htmlrtf {\htmlrtf0 "
            r"{\*\htmltag64 <p onclick='x()'>}Rich gr\'fc\'dfe \htmlrtf bad\htmlrtf0 {\*\htmltag84 <b>}bold\u8364?{\*\htmltag92 </b>}"
            r"{\*\htmltag116 <img src='cid:p@x'><script>alert(1)</script>}\htmlrtf }\htmlrtf0}")


def test_rtf_is_read_as_the_html_or_text_in_it(carol):
    image = tnef.attachment("p.png", base64.b64decode(PNG), (tnef.TEXT, 0x370e, "image/png"), (tnef.TEXT, 0x3712, "p@x"))
    browser, path, page = carol(mail(tnef.make(image, rtf=HTML_RTF), None))
    body = browser.get(path + "/body")
    assert "Rich grüße <b>bold€</b>" in body.text and "data:image/png" in body.text and links(page, "/file/") == []
    assert not [word for word in ("htmlrtf", "bad", "<script", "onclick", "alert") if word in body.text]
    browser, path, page = carol(mail(tnef.make(rtf=r"{\rtf1\ansi\fromtext Packed <text>\par second line}"), None))
    assert "Packed &lt;text&gt;" in page.text and "second line" in page.text and links(page, "/file/") == []
    # Of other RTF the text is shown, and the file with its formats is kept.
    plain = r"{\rtf1\ansi{\info{\title t}}\pard Only \b words\b0\par}"
    browser, path, page = carol(mail(tnef.make(rtf=plain), None))
    assert "Only words" in page.text and saved(browser, page) == [("message.rtf", plain.encode())]
    browser, path, page = carol(mail(tnef.make(rtf=HTML_RTF), "See the plan."))
    [(name, data)] = saved(browser, page)
    assert name == "message.html" and "<b>bold€</b>" in data.decode()


def test_what_is_inside_what_is_inside(carol):
    inner = tnef.make(tnef.attachment("deep.txt", b"deep"), text="inner words")
    forward = tnef.attachment("fwd.eml", INNER.encode(), (tnef.TEXT, 0x370e, "message/rfc822"))
    browser, _, page = carol(mail(tnef.make(tnef.inner_message("Minutes", inner), forward)))
    files = saved(browser, page)
    assert [(name, data.decode("utf-16-le") if name == "Minutes.txt" else data) for name, data in files] == [
        ("Minutes.txt", "inner words"), ("deep.txt", b"deep"), ("fwd.eml", INNER.encode())]
    [opened] = links(page, "/mail/")
    assert browser.get(links(browser.get(opened), "/file/")[0]).body == b"the deep file"


def test_a_bad_one_stays_a_file(carol):
    good = tnef.make(PDF)
    for number, bad in enumerate((good[:-500], b"nothing", b"x\x9f\x3e\x22" + b"\xff" * 100,
                                  tnef.make(*[tnef.attachment("x", b"")] * 1001))):
        browser, _, page = carol(mail(bad, number=number))
        assert page.status == 200 and saved(browser, page) == [("winmail.dat", bad)]
