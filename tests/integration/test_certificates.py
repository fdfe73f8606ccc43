"""A new certificate is taken by SIGHUP: who is connected stays, who comes sees the new one, on every port."""

import http.client
import shutil
import signal
import ssl
import subprocess

import pytest
from support import smtp, wait
from support.node import Node


def make(folder, name, prefix):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "30", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout",
                    folder / f"{prefix}key.pem", "-out", folder / f"{prefix}certificate.pem"],
                   check=True, capture_output=True)


def trusting():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture
def tls_node(binary):
    port = wait.free_port()
    node = Node(binary, sections=(f'listen {{\n  smtps = "127.0.0.1:{port}"\n}}',)).make_acme().start()
    node.smtps_port = port
    yield node
    node.stop()
    node.close()


def open_starttls(node):
    session = smtp.Raw(node.smtp_port)
    session.command("EHLO x.example")
    session.start_tls()
    return session


def open_smtps(node):
    session = smtp.Raw(node.smtps_port, greet=False)
    session.socket = trusting().wrap_socket(session.socket)
    session.file = session.socket.makefile("rb")
    assert session.reply()[0] == 220
    return session


class Https:
    def __init__(self, node):
        self.connection = http.client.HTTPSConnection("127.0.0.1", node.https_port, context=trusting(), timeout=60)
        self.connection.connect()
        self.socket = self.connection.sock

    def command(self, _):
        self.connection.request("GET", "/sign-in")
        answer = self.connection.getresponse()
        answer.read()
        assert self.connection.sock is self.socket, "the connection was not kept"
        return (250 if answer.status == 200 else answer.status), []


EDGES = (open_starttls, open_smtps, Https)


def seen(node):
    """The certificate each edge shows to who comes now."""
    return [edge(node).socket.getpeercert(binary_form=True) for edge in EDGES]


def reload(node, line):
    count = node.log().count(line)
    node.process.send_signal(signal.SIGHUP)
    wait.until(lambda: node.log().count(line) > count, line)


def test_a_new_certificate_is_taken_without_dropping_anybody(tls_node):
    node = tls_node
    old = seen(node)
    sessions = [edge(node) for edge in EDGES]
    make(node.folder, "new.acme.example", "")
    reload(node, "the certificate was read again")
    new = seen(node)
    expected = ssl.PEM_cert_to_DER_cert((node.folder / "certificate.pem").read_text())
    assert new == [expected] * 3 and old[0] != expected
    assert [s.command("NOOP")[0] for s in sessions] == [250] * 3


@pytest.mark.parametrize("broken", ["empty", "missing", "of another key"])
def test_a_broken_certificate_changes_nothing_and_is_told_in_one_line(tls_node, broken):
    node = tls_node
    old, before = seen(node), node.log()
    if broken == "missing":
        (node.folder / "certificate.pem").unlink()
    elif broken == "empty":
        (node.folder / "certificate.pem").write_bytes(b"")
    else:
        make(node.folder, "x.example", "other-")
        shutil.copy(node.folder / "other-key.pem", node.folder / "key.pem")
    reload(node, "the certificate stays as it was")
    (line,) = [l for l in node.log()[len(before):].splitlines() if "certificate" in l]
    assert "certificate.pem" in line
    assert seen(node) == old
