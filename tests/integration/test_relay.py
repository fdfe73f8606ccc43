"""Mail that is not secured passes unchanged: its signature still holds."""

import subprocess

import dkim
from support import smtp, wait


def make_key(folder):
    def openssl(*words):
        return subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder).stdout
    openssl("genrsa", "-traditional", "-out", "dkim.key", "2048")
    public = openssl("rsa", "-in", "dkim.key", "-pubout", "-outform", "PEM").decode()
    return (folder / "dkim.key").read_bytes(), "".join(public.splitlines()[1:-1])


def test_dkim_of_a_relayed_mail_still_verifies(node, tmp_path):
    private, public = make_key(tmp_path)
    data = smtp.make(subject="Lunch  with   blanks", to="carol@partner.example", html="<p>Zw\u00f6lf Uhr</p>",
                     files=[("menu.pdf", "application/pdf", b"%PDF" * 300)]).as_bytes(
        policy=__import__("email").policy.SMTP)
    signature = dkim.sign(data, b"mail", b"acme.example", private, canonicalize=(b"simple", b"simple"),
                          include_headers=[b"from", b"to", b"subject", b"date", b"message-id"])
    smtp.send(node.smtp_port, signature + data, recipients=["carol@partner.example"])
    mail = wait.until(lambda: node.outbox.to("carol@partner.example"), "the relayed mail")[0]
    raw = mail.path.read_bytes()

    def answer(name, **_):
        assert name == b"mail._domainkey.acme.example."
        return f"v=DKIM1; k=rsa; p={public}".encode()
    assert dkim.verify(raw, dnsfunc=answer)
    assert not dkim.verify(raw.replace(b"Lunch  with", b"Lunch with"), dnsfunc=answer)
