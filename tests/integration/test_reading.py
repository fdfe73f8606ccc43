"""Every part of a mail is seen: in the text, or as an attachment."""

import base64

import pytest
from support import portal, smtp

PNG = base64.b64encode(bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082")).decode()


def image(name, content_id, kind="image/png", data=PNG):
    return (f"Content-Type: {kind}; name={name}\r\nContent-ID: <{content_id}>\r\nContent-Disposition: inline; "
            f"filename={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{data}")


def html(text):
    return f"Content-Type: text/html\r\n\r\n{text}"


def plain(text):
    return f"Content-Type: text/plain\r\n\r\n{text}"


PDF = "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=x.pdf\r\n\r\npdf"


def multipart(kind, *parts, boundary="b"):
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n{body}--{boundary}--\r\n"


MAILS = {
    # name: (the mail behind its first fields, words of the text, files)
    "image that the text does not name": (
        multipart("related", html("<p>WORDS</p>"), image("scan.png", "i1")), ["WORDS"], ["scan.png"]),
    "image that the text shows": (
        multipart("related", html("<p>WORDS</p><img src='cid:i1'>"), image("scan.png", "i1")),
        ["WORDS", "data:image/png"], []),
    "one of two": (
        multipart("related", html("<p>WORDS</p><img src='cid:i2'>"), image("scan.png", "i1"), image("logo.png", "i2")),
        ["WORDS", "data:image/png"], ["scan.png"]),
    "two of the same name": (
        multipart("related", html("<p>WORDS</p><img src='cid:i1'>"), image("scan.png", "i1"), image("other.png", "i1")),
        ["WORDS", "data:image/png"], ["other.png"]),
    "named only where it is not shown": (
        multipart("related", html("<p>WORDS</p><object data='cid:i1'></object><!-- <img src='cid:i1'> -->"),
                  image("scan.png", "i1")), ["WORDS"], ["scan.png"]),
    "image of a kind that is not shown": (
        multipart("related", html("<p>WORDS</p><img src='cid:i1'>"), image("scan.svg", "i1", "image/svg+xml")),
        ["WORDS"], ["scan.svg"]),
    "too many bytes with it": (
        multipart("related", html("<p>WORDS</p>" + "<img src='cid:i1'>" * 4),
                  image("scan.png", "i1", data="\r\n".join(["A" * 76] * 49000))), ["WORDS"], ["scan.png"]),
    "text behind a file in an alternative": (
        multipart("alternative", plain("plain words"),
                  multipart("mixed", html("<p>ONE</p>"), PDF, html("<p>TWO</p>"), boundary="m"), boundary="a"),
        ["ONE"], ["x.pdf", "file.html"]),
    "the same with plain text": (
        multipart("alternative", multipart("mixed", plain("one"), PDF, plain("two"), boundary="m"),
                  html("<p>ONE</p>"), boundary="a"), ["ONE"], ["x.pdf", "file.txt"]),
    "another text beside the first of related": (
        multipart("alternative", plain("plain words"),
                  multipart("related", html("<p>ONE</p>"), plain("more"), boundary="m"), boundary="a"),
        ["ONE"], ["file.txt"]),
    "an ordinary alternative": (
        multipart("alternative", plain("plain words"), html("<p>ONE</p>"), boundary="a"), ["ONE"], []),
}


@pytest.fixture(scope="module")
def carol(binary):
    from support.node import Node
    node = Node(binary).make_acme().start()
    links = []

    def read(rest):
        mail = f"From: alice@acme.example\r\nTo: carol@partner.example\r\nSubject: x [secure]\r\n" \
               f"Message-ID: <{len(links)}@acme.example>\r\nMIME-Version: 1.0\r\n{rest}"
        smtp.send(node.smtp_port, mail.encode(), recipients=["carol@partner.example"])
        links.append(portal.link_for(node, "carol@partner.example", len(links) + 1))
        if len(links) == 1:
            read.browser, _ = portal.sign_in_by_link(node, links[0], "carol@partner.example")
        message = "/message/" + links[-1].rsplit("/", 1)[1]
        return read.browser, read.browser.get(message), read.browser.get(message + "/body")
    yield read
    node.stop()
    node.close()


@pytest.mark.parametrize("name", MAILS)
def test_every_part_is_seen_once(carol, name):
    rest, words, files = MAILS[name]
    browser, page, body = carol(rest)
    assert page.status == body.status == 200
    for word in words:
        assert word in body.text, word
    listed = [browser.get(link) for link in page.links if "/file/" in link]
    assert [f.headers["Content-Disposition"].split('filename="')[1].split('"')[0] for f in listed] == files
    assert ("data:image" in body.text) == ("data:image/png" in words)
