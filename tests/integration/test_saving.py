"""What leaves a message as a file: all files at once, and the whole message where its definition allows it."""

import email
import email.policy
import http.client
import io
import ssl
import zipfile

import pytest
from support import commands, portal, rows, smtp
from support.commands import Sender, text_of
from test_recall import read_slowly, reader_of

CAROL, DAVE = "carol@partner.example", "dave@partner.example"
FILES = [("offer.pdf", "application/pdf", b"%PDF first"), ("Ünï.txt", "text/plain", b"plan\r\n"),
         ("offer.pdf", "application/pdf", b"%PDF second"), ("OFFER (2).pdf", "application/pdf", b"third"),
         ("../../etc/passwd", "text/plain", b"root"), ("empty.bin", "application/octet-stream", b"")]
BIG = [("one.bin", "application/octet-stream", bytes(range(256)) * (40 << 12)),
       ("two.bin", "application/octet-stream", b"never begun")]


def mail(**more):
    return smtp.make(subject=more.pop("subject", "Offer [secure]"), files=more.pop("files", FILES), **more)


def downloads(node):
    return [e["detail"] for e in commands.facts(node)["events"] if e["event"] == "file.downloaded"]


def test_r13_all_files_come_as_one_with_evidence_of_each(node):
    smtp.send(node.smtp_port, mail())
    carol, message = reader_of(node, CAROL)
    link = next(l for l in carol.get(message).links if l.endswith("/files.zip"))
    head = carol.request(link, method="HEAD")
    assert head.status == 200 and downloads(node) == []
    answer = carol.get(link)
    assert answer.headers["Content-Type"] == "application/zip" and "attachment" in answer.headers["Content-Disposition"]
    assert len(answer.body) == int(head.headers["Content-Length"]) and "Offer.zip" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["offer.pdf", "Ünï.txt", "offer (2).pdf", "OFFER (2) (2).pdf", "_.._.._etc_passwd",
                                      "empty.bin"]
        assert [archive.read(name) for name in archive.namelist()] == [data for _, _, data in FILES]
    assert sorted(downloads(node)) == ["2", "3", "4", "5", "6", "7"]
    assert text_of(Sender(node).page()).count("Download of ") == len(FILES)
    # Any piece is the same bytes.
    for start in range(0, len(answer.body), 37):
        piece = carol.get(link, Range=f"bytes={start}-{start + 50}")
        assert piece.status == 206 and piece.body == answer.body[start:start + 51], start


def test_one_file_needs_no_zip(sqlite_node):
    smtp.send(sqlite_node.smtp_port, mail(files=FILES[:1]))
    carol, message = reader_of(sqlite_node, CAROL)
    assert "files.zip" not in carol.get(message).text
    smtp.send(sqlite_node.smtp_port, smtp.make(subject="Offer [secure]"))
    link = portal.link_for(sqlite_node, CAROL, 2)
    assert carol.get("/message/" + link.rsplit("/", 1)[1] + "/files.zip").status == 404


def test_r4_r13_recall_ends_a_zip_that_is_being_read(node):
    smtp.send(node.smtp_port, mail(files=BIG))
    carol, message = reader_of(node, CAROL)
    answer, promised = read_slowly(node, carol, message + "/files.zip")
    begin = answer.read(50_000)
    # What was not begun was not fetched.
    assert downloads(node) == ["2"]
    node.run("message", "recall", commands.message_id(node), "--reason", "x")
    with pytest.raises((http.client.IncompleteRead, ConnectionError, ssl.SSLError)) as cut:
        answer.read()
    assert len(begin) + len(getattr(cut.value, "partial", b"")) < promised // 2
    assert carol.get(message + "/files.zip").status == 410


def test_the_whole_message_is_saved_where_the_definition_allows_it(node):
    node.run("definition", "add", "may save", "--save", "yes", "--print", "no")
    assert [d["save"] for d in node.json("definition", "list")] == [False, True]
    for subject in ("Offer [secure]", "Offer [secure:may save]"):
        smtp.send(node.smtp_port, mail(subject=subject, files=FILES[:2],
                                       headers={"Bcc": "secret@partner.example", "X-Own": "kept"}), recipients=[CAROL])
    carol, _ = reader_of(node, CAROL, 2)
    messages = [l for l in carol.get("/inbox").links if l.startswith("/message/")]
    pages = {m: carol.get(m).text for m in messages}
    allowed, = [m for m in messages if "/message.eml" in pages[m]]
    other, = [m for m in messages if m != allowed]
    denied = carol.get(other + "/message.eml")
    assert denied.status == 403 and "does not allow" in text_of(denied)
    answer = carol.get(allowed + "/message.eml")
    assert answer.headers["Content-Type"] == "message/rfc822" and "Offer.eml" in answer.headers["Content-Disposition"]
    saved = email.message_from_bytes(answer.body, policy=email.policy.default)
    assert b"secret@" not in answer.body and saved["X-Own"] == "kept" and saved["Subject"] == "Offer"
    assert "forty-two" in saved.get_body().get_content()
    assert [p.get_content() for p in saved.iter_attachments()] == [b"%PDF first", "plan\r\n"]
    for start in (0, 100, len(answer.body) - 200):
        piece = carol.get(allowed + "/message.eml", Range=f"bytes={start}-{start + 99}")
        assert piece.body == answer.body[start:start + 100]
    assert carol.get(allowed + "/print").status == 403
    owner = [m for m in node.json("message", "list") if m["kind"] == "secured"]
    events = [commands.events(node, m["id"]).count("message.saved") for m in owner]
    assert sorted(events) == [0, 1]
    # It stays as it was sent, whatever becomes of the definition; the sender always may.
    node.run("definition", "set", "may save", "--save", "no")
    assert carol.get(allowed + "/message.eml").status == 200
    alice = Sender(node)
    assert alice.browser.get(alice.path + "/message.eml").status == 200
    sent = [alice.browser.get(l) for l in alice.browser.get("/sent").links if l.startswith("/message/")]
    assert sum("Whole message saved" in text_of(page) for page in sent) == 1
    assert rows.query(node, "select count(*) from message where may_save = 1") == [("1",)]


def test_r15_saving_is_for_those_who_have_it(sqlite_node):
    smtp.send(sqlite_node.smtp_port, mail())
    carol, message = reader_of(sqlite_node, CAROL)
    smtp.send(sqlite_node.smtp_port, mail(to=DAVE))
    dave, _ = reader_of(sqlite_node, DAVE)
    for name in ("/files.zip", "/message.eml"):
        assert dave.get(message + name).status == 404
