"""Pictures and PDF files are shown as new pictures, made by a program that can do nothing else."""

import base64
import re
import resource
import shutil
import time

import pytest
from support import pictures, portal, smtp
from support.browser import Browser
from test_attached_mail import links
from test_evidence import owner_page, text_of

EXIF_WORDS = b"taken at home"


def mail(files, subject="Files [secure]"):
    parts = "".join(f"--p\r\nContent-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: attachment\r\n"
                    f"Content-Transfer-Encoding: base64\r\n\r\n{base64.encodebytes(data).decode()}\r\n".replace("\n", "\r\n")
                    .replace("\r\r", "\r") for name, kind, data in files)
    return (f"From: alice@acme.example\r\nTo: carol@partner.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: multipart/mixed; boundary=p\r\n\r\n--p\r\n\r\nSee the files.\r\n{parts}--p--\r\n").encode()


@pytest.fixture(scope="module")
def carol(binary):
    from support.node import Node
    node = Node(binary).make_acme().start()
    node.run("definition", "add", "no printing", "--print", "no")
    reader = portal.Reader(node)

    def read(*files, **how):
        return reader.open(mail(files, **how))
    read.node = node
    yield read
    node.stop()
    node.close()


@pytest.mark.parametrize("name, kind, data, size, made", [
    ("a.png", "image/png", pictures.png(text=EXIF_WORDS), (30, 20), "image/png"),
    ("a.jpg", "image/jpeg", pictures.JPEG, (8, 16), "image/jpeg"),
    ("a.gif", "image/gif", pictures.GIF, (1, 1), "image/png"),
    ("a.webp", "image/webp", pictures.WEBP, (16, 8), "image/png"),
    ("named.png", "application/octet-stream", pictures.png(3000, 10), (1600, 5), "image/png"),
    ("misnamed.png", "image/png", pictures.JPEG, (8, 16), "image/jpeg"),
])
def test_pictures_are_made_anew(carol, name, kind, data, size, made):
    browser, path, page = carol((name, kind, data))
    [shown] = links(page, "/preview/")
    page = browser.get(shown)
    assert page.status == 200 and f'<img src="{shown}/1"' in page.text and path in page.links
    picture = browser.get(shown + "/1")
    assert picture.status == 200 and picture.headers["Content-Type"] == made
    assert pictures.size(picture.body) == size
    assert EXIF_WORDS not in picture.body and b"Exif" not in picture.body and picture.body != data
    assert picture.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in picture.headers["Content-Security-Policy"]
    assert picture.headers["Cache-Control"] == "no-store"


def test_pdf_files_are_turned_page_by_page(carol):
    browser, _, page = carol(("plan.pdf", "application/pdf", pictures.pdf(3)))
    [shown] = links(page, "/preview/")
    seen = []
    page = browser.get(shown)
    while True:
        seen.append(browser.get(next(part.split('"')[0] for part in page.text.split('<img src="')[1:])))
        turning = [link for link in page.links if link == f"{shown}?page={len(seen) + 1}"]
        assert f"Page {len(seen)} of 3" in text_of(page)
        if not turning:
            break
        page = browser.get(turning[0])
    assert [p.headers["Content-Type"] for p in seen] == ["image/png"] * 3
    assert len({p.body for p in seen}) == 3 and {pictures.size(p.body) for p in seen} == {(1131, 1600)}
    for wrong in ("?page=4", "?page=0", "?page=x", "/4", "/0", "/x"):
        assert browser.get(shown + wrong).status in (400, 404), wrong


def test_a_pages_picture_has_its_room_before_it_comes(carol):
    """Of any size, cut or turned, each page by itself."""
    own = {2: b"/Rotate 90", 3: b"/CropBox [0 0 300.5 100]", 4: b"/Rotate 270 /CropBox [10 10 20 800]"}
    browser, _, page = carol(("plan.pdf", "application/pdf", pictures.pdf(5, more=own)),
                             ("line.pdf", "application/pdf", pictures.pdf(1, width=14000, height=1)))
    plan, line = links(page, "/preview/")
    for page, shown in [*((n, plan) for n in range(1, 6)), (1, line)]:
        told = re.search(r'<img src="([^"]+)" width="(\d+)" height="(\d+)"', browser.get(f"{shown}?page={page}").text)
        assert pictures.size(browser.get(told[1]).body) == (int(told[2]), int(told[3])), (shown, page)


