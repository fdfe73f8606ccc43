"""A restored backup does not bring back what was destroyed after it was made (R6)."""

import pathlib
import re
import sqlite3
import subprocess

from support import commands, portal, rows, smtp, wait
from support.commands import Sender, text_of
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


def listed(node):
    path = node.folder / "destructions"
    return path.read_text().splitlines() if path.exists() else []


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
    assert all(recalled in line for line in keys[2:]) and "forty" not in "".join(keys)

    restore(node, backup)
    node.start()
    # Two copies, and the queue's key when the backup was made before the notifications went out.
    assert re.search("[23] keys were destroyed again", node.log())
    gone = carol.get(message)
    assert gone.status == 410 and "forty-two" not in gone.text
    assert message not in carol.get("/inbox").links
    assert rows.query(node, "select c.is_owner from wrap w left join copy c on c.id = w.holder_id") == [("1",)] * 2
    assert "forty-two" in Sender(node).page().text
    assert commands.events(node, recalled).count("message.destroyed-again") == 2
    assert listed(node) == keys
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
    assert (done["lines"], done["not_understood"]) == (6, 1) and done["destroyed_again"] in (2, 3)
    assert carol.get(message).status == 410
    wait.until(lambda: sorted(listed(node)) == sorted(keys), "all to be listed anew")
    assert "This message" in text_of(carol.get(message))
