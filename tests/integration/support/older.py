"""States that earlier builds left behind, in tests/integration/older/VERSION: database, root key, packs, and
what each search found.

To keep one of the version that a build has:
    PYTHONPATH=tests/integration /usr/bin/python3 -m support.older build/test/src/cli/sealpost web
"""

import gzip
import html
import json
import pathlib
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import time
import urllib.parse

from . import portal, rows, smtp
from .node import Node
from .postgres import Postgres, server_of

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "older"
ALICE, BOB, CAROL = "alice@acme.example", "bob@acme.example", "carol@partner.example"

ATTACHED = (f"From: {ALICE}\r\nTo: {CAROL}\r\nSubject: Forwarded [secure]\r\nMessage-ID: <forwarded@acme.example>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee below.\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
            "From: erik@else.example\r\nSubject: Begonia\r\n\r\nA heliotrope.\r\n--b--\r\n").encode()
MAILS = [
    smtp.make(subject="Zwetschgenkuchen [secure]", text="A recipe with quinces and Grüße aus Köln.\r\n"),
    smtp.make(subject="Invoice [secure]", text="x\r\n", html="<p>Please pay the <b>lighthouse</b> bill.</p>"),
    smtp.make(subject="Plans [secure]", text="See the file.\r\n", files=[("plan.pdf", "application/pdf", b"%PDF-1.4 one")]),
    smtp.make(subject="Harvest [secure]", text="Of the granary, line by line.\r\n" * 600 + "The last is of the observatory.\r\n"),
    ATTACHED,
    smtp.make(subject="Colleagues [secure]", text="For the two of you: juniper.\r\n", to=[CAROL, BOB]),
    smtp.make(subject="In clear", text="A marigold, which is relayed.\r\n"),
    smtp.make(subject="Mistake [secure]", text="A pomegranate.\r\n"),
]
SEARCHES = ["zwetschgen", "KÖLN grüsse", "quinces", "lighthouse", ALICE, "plan pdf", "granary", "observatory", "begonia", "erik",
            "heliotrope", "juniper bob", "marigold", "pomegranate", "cordially"]


def subjects_of(page):
    return [html.unescape(s) for s in re.findall(r'class="row-subject"><bdi>(.*?)</bdi>', page.text)]


def search(browser, words):
    csrf = browser.get("/search").form(r"/search$")["fields"]["csrf"]
    page = browser.request("/search", urllib.parse.urlencode({"csrf": csrf, "q": words}).encode(),
                           {"Content-Type": "application/x-www-form-urlencoded", "Origin": browser.base})
    assert page.status == 200, page.text
    return page


def first_hit(browser, words):
    return next(link for link in search(browser, words).links if re.fullmatch(r"/message/\w+", link))


def found_by_people(node):
    """The subjects that each search of each person finds."""
    people = {address: portal.sign_in_by_password(node, address)[0] for address in (ALICE, CAROL)}
    return {address: {words: subjects_of(search(browser, words)) for words in SEARCHES} for address, browser in people.items()}


def _use(node):
    """The last mail is recalled, the first one answered; Carol chooses a password."""
    for number, mail in enumerate(MAILS):
        smtp.send(node.smtp_port, mail, recipients=[CAROL, BOB] if number == 5 else [CAROL])
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, len(MAILS) - 1), CAROL)
    newest = next(m for m in node.json("message", "list") if m["kind"] == "secured")
    node.run("message", "recall", newest["id"], "--reason", "x")
    first = [link for link in carol.get("/inbox").links if re.fullmatch(r"/message/\w+", link)][-1]
    carol.submit_files(carol.get(first + "/reply"), r"/reply$", [], text="Cordially, Carol.")
    carol.submit(carol.get("/settings/password"), r"/password$", password="correct horse battery")


def _keep(node, folder):
    if server_of(node.database):
        dump = subprocess.run([rows.PSQL[-1].with_name("pg_dump"), "--no-owner", node.database], check=True, capture_output=True).stdout
    else:
        connection = sqlite3.connect(node.database[len("sqlite:"):])
        dump = "\n".join(connection.iterdump()).encode()
        connection.close()
    folder.mkdir(parents=True)
    (folder / "database.sql.gz").write_bytes(gzip.compress(dump, mtime=0))
    shutil.copy(node.folder / "root.key", folder)
    shutil.copytree(node.folder / "blobs", folder / "blobs")


def restore(node, version):
    """Puts what was kept in the node's place, at its time; what people saw then."""
    folder = FOLDER / str(version) / ("postgres" if server_of(node.database) else "sqlite")
    node.run("init") if not server_of(node.database) else node.init()
    dump = gzip.decompress((folder / "database.sql.gz").read_bytes())
    if server_of(node.database):
        rows.execute(node, ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"])
        subprocess.run([rows.PSQL[-1], "-q", "-v", "ON_ERROR_STOP=1", node.database], input=dump, check=True, stdout=subprocess.DEVNULL)
    else:
        for path in node.folder.glob("sealpost.db*"):
            path.unlink()
        connection = sqlite3.connect(node.database[len("sqlite:"):])
        connection.executescript(dump.decode())
        connection.close()
    shutil.copy(folder / "root.key", node.folder)
    (node.folder / "root.key").chmod(0o600)
    shutil.rmtree(node.folder / "blobs", ignore_errors=True)
    shutil.copytree(folder / "blobs", node.folder / "blobs")
    seen = json.loads((folder / "seen.json").read_text())
    node.clock.write_bytes(struct.pack("=q", seen["at"] - int(time.time() * 1000)))
    return seen


def main(binary, web):
    server = Postgres()
    for name, url in (("sqlite", None), ("postgres", server.new_url())):
        node = Node(binary, url, values={"web_dir": web}).make_acme().start()
        _use(node)
        seen = {"at": int(time.time() * 1000), "found": found_by_people(node)}
        version = rows.query(node, "select max(version) from schema_version")[0][0]
        node.stop()
        _keep(node, FOLDER / version / name)
        (FOLDER / version / name / "seen.json").write_text(json.dumps(seen, indent=1, ensure_ascii=False) + "\n")
        node.close()
    server.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