def test_r13_a_file_that_was_shown_was_viewed(carol):
    browser, _, page = carol(("evidence.png", "image/png", pictures.png()))
    [shown] = links(page, "/preview/")
    browser.get(shown)
    browser.request(shown + "/1", method="HEAD")
    assert "evidence.png viewed" not in text_of(owner_page(carol.node))
    browser.get(shown + "/1")
    words = text_of(owner_page(carol.node))
    assert "evidence.png viewed: " in words and "Download of evidence.png" not in words


def test_r15_previews_of_others_do_not_exist(carol):
    browser, path, page = carol(("a.png", "image/png", pictures.png()), ("b.bin", "application/octet-stream", b"x"))
    [shown] = links(page, "/preview/")
    bob, _ = portal.sign_in_by_password(carol.node, "bob@acme.example")
    for where in (shown, shown + "/1", path + "/preview/3", path + "/preview/3/1", path + "/preview/9"):
        assert bob.get(where).status == 404 and Browser(carol.node).get(where).headers["Content-Type"] != "image/png"
    for where in (path + "/preview/3", path + "/preview/3/1", path + "/preview/9", path + "/preview/1"):
        assert browser.get(where).status == 404


def test_printing_is_withheld_there_too(carol):
    browser, _, page = carol(("a.png", "image/png", pictures.png()), subject="Files [secure:no printing]")
    [shown] = links(page, "/preview/")
    assert "no-print" in browser.get(shown).text


def test_r4_a_recalled_file_is_shown_no_more(carol):
    browser, path, page = carol(("a.png", "image/png", pictures.png()))
    [shown] = links(page, "/preview/")
    assert browser.get(shown + "/1").status == 200
    newest = max(carol.node.json("message", "list"), key=lambda m: m["id"])
    carol.node.run("message", "recall", newest["id"], "--reason", "wrong file")
    assert browser.get(shown).status == browser.get(shown + "/1").status == 410


RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\author secretary}}{\b The price}: 40\'80 <b>\par See http://acme.example/\par}"
RTF_WORDS = "The price: 40€ &lt;b&gt;"


@pytest.mark.parametrize("name, kind, data, words", [
    ("a.rtf", "application/rtf", RTF, RTF_WORDS),
    ("a.rtf", "text/rtf", RTF, RTF_WORDS),
    ("a.rtf", "application/msword", RTF, RTF_WORDS),
    ("a.RTF", "application/octet-stream", RTF, RTF_WORDS),
    ("packed.rtf", "application/rtf", rb"{\rtf1\fromhtml1{\*\htmltag <p>}The price{\*\htmltag </p>}}", "The price"),
    ("a.txt", "text/plain; charset=iso-8859-15", b"40\xa4 <b>", "40€ &lt;b&gt;"),
    ("a.txt", "text/plain", "40€".encode(), "40€"),
    ("a.txt", "text/plain", b"40\x80", "40€"),
    ("a.csv", "text/csv", b"price,40\r\n", "price,40"),
])
def test_texts_are_shown_as_words(carol, name, kind, data, words):
    browser, path, page = carol((name, kind, data))
    [shown] = links(page, "/preview/")
    page = browser.get(shown)
    assert page.status == 200 and f'<div class="body-text" dir="auto">{words}' in page.text and path in page.links
    assert "<img" not in page.text and "secretary" not in page.text
    assert browser.get(shown + "/1").status == 404


