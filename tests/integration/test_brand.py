"""How an account looks in the portal and in mail: name, logo, colour."""

import re

from support import portal, smtp, wait
from support.browser import Browser

PNG = b"\x89PNG\r\n\x1a\n" + b"not shown by a test"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="32"><rect width="90" height="32"/></svg>'


def contrast_with_white(colour):
    def linear(value):
        v = int(value, 16) / 255
        return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
    red, green, blue = (linear(colour[i:i + 2]) for i in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def link_page(node, count=1):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
    link = portal.link_for(node, "carol@partner.example", count)
    return Browser(node).get(link)


def test_name_logo_and_colour_of_an_account_are_shown(node, tmp_path):
    logo = tmp_path / "our logo.svg"
    logo.write_bytes(SVG)
    node.run("account", "set", "display_name", "Acme & Sons")
    node.run("account", "set", "logo_file", str(logo))
    node.run("account", "set", "accent_colour", "#ffe600")
    page = link_page(node)
    assert "Acme &amp; Sons" in page.text
    url = re.search(r'<img src="(/logo/[0-9a-f]{16}\.svg)" alt="Acme &amp; Sons"', page.text).group(1)
    picture = Browser(node).get(url)
    assert picture.status == 200 and picture.text.encode() == SVG
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    style = Browser(node).get("/colour/ffe600.css").text
    assert contrast_with_white(re.search(r"--accent:(#[0-9a-f]{6});--on-accent:#fff", style).group(1)) >= 4.5


def test_an_address_that_is_no_page_wears_the_account_of_who_is_signed_in(node):
    """Of several accounts, so that it is not the only one's; strangers see none of them (R15)."""
    node.run("account", "set", "display_name", "Acme & Sons")
    node.run("account", "add", "other", "--display-name", "Other")
    alice, _ = portal.sign_in_by_password(node, "alice@acme.example")
    for path in ("/nothing-here", "/nothing/here?at=all"):
        page = alice.get(path)
        assert page.status == 404 and "Acme &amp; Sons" in page.text, path
        stranger = Browser(node).get(path)
        assert stranger.status == 404 and "Acme" not in stranger.text and "Sealpost" in stranger.text
    assert alice.get("/inbox").path == "/inbox"


def test_the_button_of_a_notification_can_be_read_in_any_colour(node):
    node.run("account", "set", "accent_colour", "#ffe600")
    link_page(node)
    mail = wait.until(lambda: [m for m in node.outbox.to("carol@partner.example")], "a notification")[0]
    html = [p for p in mail.walk() if p.get_content_type() == "text/html"][0].get_payload(decode=True).decode()
    assert len(html.encode()) < 30 * 1024
    colour = re.search(r'bgcolor="(#[0-9a-f]{6})" style="border-radius', html).group(1)
    assert contrast_with_white(colour) >= 4.5


def test_a_notification_says_all_in_either_part(node):
    link_page(node)
    mail = wait.until(lambda: [m for m in node.outbox.to("carol@partner.example")], "a notification")[0]
    parts = {p.get_content_type(): p.get_payload(decode=True).decode() for p in mail.walk() if not p.is_multipart()}
    assert list(parts) == ["text/plain", "text/html"]
    sender = re.search(r"<(.+)>", mail["From"]).group(1)
    for text in parts.values():
        for word in (node.url + "/m/", "alice@acme.example", "carol@partner.example", sender, "can be read until",
                     "Is this mail genuine?"):
            assert word in text, word
    html = parts["text/html"]
    assert html.count("display:inline-block") == 1 and 'role="presentation"' in html  # one button, in tables
    assert not re.search(r"<img|<script|<link|url\(|<(div|p)[^>]*background", html)
    link = re.search(r"https://\S+/m/\w+", parts["text/plain"]).group(0)
    assert set(re.findall(r'(?:href|src)="([^"]+)"', html)) == {link, node.url + "/check"}


def test_an_empty_value_takes_the_logo_away(node, tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(PNG)
    node.run("account", "set", "logo_file", str(logo))
    assert '<img src="/logo/' in link_page(node).text
    node.run("account", "set", "logo_file", "")
    page = link_page(node, 2)
    assert "<img" not in page.text and "<span>Acme</span>" in page.text


def test_what_is_no_logo_or_colour_is_refused(node, tmp_path):
    picture = tmp_path / "logo.svg"
    picture.write_bytes(b"<svg><script>alert(1)</script></svg>")
    assert "neither a PNG picture nor an SVG" in node.run("account", "set", "logo_file", str(picture), code=6)
    picture.write_bytes(PNG + bytes(16 * 1024))
    assert "at most 16 KB" in node.run("account", "set", "logo_file", str(picture), code=8)
    assert "No such file" in node.run("account", "set", "logo_file", str(tmp_path / "none.png"), code=3)
    for colour in ("red", "#12345", "#12345g", "1234567"):
        assert "#rrggbb" in node.run("account", "set", "accent_colour", colour, code=6)
    assert Browser(node).get("/logo/..%2Fsealpost.conf").status in (400, 404)
