"""Reading a Maildir, such as the outbox."""

import email
import email.policy
import pathlib


class Maildir:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def files(self):
        new = self.folder / "new"
        return sorted(new.iterdir(), key=lambda f: (f.stat().st_mtime_ns, f.name)) if new.is_dir() else []

    def mails(self):
        """All mails, oldest first, as (envelope recipient, message)."""
        result = []
        for file in self.files():
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            message.path = file
            result.append((message["X-Original-To"] or message["Delivered-To"], message))
        return result

    def to(self, address):
        return [m for recipient, m in self.mails() if recipient and recipient.lower() == address.lower()]


def text_of(message):
    """The text/plain body of a message."""
    body = message.get_body(preferencelist=("plain",))
    return body.get_content() if body else ""


def html_of(message):
    body = message.get_body(preferencelist=("html",))
    return body.get_content() if body else ""
