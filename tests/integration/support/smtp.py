"""Handing in mail: by smtplib for ordinary mail, by a raw session where bytes matter."""

import smtplib
import socket
import ssl
from email.message import EmailMessage


def make(sender="alice@acme.example", to="carol@partner.example", subject="Offer [secure]",
         text="Hello Carol, the price is forty-two.\r\n", **more):
    """A mail; more: cc, html, files=[(name, type, bytes)], headers={name: value}, message_id."""
    mail = EmailMessage()
    mail["From"] = more.get("from_", sender)
    mail["To"] = to if isinstance(to, str) else ", ".join(to)
    if "cc" in more:
        mail["Cc"] = more["cc"]
    mail["Subject"] = subject
    mail["Date"] = "Mon, 23 Nov 2026 10:00:00 +0000"
    mail["Message-ID"] = more.get("message_id") or _new_message_id()
    for name, value in more.get("headers", {}).items():
        mail[name] = value
    mail.set_content(text)
    if "html" in more:
        mail.add_alternative(more["html"], subtype="html")
    for name, kind, data in more.get("files", ()):
        main, sub = kind.split("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail


_count = 0


def _new_message_id():
    global _count
    _count += 1
    import os
    return f"<{os.getpid()}.{_count}.{os.urandom(4).hex()}@acme.example>"


def send(port, mail, sender="alice@acme.example", recipients=None, options=(), rcpt_options=(), source="127.0.0.1"):
    """Hands in one mail, from that address; returns the reply text to the end of the data. smtplib's exceptions pass."""
    data = mail if isinstance(mail, bytes) else mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
    if recipients is None:
        recipients = [a.addr_spec for f in ("to", "cc") if mail[f] for a in mail[f].addresses]
    with smtplib.SMTP("127.0.0.1", port, timeout=60, source_address=(source, 0)) as session:
        session.ehlo("client.acme.example")
        code, text = session.mail(sender, list(options))
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, text, sender)
        for recipient in recipients:
            code, text = session.rcpt(recipient, list(rcpt_options))
            if code != 250:
                raise smtplib.SMTPRecipientsRefused({recipient: (code, text)})
        code, text = session.data(data)
        if code != 250:
            raise smtplib.SMTPDataError(code, text)
        return text.decode()


class Raw:
    """A session by hand: lines out, replies in."""

    def __init__(self, port, greet=True, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0))
        self.file = self.socket.makefile("rb")
        if greet:
            assert self.reply()[0] == 220

    def write(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def reply(self):
        """(code, [lines]); code 0 at the end of the connection."""
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                return 0, lines
            lines.append(line[4:].rstrip(b"\r\n").decode("utf-8", "replace"))
            if line[3:4] != b"-":
                return int(line[:3]), lines

    def command(self, line):
        self.write(line + "\r\n")
        return self.reply()

    def start_tls(self):
        code, _ = self.command("STARTTLS")
        assert code == 220
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    def close(self):
        self.socket.close()