@pytest.mark.parametrize("data", [rb"{\rtf1}", rb"{\rtf1" + b"{" * 100_000, b" \n"])
def test_files_that_say_nothing_are_to_be_downloaded(carol, data):
    browser, _, page = carol(("a.rtf", "application/rtf", data))
    [shown] = links(page, "/preview/")
    page = browser.get(shown)
    assert page.status == 200 and "cannot be shown here" in page.text


def test_long_texts_are_cut(carol):
    browser, _, page = carol(("a.txt", "text/plain", b"0123456789abcde\n" * (2 << 16) + b"the end"))
    [shown] = links(page, "/preview/")
    page = browser.get(shown)
    assert "0123456789abcde" in page.text and "the end" not in page.text and "Only the beginning of this long text" in page.text


def test_r13_a_text_that_was_shown_was_viewed(carol):
    browser, path, page = carol(("terms.rtf", "application/rtf", RTF))
    [shown] = links(page, "/preview/")
    browser.request(shown, method="HEAD")
    assert "terms.rtf viewed" not in text_of(owner_page(carol.node))
    browser.get(shown)
    assert "terms.rtf viewed: " in text_of(owner_page(carol.node))
    # The text of the mail itself is no file: whoever reads it has read the message.
    assert browser.get(path + "/preview/1").status == 404


def test_r4_a_recalled_text_is_shown_no_more(carol):
    browser, _, page = carol(("a.rtf", "application/rtf", RTF), subject="Files [secure:no printing]")
    [shown] = links(page, "/preview/")
    assert "no-print" in browser.get(shown).text
    newest = max(carol.node.json("message", "list"), key=lambda m: m["id"])
    carol.node.run("message", "recall", newest["id"], "--reason", "wrong file")
    page = browser.get(shown)
    assert page.status == 410 and "The price" not in page.text


# Bytes that want memory or time: what they claim, and what they would cost.
BOMBS = {
    "huge png": ("image/png", pictures.png(claim=(100_000, 100_000))),
    "long png": ("image/png", pictures.png(claim=(2_000_000_000, 1))),
    "cut png": ("image/png", pictures.png()[:60]),
    "huge gif": ("image/gif", b"GIF89a\xff\xff\xff\xff\x80\0\0" + b"\0" * 6 + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0;"),
    "huge jpeg": ("image/jpeg", pictures.JPEG.replace(b"\0\x11\x08\0\x08\0\x10", b"\0\x11\x08\xff\xff\xff\xff")),
    "no picture": ("image/png", b"<svg onload='alert(1)'/>"),
    "no pdf": ("application/pdf", b"%PDF-1.4 and nothing more"),
    "endless drawing": ("application/pdf", pictures.pdf(1, b"0 0 m 595 842 l S " * 1_000_000)),
    "deep page tree": ("application/pdf", pictures.pdf(1).replace(b"[4 0 R]", b"[2 0 R]")),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_within_bounds(carol, name):
    kind, data = BOMBS[name]
    browser, _, page = carol((name, kind, data))
    [shown] = links(page, "/preview/")
    begin = time.monotonic()
    page = browser.get(shown)
    picture = browser.get(shown + "/1")
    # Twenty seconds each at the very most, and what is bounded by processor time or memory is much sooner.
    assert time.monotonic() - begin < 45
    assert page.status == 200 and "download" in page.text
    if name != "endless drawing": # which a quick machine draws in time
        assert picture.status in (400, 503), picture.status
    assert picture.status != 200 or picture.headers["Content-Type"] == "image/png"
    # No child of any node took more memory than it may have, and nothing else suffers.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1 << 20
    assert browser.get("/inbox").status == 200


def test_check_says_what_can_be_previewed(carol, tmp_path):
    def findings():
        return [f for f in carol.node.json("check") if "preview" in f["what"]]
    assert [f["finding"] for f in findings()] == ["ok"]
    # The same program without the other one beside it.
    whole, carol.node.binary = carol.node.binary, shutil.copy(carol.node.binary, tmp_path / "sealpost")
    try:
        [found] = findings()
    finally:
        carol.node.binary = whole
    assert found["finding"] == "warning" and "sealpost-preview" in found["what"] and found["mend"]
