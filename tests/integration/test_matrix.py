"""R15 over every route there is: what is somebody else's is answered like what does not exist, and stays as it is."""

import pathlib
import re
import time
import urllib.parse

from support import maildir, portal, rows, smtp, wait
from support.node import ROOT
from test_requests import ask

ALICE, BOB, CAROL, DAVE = "alice@acme.example", "bob@acme.example", "carol@partner.example", "dave@partner.example"
EVE = "eve@beta.example"
SECRET = "forty-two"
ROUTES = [row for path in sorted((ROOT / "src/web/portal").glob("*.c"))
          for row in re.findall(r'\{METHOD_(GET|POST), "([^"]+)",\s*(RIGHTS_\w+)', path.read_text())]
# Whoever has the link of a notification is told by it to whom it went (test_secure_message.py).
LINK = "/m/{id}"
# Where a field names what is meant.
BY_FIELD = ["/delete", "/restore", "/destroy", "/mark-read", "/mark-unread", "/settings/passkeys/remove",
            "/settings/sessions/forget", "/settings/addresses/remove", "/settings/addresses/main",
            "/settings/addresses/share", "/settings/addresses/leave"]
BY_QUERY = ["/compose?draft={id}", "/live?message={id}&own=1", "/inbox?undo={id}&told=deleted"]
FIELDS = {"text": "Mine.", "subject": "Mine", "to": BOB, "reason": "Mine", "whole": "1", "sure": "1", "code": "1234",
          "until": "2027-01-31T10:00", "address": CAROL, "wrong": CAROL, "right": BOB, "same": "1", "do": "send"}
SEEN_LATER = "select count(*), sum(first_read_at), sum(folder), sum(unread), sum(denied_at) from copy"


def other_than(identifier):
    """One of the same moment that nothing has."""
    return identifier[:-4] + ("zzz0" if identifier[-4:] != "zzz0" else "zzz4")


def make_things(node):
    """Identifiers of what Alice and Carol have, by name, and their browsers."""
    smtp.send(node.smtp_port, smtp.make(to=[CAROL, DAVE], files=[("a.txt", "text/plain", b"seven")]))
    carol, page = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL)
    message = page.path.rsplit("/", 1)[1]
    draft = carol.submit_files(carol.get(page.path + "/reply"), r"/reply$", [("files", "b.txt", "text/plain", b"eight")],
                               text="not yet", do="save")
    alice, _ = portal.sign_in_by_password(node, ALICE)
    own = next(link for link in alice.get("/sent").links if link.startswith("/message/")).rsplit("/", 1)[1]
    assert ask(alice, to=CAROL).path == "/requests"
    request = wait.until(lambda: [m for m in node.outbox.to(CAROL) if m["Message-ID"].startswith("<request")], "the request")
    alice.is_hasty = False
    node.run("account", "set", "undo_seconds", "60")
    leaving = portal.compose(alice, to=CAROL, subject="Plan", text=SECRET)
    assert "/leaving/" in leaving.url
    things = {"copy": message, "own copy": own, "leaving": leaving.path.rsplit("/", 1)[1],
              "draft": re.search(r"draft=(\w{26})", draft.url)[1],
              "request": re.search(r"/m/(\w{26})", maildir.text_of(request[0]))[1]}
    closing = next(f["action"] for f in alice.get("/requests").forms if f["action"].endswith("/close"))
    return {**things, "request asked": closing.split("/")[2]}, carol, alice


def make_others(node):
    """Signed in: another recipient, a colleague, and somebody of another account."""
    node.run("account", "add", "beta", "--display-name", "Beta")
    node.run("domain", "add", "beta.example", "--account", "beta", "--next-hop", "127.0.0.1:1")
    node.run("user", "add", EVE, "--account", "beta", "--password-stdin", stdin="correct horse battery\n")
    dave, _ = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE)
    return {"recipient": dave, **{who: portal.sign_in_by_password(node, address)[0]
                                  for who, address in (("colleague", BOB), ("other account", EVE))}}


def send(person, method, path, token, **fields):
    if method == "GET":
        return person.get(path)
    data = urllib.parse.urlencode({**FIELDS, "csrf": token, **fields}).encode()
    return person.request(path, data, {"Content-Type": "application/x-www-form-urlencoded", "Origin": person.base})


def answer(page, identifier):
    """All that a person can tell apart."""
    headers = sorted((name, value) for name, value in page.headers.items() if name != "Date")
    return tuple(str(part).replace(identifier, "ID") for part in (page.status, page.url, headers, page.text))


def asked():
    """Each route's method, its path for an identifier, and whether a field names that too."""
    for method, route, rights in ROUTES:
        if "{id}" in route and not route.startswith(LINK):
            for part in ("1", "2"):
                path = re.sub(r"\{(?!id\})\w+\}", part, route)
                yield method, path
                if path == route:
                    break
    yield from (("POST", path) for path in BY_FIELD)
    yield from (("GET", path) for path in BY_QUERY)


def test_r15_whatever_is_anothers_is_like_nothing_on_every_route(sqlite_node):
    node = sqlite_node
    assert len(ROUTES) == sum(len(re.findall(r"\{METHOD_\w+,", path.read_text()))
                              for path in pathlib.Path(ROOT / "src/web/portal").glob("*.c")) > 100
    things, carol, alice = make_things(node)
    others = make_others(node)
    node.stop_clock(int(time.time() * 1000))  # what can be taken back does not leave meanwhile
    state = lambda: [rows.query(node, SEEN_LATER), *(rows.query(node, f"select count(*) from {table}")  # noqa: E731
                     for table in ("event", "message", "draft", "inquiry", "recall", "extension", "delivery", "wrap"))]
    before = state()
    tried = 0
    for who, browser in others.items():
        token = browser.get("/settings").form("choices")["fields"]["csrf"]
        for method, path in asked():
            for name, identifier in things.items():
                missing = other_than(identifier)
                got = [answer(send(browser, method, path.replace("{id}", i), token, id=i, passkey=i, browser=i), i)
                       for i in (identifier, missing)]
                where = f"{method} {path} as {who} with the {name}"
                assert got[0] == got[1], where
                assert method == "POST" or "?" in path or got[0][0] == "404", where
                tried += 1
    assert tried > 500 and state() == before
    assert SECRET in carol.get(f"/message/{things['copy']}").text and alice.get(f"/leaving/{things['leaving']}").status == 200
