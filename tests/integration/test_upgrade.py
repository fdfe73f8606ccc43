"""Databases of earlier versions: what people found before an upgrade they find after it."""

import html

import pytest
from support import older, portal, rows
from support.node import Node

KEPT = sorted(int(path.name) for path in older.FOLDER.iterdir())
# A word of what is found, and where it stands.
READABLE = {"quinces": "/body", "lighthouse": "/body", "granary": "/body", "juniper bob": "/body", "plan pdf": ""}


@pytest.fixture(params=KEPT)
def kept(request, binary, database):
    node = Node(binary, database)
    node.seen = older.restore(node, request.param)
    assert rows.query(node, "select max(version) from schema_version") == [(str(request.param),)]
    yield node
    node.stop()
    node.close()


def test_an_upgrade_loses_no_search_result_and_no_text(kept):
    kept.run("migrate")
    kept.start()
    assert older.found_by_people(kept) == kept.seen["found"]
    for address in (older.ALICE, older.CAROL):
        browser, _ = portal.sign_in_by_password(kept, address)
        for words, page in READABLE.items():
            path = older.first_hit(browser, words)
            assert words.split()[0] in html.unescape(browser.get(path + page).text), words
    kept.run("check")


def test_a_node_does_not_start_before_the_upgrade(kept):
    assert "run sealpost migrate" in kept.run("serve", code=5)
