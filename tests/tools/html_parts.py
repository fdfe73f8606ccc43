#!/usr/bin/python3
"""Prints the HTML parts of all mails below a folder as JSON: [{name, html}]. Mailboxes are taken apart; a part that comes
again is left out, and so is what has no words to look at."""

import email
import html.parser
import json
import mailbox
import pathlib
import sys


class Words(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.words = []

    def handle_data(self, data):
        self.words += data.split()


def mails(path):
    data = path.read_bytes()
    if data.startswith(b"From "):
        yield from mailbox.mbox(str(path))
    else:
        yield email.message_from_bytes(data)


def text_of(part):
    data = part.get_payload(decode=True) or b""
    try:
        return data.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        return data.decode("utf-8", "replace")


def parts(folder):
    seen = set()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".eml", ".msg", ".mbox", ".txt", "")):
        if not path.is_file():
            continue
        for mail in mails(path):
            for part in mail.walk():
                text = text_of(part) if part.get_content_type() == "text/html" else ""
                words = Words()
                words.feed(text)
                if words.words and text not in seen:
                    seen.add(text)
                    yield {"name": str(path.relative_to(folder)), "html": text}


json.dump(list(parts(pathlib.Path(sys.argv[1]))), sys.stdout)
