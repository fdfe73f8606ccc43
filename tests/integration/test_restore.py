"""A restored backup does not bring back what was destroyed after it was made (R6)."""

import pathlib
import re
import sqlite3
import subprocess

from support import commands, portal, rows, smtp, wait
from support.commands import Sender, text_of
from test_deleted import ids_of, post
from test_recall import CAROL, DAVE, reader_of


def back_up(node):
    if node.database.startswith("sqlite:"):
        copy = node.folder / "backup.db"
        source, target = sqlite3.connect(node.database[len("sqlite:"):]), sqlite3.connect(copy)
        source.backup(target)
        source.close()
        target.close()
        return copy
    return subprocess.run([rows.PSQL[-1].with_name("pg_dump"), "--clean", node.database], check=True,
                          capture_output=True).stdout


def restore(node, backup):
    node.stop()
    if isinstance(backup, pathlib.Path):
        path = pathlib.Path(node.database[len("sqlite:"):])
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
        path.write_bytes(backup.read_bytes())
    else:
        subprocess.run([rows.PSQL[-1], "-q", "-v", "ON_ERROR_STOP=1", node.database], input=backup, check=True,
                       stdout=subprocess.DEVNULL)


def lines(node):
    path = node.folder / "destructions"
    return path.read_text().splitlines() if path.exists() else []


def listed(node):
    """The keys; what people did stands in lines of version 2."""
    return [line for line in lines(node) if not line.startswith("2 ")]


def test_r6_a_restored_backup_brings_nothing_back(node):
    smtp.send(node.smtp_port, smtp.make(subject="Old [secure]", to=[CAROL]))
    portal.link_for(node, CAROL)
    node.run("message", "recall", commands.message_id(node), "--reason", "x")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    carol, message = reader_of(node, CAROL, 2)
    assert carol.get(message).status == 200
    recalled = commands.message_id(node)
    wait.until(lambda: len(listed(node)) == 2, "the first recall to be listed")
    wait.until(lambda: rows.query(node, "select bytes from destruction_file") != [("0",)], "the database to know it")
    backup = back_up(node)
    node.run("message", "recall", recalled, "--reason", "Sent by mistake")
    wait.until(lambda: len(listed(node)) == 5, "the recall to be listed")
    keys = listed(node)
    assert all(recalled in line for line in keys[2:])
    assert not any(word in "".join(lines(node)) for word in ("forty", "Offer", "mistake", "partner.example"))
    all_lines = lines(node)

    restore(node, backup)
    node.start()
    # Two copies, and the queue's key when the backup was made before the notifications went out.
    assert re.search("[23] keys were destroyed again", node.log())
    gone = carol.get(message)
    assert gone.status == 410 and "forty-two" not in gone.text
    assert "This message was recalled" in text_of(gone) and "Sent by mistake" in text_of(gone)
    assert message not in carol.get("/inbox").links
    assert rows.query(node, "select c.is_owner from wrap w left join copy c on c.id = w.holder_id") == [("1",)] * 2
    assert "forty-two" in Sender(node).page().text
    assert commands.events(node, recalled).count("message.destroyed-again") == 2
    assert lines(node) == all_lines
    wait.until(lambda: rows.query(node, "select count(*) from destruction where wiped_at <= 0") == [("0",)],
               "the keys to be wiped")
    node.stop()
    node.start()
    assert node.log().count("destroyed again") == 1

    # Without the list it would come back; the command takes it away once the list is found.
    (node.folder / "destructions").rename(node.folder / "found")
    restore(node, backup)
    node.start()
    assert "listing all anew" in node.log() and carol.get(message).status == 200
    with open(node.folder / "found", "a") as found:
        found.write("torn by a cra")
    [done] = node.json("destructions", "repeat", "--from", str(node.folder / "found"))
    assert (done["lines"], done["not_understood"]) == (len(all_lines) + 1, 1) and done["destroyed_again"] in (2, 3)
    assert carol.get(message).status == 410
    wait.until(lambda: sorted(listed(node)) == sorted(keys), "all to be listed anew")
    assert "This message" in text_of(carol.get(message))


def shown(page):
    """A page's words, but when the session ends."""
    return text_of(page).split("Without further use")[0]


def test_r4_r6_a_restored_recall_shows_on_everybodys_page_as_before(node):
    node.run("account", "set", "recall_thread", "yes")
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    carol, message = reader_of(node, CAROL)
    dave, at_dave = reader_of(node, DAVE)
    assert carol.get(message).status == dave.get(at_dave).status == 200
    alice = Sender(node)
    backup = back_up(node)
    done = alice.recall("Wrong <b>price</b>", from_=CAROL)
    assert done.status == 200
    gone = text_of(carol.get(message))
    assert "This message was recalled" in gone and "Wrong <b>price</b>" in gone and "Alice A." in gone
    before = shown(alice.page()), alice.row()
    wait.until(lambda: any(" taken " in line for line in lines(node)), "the recall to be listed")
    restore(node, backup)
    node.start()
    assert text_of(carol.get(message)) == gone
    assert dave.get(at_dave).status == 200, "it was recalled from one"
    alice = Sender(node)
    assert (shown(alice.page()), alice.row()) == before

    # The rest of it by an administrator, with what answers quote.
    backup = back_up(node)
    node.run("message", "recall", commands.message_id(node), "--quotes", "--reason", "Not by us")
    gone = text_of(dave.get(at_dave))
    assert "administrator" in gone and "Not by us" in gone
    before = shown(alice.page()), alice.row()
    wait.until(lambda: any(" quotes " in line for line in lines(node)), "the recall to be listed")
    restore(node, backup)
    node.start()
    assert text_of(dave.get(at_dave)) == gone and "Wrong <b>price</b>" in text_of(carol.get(message))
    alice = Sender(node)
    assert (shown(alice.page()), alice.row()) == before and "Recalled" in before[1]
    assert commands.events(node).count("message.done-again") == 2
    assert node.run("message", "recall", commands.message_id(node), "--reason", "again", code=5)


def test_r5_a_restored_extension_and_deletion_hold_as_before(node):
    node.run("definition", "add", "Short", "--expire-days", "2")
    smtp.send(node.smtp_port, smtp.make(subject="Offer", to=[CAROL, DAVE], headers={"X-Sealpost-Definition": "Short"}))
    carol, message = reader_of(node, CAROL)
    dave, at_dave = reader_of(node, DAVE)
    assert carol.get(message).status == dave.get(at_dave).status == 200
    alice = Sender(node)
    backup = back_up(node)
    # The time is the page's latest, in the field's own form.
    latest = re.search(r'name="until"[^>]*max="([^"]+)"', alice.browser.get(alice.path + "/extend").text).group(1)
    assert alice.extend(latest).status == 200
    end = commands.facts(node)["expires"]
    dave.submit(dave.get(at_dave), r"/delete$")
    deleted = dave.get("/deleted")
    dave.submit(post(dave, deleted, "/destroy", id=ids_of(deleted)), r"/destroy$")
    gone = dave.get(at_dave)
    assert gone.status == 410 and "deleted" in text_of(gone)
    wait.until(lambda: any(" extended " in line for line in lines(node)) and
               any(" deleted " in line for line in lines(node)), "both to be listed")
    restore(node, backup)
    node.move_clock(3 * 24 * 3600 * 1000)  # past the old end
    node.start()
    assert commands.facts(node)["expires"] == end
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL, 2)
    assert "forty-two" in carol.get(message).text
    dave, page = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE, 2)
    assert page.status == 410 and text_of(page) == text_of(gone)
    alice = Sender(node)
    assert "/extend" not in alice.page().text, "it was extended once (R5)"
