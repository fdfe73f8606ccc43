"""A disk that is full, a database that is gone: a true answer, nothing lost, and recovery by itself."""

import os
import shutil
import smtplib
import subprocess

import pytest
from support import portal, smtp, wait
from support.node import Node


def test_a_database_that_is_gone_is_told_and_comes_back(binary, own_postgres):
    node = Node(binary, own_postgres.new_url()).make_acme().start()
    try:
        smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]"))
        link = portal.link_for(node, "carol@partner.example")
        browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
        message = "/message/" + link.rsplit("/", 1)[1]
        reply = browser.get(message + "/reply")
        session = smtplib.SMTP("127.0.0.1", node.smtp_port, timeout=60)
        session.ehlo("client.acme.example")
        assert session.mail("alice@acme.example")[0] == 250
        own_postgres.stop()

        with pytest.raises(smtplib.SMTPResponseException) as refused:
            smtp.send(node.smtp_port, smtp.make(subject="Second [secure]"))
        assert refused.value.smtp_code in (421, 451)
        code, _ = session.docmd("RCPT", "TO:<carol@partner.example>")  # one that was under way
        assert code == 250 or code == 451
        if code == 250:
            assert session.data(smtp.make(subject="Fourth [secure]").as_bytes())[0] == 451
        session.close()
        assert browser.get(message).status == 503
        answer = browser.submit_files(reply, r"/reply$", [], text="We take twelve of them.")
        assert answer.status == 503 and "We take twelve of them." in answer.text  # what was written is not lost

        own_postgres.start()
        wait.until(lambda: browser.get(message).status == 200, "the portal to recover")
        smtp.send(node.smtp_port, smtp.make(subject="Third [secure]"))
        portal.link_for(node, "carol@partner.example", 2)
        node.stop()
    finally:
        node.close()


def small_disk(node, size):
    """Starts the node with its folder `small` on a file system of its own, of that many bytes."""
    small, seed = node.folder / "small", node.folder / "seed"
    small.rename(seed)
    small.mkdir()
    script = f'mount -t tmpfs -o size={size} none "{small}" && cp -a "{seed}/." "{small}/" && exec "{node.binary}" serve'
    log = open(node.folder / "log", "ab")
    node.process = subprocess.Popen(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
                                    env=node.environment(), stdout=log, stderr=log)
    wait.until(lambda: node.process.poll() is not None or wait.port_open(node.smtp_port), "the node to listen", 60)
    assert node.process.poll() is None, node.log()


def can_mount():
    return subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
                          capture_output=True).returncode == 0


@pytest.mark.parametrize("size", [2_000, 100_000, 400_000])
def test_a_full_disk_is_452_and_recovers(binary, size):
    if not can_mount():
        pytest.skip("no file system of one's own here")
    folder = "small"
    node = Node(binary, values={"blobs": f"{folder}/blobs", "database": f"sqlite:{folder}/sealpost.db"})
    (node.folder / folder).mkdir()
    node.make_acme()
    try:
        small_disk(node, 40 << 20)
        inside = f"/proc/{node.process.pid}/root{node.folder}/{folder}"
        mail = lambda: smtp.make(subject="Offer [secure]",  # noqa: E731
                                 files=[("a.bin", "application/octet-stream", os.urandom(size))])
        smtp.send(node.smtp_port, mail())
        link = portal.link_for(node, "carol@partner.example")
        browser, _ = portal.sign_in_by_link(node, link, "carol@partner.example")
        reply = browser.get("/message/" + link.rsplit("/", 1)[1] + "/reply")
        free = shutil.disk_usage(inside).free
        with open(f"{inside}/filler", "wb") as f:
            try:
                f.write(b"x" * free)
            except OSError:
                pass

        def refused():
            try:
                smtp.send(node.smtp_port, mail())
            except smtplib.SMTPResponseException as e:
                return e
        answer = wait.until(refused, "a refusal on a full disk")  # a last bit may fit
        assert answer.smtp_code in (451, 452), answer
        assert answer.smtp_code == 452, answer
        files = [("files", "a.bin", "application/octet-stream", os.urandom(size))]
        refused_page = browser.submit_files(reply, r"/reply$", files, text="We take twelve of them.")
        assert refused_page.status == 503 and "We take twelve of them." in refused_page.text, refused_page
        os.unlink(f"{inside}/filler")
        smtp.send(node.smtp_port, mail())
        portal.link_for(node, "carol@partner.example", 2)
        again = browser.submit_files(refused_page, r"/reply$", [], text="We take twelve of them.")
        assert again.status == 200, node.log()
    finally:
        node.close()
