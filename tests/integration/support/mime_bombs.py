"""Mails of up to 25 MB whose shape is dear to a parser, each as (name, mail without From, To and Subject)."""

import base64
import struct

from support import tnef

SIZE = 24_500_000


def fill(head, repeated, tail=b"", size=SIZE):
    return head + repeated * ((size - len(head) - len(tail)) // len(repeated)) + tail


def multipart(boundary="b", kind="mixed"):
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()


def nested(levels):
    return b"".join(multipart(f"b{i}") + f"--b{i}\r\n".encode() for i in range(levels))


def file_part(name="evil.exe"):
    return f"Content-Type: application/octet-stream; name={name}\r\n\r\nMZ\r\n".encode()


def encoded(encoding, kind="application/octet-stream"):
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()


def uuencoded(inner):
    lines = [b"begin 644 a.uu"]
    for at in range(0, len(inner), 45):
        piece = inner[at:at + 45]
        groups = bytearray([32 + len(piece)])
        padded = piece + b"\0" * (-len(piece) % 3)
        for i in range(0, len(padded), 3):
            bits = padded[i] << 16 | padded[i + 1] << 8 | padded[i + 2]
            groups += bytes((bits >> s & 63) + 32 or 96 for s in (18, 12, 6, 0))
        lines.append(bytes(groups).replace(b" ", b"`"))
    return b"\r\n".join(lines + [b"`", b"end", b""])


def uu_in_uu():
    inner = uuencoded(b"x" * 1_000_000)
    for _ in range(8):
        inner = uuencoded(inner[:2_000_000])
    return fill(encoded("x-uuencode"), inner)


def charset(name, unit):
    return fill(f"Content-Type: text/plain; charset={name}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode(),
                unit * 60 + b"\r\n")


def parameters(text):
    return f"Content-Type: application/pdf;\r\n {text}\r\n\r\nx\r\n".encode()


def many_names(count):
    names = "".join(f";\r\n filename=n{i}.exe" for i in range(count))
    return f"Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment{names}\r\n\r\nx\r\n".encode()


def lines_of_base64(data):
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def growing_rtf():
    """winmail.dat with 16 MB of RTF in 2 MB: after a few characters nothing but references to them."""
    begin = b"{\\rtf1 \\u9?"
    rtf = b"\0" + begin[:8] + bytes([0xfe << (len(begin) - 8) & 0xff]) + begin[8:]
    at = 207 + len(begin)
    references = 8 - (len(begin) - 8)
    out = bytearray(rtf)
    while len(out) < 2_100_000:
        for _ in range(references):
            out += struct.pack(">H", ((at - 4) % 4096) << 4 | 15)
            at += 17
        out.append(0xff)
        references = 8
    data = struct.pack("<II4sI", len(out) + 12, 16 << 20, b"LZFu", 0) + bytes(out)
    return struct.pack("<IH", 0x223e9f78, 1) + tnef.attribute(1, 0x00069003, tnef.properties((tnef.BINARY, 0x1009, data)))


def shapes():
    yield "empty parts", fill(multipart(), b"--b\r\n\r\n")
    yield "empty parts without an empty line", fill(multipart(), b"--b\r\n")
    yield "999 parts", fill(multipart(), b"--b\r\n\r\nx\r\n", size=9000)
    yield "nested multiparts", nested(1100) + file_part()
    yield "49 nested multiparts, long", fill(nested(48), b"--bx\r\n--\r\n")
    yield "a chain of messages", b"Content-Type: message/rfc822\r\n\r\n" * 100_000
    yield "a chain of 45 messages", fill(b"Content-Type: message/rfc822\r\n\r\n" * 45 + b"Subject: in\r\n\r\n", b"x\r\n")
    inside = encoded("base64", "message/rfc822")
    long = b"Subject: in\r\n" + fill(nested(44), b"--bx\r\n--\r\n", size=8_380_000)
    yield "nested multiparts in an encoded mail", inside + lines_of_base64(long)
    parts = b"--m\r\n" + fill(b"\r\n", b"x y\r\n", size=30_000)
    packed = b"Subject: in\r\n\r\n"
    for level in range(9):
        packed = (b"Subject: in\r\n" + multipart("m") + parts * 3 + b"--m\r\n" + inside + lines_of_base64(packed)
                  + b"--m\r\nContent-Type: text/html\r\n\r\n" + b"<b>x" * 9999 + b"--m--")
    yield "encoded mails in each other", inside + lines_of_base64(packed)
    yield "winmail.dat of RTF that grows", (multipart() + b"".join(
        b"--b\r\n" + encoded("base64", "application/ms-tnef") + lines_of_base64(growing_rtf()) for _ in range(8)) + b"--b--\r\n")
    yield "header fields", fill(b"", b"X-A: b\r\n", b"\r\nx\r\n")
    yield "header fields without a name", fill(b"", b":\r\n", b"\r\nx\r\n")
    yield "one long header line", fill(b"X-A: ", b"b" * 998, b"\r\n\r\nx\r\n")
    yield "folded header lines", fill(b"X-A: b\r\n", b" b\r\n", b"\r\nx\r\n")
    yield "continuations", parameters(";\r\n ".join(f"name*{i}=abc" for i in range(20_000)))
    yield "long names in each part", fill(multipart(), b"--b\r\n" + parameters(
        "; ".join("name=" + c * 900 + ".exe" for c in "abcdefgh")), size=140 * 7_200)
    yield "nine names", many_names(8)
    yield "continuations within the limit", parameters(";\r\n ".join(f"name*{i}=a" for i in range(4_000)))
    yield "continuation indexes that wrap", parameters('name*0="inv"; name*1=".pdf"; name*4294967297=".exe"')
    yield "many names", many_names(3000)
    yield "200,000 addresses", b"Cc: " + b",\r\n ".join(b"a%d@x.example" % i for i in range(200_000)) + b"\r\n\r\nx\r\n"
    yield "addresses within the limit", b"Cc: " + b",\r\n ".join(b"a%d@x" % i for i in range(7_000)) + b"\r\n\r\nx\r\n"
    yield "colons in an address", b"Cc: " + b"(:" * 45_000 + b"\r\n\r\nx\r\n"
    yield "encoded words", b"Comments: " + b"=?utf-8?q?a?=\r\n " * 5_000 + b"\r\n\r\nx\r\n"
    yield "base64 garbage", fill(encoded("base64"), b"####=" * 15 + b"\r\n")
    yield "base64 text", fill(encoded("base64", "text/plain"), base64.b64encode(b"a\n" * 28) + b"\r\n")
    yield "quoted-printable of one-character lines", fill(encoded("quoted-printable", "text/plain"), b"a=\r\n")
    yield "quoted-printable garbage", fill(encoded("quoted-printable", "text/plain"), b"=" * 76 + b"\r\n")
    yield "lines that begin with dots", fill(b"\r\n", b"....\r\n")
    yield "800 texts of a slow charset", multipart() + b"".join(
        b"--b\r\n" + encoded("8bit", "text/plain; charset=gb18030") + f"中文{i} ".encode("gb18030") * 3000 + b"\r\n"
        for i in range(800))
    yield "empty lines", fill(b"Content-Type: text/plain\r\n\r\n", b"\r\n")
    yield "uuencode in uuencode", uu_in_uu()
    yield "multipart without end", fill(multipart() + b"--b\r\n\r\n", b"text\r\n")
    yield "nothing but preamble", fill(multipart(), b"--c\r\n")
    yield "the same boundary in parent and child", fill(multipart() + b"--b\r\n" + multipart(), b"--b--\r\n")
    yield "a long boundary and lines like it", fill(multipart("b" * 8000) + b"--" + b"b" * 8000 + b"\r\n\r\n",
                                                    b"--" + b"b" * 7990 + b"\r\n")
    yield "a boundary in each nested part and lines like all", fill(
        b"".join(multipart("b" * (900 + i)) + b"--" + b"b" * (900 + i) + b"\r\n" for i in range(48)) + b"\r\n",
        b"--" + b"b" * 899 + b"\r\n")
    yield "UTF-7", charset("utf-7", b"+AGE-")
    yield "UTF-16", charset("utf-16", b"a\x01")
    yield "ISO-2022-JP", charset("iso-2022-jp", b"\x1b$B!!\x1b(B")
    yield "an unknown charset", charset("bogus", b"\xe9\xff")
    yield "broken UTF-8", charset("utf-8", b"\xf0\x80")
    yield "HTML of open formats", fill(b"Content-Type: text/html\r\n\r\n", b"<b><i><a href=x><font>" * 9 + b"\r\n")
    yield "HTML of open formats, short", fill(b"Content-Type: text/html\r\n\r\n", b"<b><i><p><font>" * 9 + b"\r\n",
                                              size=200_000)
    yield "HTML of deep tables", fill(b"Content-Type: text/html\r\n\r\n", b"<table><td>" * 9 + b"\r\n", size=4_000_000)
    yield "HTML of attributes", fill(b"Content-Type: text/html\r\n\r\n<p ", b"a b c d e=f\r\n", size=4_000_000)
    yield "HTML of entities", fill(b"Content-Type: text/html\r\n\r\n", b"&notit;&#99;" * 9 + b"\r\n", size=4_000_000)
    yield "HTML of many elements", fill(b"Content-Type: text/html\r\n\r\n", b"<p>a</p>" * 9 + b"\r\n", size=1_500_000)
    for name, text in ("elements", b"<p>a</p>"), ("scripts", b"<script></script>"):
        for size in 2_000, 26_000:
            yield f"900 parts of HTML {name} of {size} bytes", multipart() + 900 * (
                b"--b\r\nContent-Type: text/html\r\n\r\n" + (text * 9 + b"\r\n") * (size // (len(text) * 9))) + b"--b--\r\n"
    yield "one image many times", (
        multipart(kind="related") + b"--b\r\nContent-Type: text/html\r\n\r\n" + b'<img src="cid:i">' * 50_000 +
        b"\r\n--b\r\nContent-ID: <i>\r\n" + encoded("base64", "image/png") + b"QUJD" * 19 * 20_000 + b"\r\n--b--\r\n")
    yield "links", fill(b"Content-Type: text/plain\r\n\r\n", b"http://a.b http:// " * 4 + b"\r\n")
    yield "quotes", fill(b"Content-Type: text/plain; format=flowed\r\n\r\n", b">" * 70 + b" \r\n")
    yield "HTML of as many elements as are read", fill(b"Content-Type: text/html\r\n\r\n", b"<p>a</p>" * 9 + b"\r\n",
                                                       size=770_000)
    yield "HTML of attributes on each element", fill(
        b"Content-Type: text/html\r\n\r\n<style>.a{color:red}</style>",
        b"<b class='a b c d e f' id=g style='color:red;margin:0'>x</b>\r\n", size=3_900_000)
    yield "style sheets", fill(
        b"Content-Type: text/html\r\n\r\n", b"<style>" + b"a,b,c,d{color:red}\r\n" * 12_000 + b"</style>", size=3_900_000)
    yield "style sheet", fill(b"Content-Type: text/html\r\n\r\n<style>", b"a{b:c}d,e{" * 7 + b"\r\n", size=4_000_000)
