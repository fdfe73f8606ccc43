"""Sessions, remembered browsers and the history of signing in, as Settings show them."""

import re
import urllib.parse

from support import portal
from support.browser import Browser

ALICE, BOB = "alice@acme.example", "bob@acme.example"


def sessions(browser):
    """Of the others, what their forms send."""
    return [f["fields"]["session"] for f in browser.get("/settings/sessions").forms if f["action"].endswith("/end")]


def post(browser, path, **fields):
    csrf = browser.get("/settings/sessions").forms[0]["fields"]["csrf"]
    data = urllib.parse.urlencode({"csrf": csrf, **fields}).encode()
    return browser.request(path, data, {"Content-Type": "application/x-www-form-urlencoded", "Origin": browser.base})


def test_sessions_are_listed_and_ended_one_by_one_or_all_others(node):
    first, second, third = (portal.sign_in_by_password(node, ALICE)[0] for _ in range(3))
    bob, _ = portal.sign_in_by_password(node, BOB)
    first.opener.addheaders = [("User-Agent", "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0")]
    others = sessions(first)
    assert len(others) == 2 and len(sessions(bob)) == 0
    # R15: nobody ends what is not theirs, and learns nothing by trying.
    foreign = post(bob, "/settings/sessions/end", session=others[0])
    unknown = post(bob, "/settings/sessions/end", session="0" * 52)
    assert foreign.status == unknown.status == 404
    assert len(sessions(first)) == 2
    assert post(first, "/settings/sessions/end", session=others[0]).text.count("That session is signed out.") == 1
    assert sorted(b.get("/inbox").path for b in (second, third)) == ["/inbox", "/sign-in"]
    fourth, _ = portal.sign_in_by_password(node, ALICE)
    page = post(first, "/settings/sessions/end-others")
    assert page.path == "/settings/sessions" and "You are signed out everywhere else." in page.text
    assert [b.get("/inbox").path for b in (first, second, third, fourth, bob)] == \
        ["/inbox", "/sign-in", "/sign-in", "/sign-in", "/inbox"]


def test_the_history_tells_of_sign_ins_and_wrong_tries(sqlite_node):
    node = sqlite_node
    portal.sign_in_by_password(node, ALICE, "wrong horse battery")
    stranger = Browser(node)
    stranger.opener.addheaders = [("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0")]
    page = stranger.submit(stranger.get("/sign-in"), r"/sign-in$", address=ALICE)
    stranger.submit(page, r"/password$", password="correct horse battery")
    alice, _ = portal.sign_in_by_password(node, ALICE)
    text = alice.get("/settings/sessions").text
    assert "Firefox, Linux" in text
    history = text[text.index("What happened"):]
    assert len(re.findall(r">[^<]*</time> <span>Signed in ", history)) == 2
    assert history.count("A wrong password was entered") == 1
    bob, _ = portal.sign_in_by_password(node, BOB)
    assert "wrong password" not in bob.get("/settings/sessions").text
