"""What is kept, and what goes when nobody needs it any more."""

import os

from support import portal, smtp, wait

DAY = 24 * 3600 * 1000


def blobs(node):
    return [f for f in (node.folder / "blobs").rglob("*") if f.is_file()]


def send(node, subject, size):
    smtp.send(node.smtp_port, smtp.make(subject=subject, to="carol@partner.example",
                                        files=[("a.bin", "application/octet-stream", os.urandom(size))]))


def test_content_of_a_relayed_mail_goes_a_day_later_and_of_a_secured_one_stays(node):
    send(node, "Plain", 400_000)
    wait.until(lambda: node.json("queue", "list") == [] and node.outbox.files(), "the relayed mail to leave")
    (relayed,) = blobs(node)
    send(node, "Offer [secure]", 500_000)
    portal.link_for(node, "carol@partner.example", 1)
    assert len(blobs(node)) == 2
    node.move_clock(DAY // 2)
    node.stop()
    node.start()
    assert relayed.exists()
    node.move_clock(DAY)
    wait.until(lambda: not relayed.exists(), "the relayed content to go")
    assert len(blobs(node)) == 1
    shown = {m["kind"]: m["id"] for m in node.json("message", "list")}
    assert node.json("message", "show", shown["relayed"])[0]["deliveries"][0]["state"] == "sent"  # the facts stay


def test_a_blob_that_no_message_knows_goes_after_a_week(node):
    send(node, "Offer [secure]", 500_000)
    (known,) = blobs(node)
    orphan = known.parent / (known.name[:16] + ("a" if known.name[16] != "a" else "b") + known.name[17:])  # its last letter names the folder
    orphan.write_bytes(b"left by a crash")
    node.move_clock(2 * DAY)
    node.stop()
    node.start()
    node.move_clock(4 * DAY)
    assert orphan.exists() and known.exists()
    node.move_clock(2 * DAY)
    wait.until(lambda: not orphan.exists(), "the orphan to go")
    assert known.exists()


def test_a_pack_that_all_messages_have_left_goes(node):
    send(node, "Plain", 60_000)
    wait.until(lambda: node.json("queue", "list") == [] and node.outbox.files(), "the relayed mail to leave")
    (first,) = blobs(node)
    assert first.parent.name == "pack" and first.stat().st_size > 60_000
    node.move_clock(DAY + 2 * 3600 * 1000)
    send(node, "Offer [secure]", 60_000)  # a day later, so in a pack of its own
    portal.link_for(node, "carol@partner.example", 1)
    second = next(f for f in blobs(node) if f != first)
    wait.until(lambda: first.stat().st_blocks < 60, "the relayed content's room to be given back")
    node.move_clock(7 * DAY)
    wait.until(lambda: not first.exists(), "the empty pack to go")
    assert second.exists()
    _, page = portal.sign_in_by_link(node, portal.link_for(node, "carol@partner.example", 1), "carol@partner.example")
    assert "forty-two" in page.text
