"""Signing in, seen by strangers: they learn nothing of who is known, guess little, and lock nobody out."""

import concurrent.futures
import http.client
import os
import random
import re
import ssl
import threading
import time
import urllib.parse

import pytest
from support import portal, smtp, timing, wait
from support.browser import Browser, Page
from support.node import Node

PAIRS = int(os.environ.get("SEALPOST_TEST_TIMING_PAIRS", "100"))
IS_SHORT = "SEALPOST_TEST_TIMING_PAIRS" not in os.environ  # the time is measured on SQLite only
HOUR = 3600 * 1000


@pytest.fixture
def proxied(binary, database):
    """A node behind a proxy, so that requests can come from many networks, and people who are known to it."""
    node = Node(binary, database, sections=["trusted_proxies = {\"127.0.0.1/32\"}"]).make_acme().start()
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=KNOWN[:2]), recipients=KNOWN)
    wait.until(lambda: len(node.outbox.files()) >= len(KNOWN), "a notification to each")
    yield node
    node.stop()
    node.close()


PEOPLE = max(40, PAIRS // 8)  # an address is sent so many codes only
KNOWN = [f"known{n:03}@partner.example" for n in range(PEOPLE)]
UNKNOWN = [f"other{n:03}@partner.example" for n in range(PEOPLE)]


def some_network():
    """An address of a network of its own."""
    return ".".join(str(random.randrange(1, 255)) for _ in range(4))


class Stranger:
    """A browser's requests over one connection, from wherever it likes."""

    def __init__(self, node, network=None):
        self.node, self.network, self.cookies = node, network or some_network(), {}
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.connection = http.client.HTTPSConnection("127.0.0.1", node.https_port, timeout=60, context=context)

    def request(self, path, fields=None):
        headers = {"X-Forwarded-For": self.network, "Origin": self.node.url,
                   "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if fields is None:
            self.connection.request("GET", path, headers=headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            self.connection.request("POST", path, urllib.parse.urlencode(fields), headers)
        answer = self.connection.getresponse()
        page = Page(answer.status, self.node.url + path, answer.headers, answer.read())
        for cookie in answer.headers.get_all("Set-Cookie", ()):
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return page

    def fields(self, path, **fields):
        """Of the first form on that page, for a request that comes next."""
        return {**self.request(path).forms[0]["fields"], **fields}


def bare(page, address):
    """A page without what differs for every visit and for every address."""
    text = page.text.replace(address, "ADDRESS").replace(urllib.parse.quote(address), "ADDRESS")
    return page.status, re.sub(r'(name="csrf" value=")[^"]*', r"\1", text), sorted(k for k in page.headers.keys())


def ask_for_code(node, address, network=None):
    """A stranger who is about to ask for a code, and the request."""
    stranger = Stranger(node, network)
    fields = stranger.fields("/sign-in", address=address)
    return stranger, lambda: stranger.request("/sign-in/send-code", fields)


def enter_code(node, address, code="00000000"):
    stranger, ask = ask_for_code(node, address)
    ask()
    fields = {**stranger.request("/sign-in/code").form(r"/sign-in/code$")["fields"], "code": code}
    return lambda: stranger.request("/sign-in/code", fields)


def try_password(node, address, password="wrong horse battery", network=None):
    stranger = Stranger(node, network)
    fields = stranger.fields("/sign-in", address=address)
    fields = {**fields, "link": "", "password": password}
    return lambda: stranger.request("/sign-in/password", fields)


REQUESTS = {
    "asking for a code": lambda node, address: ask_for_code(node, address)[1],
    "entering a wrong code": enter_code,
    "a wrong password": try_password,
}


@pytest.mark.parametrize("what", REQUESTS)
def test_r15_answers_and_their_timing_do_not_tell_who_is_known(proxied, what):
    for address in ("alice@acme.example", KNOWN[0]):
        known, unknown = (bare(REQUESTS[what](proxied, a)(), a) for a in (address, UNKNOWN[0]))
        assert known == unknown
    lists = [KNOWN[1:], UNKNOWN[1:]]
    if what == "a wrong password":  # those who have one
        lists[0] = ["alice@acme.example", "bob@acme.example"]
        lists[1] = ["alicf@acme.example", "bpb@acme.example"]
    if IS_SHORT and not proxied.database.startswith("sqlite:"):
        return
    turn, status = iter(range(10**6)), known[0]

    def prepare(which):
        number = next(turn)
        if "password" in what and number % 16 == 15:
            proxied.move_clock(HOUR + 1)  # an address may be tried so often an hour only
        request = REQUESTS[what](proxied, lists[which][number % len(lists[which])])

        def run():
            assert request().status == status
        return run
    timing.check_alike(f"{what}, known and unknown", PAIRS, 2 if "password" in what else 8, prepare)


@pytest.fixture
def stranger_at_smtp(binary, database):
    """A node that takes mail from elsewhere only."""
    node = Node(binary, database).make_acme()
    node.run("source", "remove", node.json("source", "list")[0]["id"])
    node.run("source", "add", "--network", "192.0.2.0/24")
    node.start()
    yield node
    node.stop()
    node.close()


def test_r15_rcpt_does_not_tell_who_is_known(stranger_at_smtp):
    session = smtp.Raw(stranger_at_smtp.smtp_port)
    session.command("EHLO stranger.example")
    assert session.command("MAIL FROM:<someone@elsewhere.example>")[0] == 250
    addresses = ["alice@acme.example", "alicf@acme.example"]
    replies = [session.command(f"RCPT TO:<{a}>") for a in addresses]
    session.close()
    assert replies[0] == replies[1] and replies[0][0] == 550

    def prepare(which):
        session = smtp.Raw(stranger_at_smtp.smtp_port)
        session.command("EHLO stranger.example")
        session.command("MAIL FROM:<someone@elsewhere.example>")
        return lambda: (session.command(f"RCPT TO:<{addresses[which]}>"), session.close())
    timing.check_alike("RCPT, known and unknown", PAIRS, 1, prepare)


def with_code(node, address, **how):
    """A stranger at the page where the code is entered: its form's fields, and the right code."""
    before = len([m for m in node.outbox.to(address) if m["Message-ID"].startswith("<code")])
    stranger, ask = ask_for_code(node, address, **how)
    assert ask().headers["Location"] == "/sign-in/code"
    fields = stranger.request("/sign-in/code").form(r"/sign-in/code$")["fields"]
    return stranger, fields, portal.code_for(node, address, before + 1)


def at_once(stranger, fields, codes):
    """The same form, each over a connection of its own, sent when all are ready; the pages."""
    gate = threading.Barrier(len(codes))

    def enter(code):
        one = Stranger(stranger.node, stranger.network)
        one.cookies = dict(stranger.cookies)
        one.request("/sign-in/code")
        gate.wait(60)
        return one.request("/sign-in/code", {**fields, "code": code})
    with concurrent.futures.ThreadPoolExecutor(len(codes)) as pool:
        return list(pool.map(enter, codes))


def wrong_codes(right, count):
    return [f"{n:08}" for n in range(count + 1) if f"{n:08}" != right.replace(" ", "")][:count]


def test_a_code_is_good_once_however_many_use_it_at_once(proxied):
    stranger, fields, code = with_code(proxied, KNOWN[0])
    assert re.fullmatch(r"\d{4} \d{4}", code)
    pages = at_once(stranger, fields, [code] * 50)
    assert sorted(p.status for p in pages) == [303] + [422] * 49
    assert not any("__Host-session" in str(p.headers) for p in pages if p.status != 303)
    assert stranger.request("/sign-in/code", {**fields, "code": code}).status == 422


def test_wrong_tries_at_once_are_counted_one_by_one(proxied):
    stranger, fields, code = with_code(proxied, KNOWN[0])
    pages = at_once(stranger, fields, wrong_codes(code, 4))
    left = sorted(int(re.search(r'class="wrong"[^>]*>[^<\d]*(\d+)', p.text).group(1)) for p in pages)
    assert left == [1, 2, 3, 4]
    assert stranger.request("/sign-in/code", {**fields, "code": code}).status == 303  # the fifth try is the right one

    stranger, fields, code = with_code(proxied, KNOWN[1])
    pages = at_once(stranger, fields, wrong_codes(code, 20))
    refused = [p for p in pages if re.search(r'class="wrong"[^>]*>[^<\d]*\d', p.text)]
    assert len(refused) == 4 and all(p.status == 422 for p in pages)  # the fifth and all later ones: no more tries
    assert stranger.request("/sign-in/code", {**fields, "code": code}).status == 422


def test_a_code_ends_after_a_quarter_of_an_hour(proxied):
    stranger, fields, code = with_code(proxied, KNOWN[0])
    proxied.move_clock(15 * 60 * 1000 + 1)
    assert stranger.request("/sign-in/code", {**fields, "code": code}).status == 422
    stranger, fields, code = with_code(proxied, KNOWN[0])
    proxied.move_clock(14 * 60 * 1000)
    assert stranger.request("/sign-in/code", {**fields, "code": code}).status == 303


def test_a_code_is_good_in_the_browser_that_asked_only(proxied):
    _, fields, code = with_code(proxied, KNOWN[0])
    other = Stranger(proxied)
    page = other.request("/sign-in/code", {**other.fields("/sign-in"), **{k: fields[k] for k in ("link", "address")},
                                           "csrf": other.fields("/sign-in")["csrf"], "code": code})
    assert page.status == 422 and "/sign-in/code" not in [f["action"] for f in page.forms]


def test_a_stranger_who_asks_for_codes_is_limited_and_locks_nobody_out(proxied):
    network = some_network()
    statuses = [ask_for_code(proxied, KNOWN[0], network)[1]().status for _ in range(8)]
    assert statuses == [303] * 6 + [429] * 2
    assert len([m for m in proxied.outbox.to(KNOWN[0]) if m["Message-ID"].startswith("<code")]) <= 6
    stranger, fields, code = with_code(proxied, KNOWN[0])  # the owner, from elsewhere
    assert stranger.request("/sign-in/code", {**fields, "code": code}).status == 303
    # Many networks together flood nobody's mailbox, and whoever has a notification gets in all the same.
    statuses = [ask_for_code(proxied, KNOWN[0])[1]().status for _ in range(20)]
    assert statuses == [303] * 13 + [429] * 7
    link = portal.link_for(proxied, KNOWN[0])
    codes = len([m for m in proxied.outbox.to(KNOWN[0]) if m["Message-ID"].startswith("<code")])
    wait.until(lambda: len([m for m in proxied.outbox.to(KNOWN[0]) if m["Message-ID"].startswith("<code")]) == 20,
               "all codes, so that the next is the right one")
    assert codes <= 20
    _, page = portal.sign_in_by_link(proxied, link, KNOWN[0], 21)
    assert "/message/" in page.path
    proxied.move_clock(HOUR + 1)
    assert ask_for_code(proxied, KNOWN[0], network)[1]().status == 303


def test_a_stranger_behind_the_same_network_keeps_nobody_from_the_link(proxied):
    network = some_network()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:  # no more codes for what is typed, and no more tries
        list(pool.map(lambda n: ask_for_code(proxied, f"anybody{n}@partner.example", network)[1](), range(31)))
    guesser = Stranger(proxied, network)
    form = guesser.fields("/sign-in", address=KNOWN[1])
    statuses = [guesser.request("/sign-in/code", {**form, "code": "00000000"}).status for _ in range(62)]
    assert statuses[-1] == 429
    owner, link = Stranger(proxied, network), portal.link_for(proxied, KNOWN[0])
    path = urllib.parse.urlsplit(link).path
    form = owner.request(path).form(r"/code$")
    asked = owner.request(form["action"], form["fields"])
    assert asked.status == 303
    form = owner.request(asked.headers["Location"]).form(r"/code$")
    page = owner.request(form["action"], {**form["fields"], "code": portal.code_for(proxied, KNOWN[0])})
    assert page.status == 303 and "/message/" in page.headers["Location"]


def test_one_network_asks_for_few_codes_whatever_the_address(proxied):
    network = some_network()
    addresses = [f"anybody{n}@partner.example" for n in range(32)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda a: ask_for_code(proxied, a, network)[1]().status, addresses))
    assert sorted(statuses) == [303] * 30 + [429] * 2


def test_a_stranger_who_tries_passwords_is_limited_and_locks_nobody_out(proxied):
    network, right = some_network(), "correct horse battery"
    statuses = [try_password(proxied, "alice@acme.example", network=network)().status for _ in range(12)]
    assert statuses == [422] * 10 + [429] * 2
    assert try_password(proxied, "alice@acme.example", right, network)().status == 429  # not even the right one
    assert try_password(proxied, "alice@acme.example", right)().status == 303  # she herself, from elsewhere
    assert try_password(proxied, "bob@acme.example", right, network)().status == 303  # her colleague, behind the same
    proxied.move_clock(HOUR + 1)
    assert try_password(proxied, "alice@acme.example", right, network)().status == 303


def test_a_browser_that_signed_in_before_gets_codes_whatever_strangers_do(proxied):
    owner, fields, code = with_code(proxied, KNOWN[0])
    assert owner.request("/sign-in/code", {**fields, "code": code}).status == 303
    del owner.cookies["__Host-session"]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:  # from many networks, and from the owner's own
        list(pool.map(lambda network: ask_for_code(proxied, KNOWN[0], network)[1](), [None, owner.network] * 21))
        list(pool.map(lambda a: ask_for_code(proxied, a, owner.network)[1](), UNKNOWN[:25]))
    assert ask_for_code(proxied, KNOWN[0])[1]().status == 429
    owner.connection.close()  # it was idle for too long

    def ask(address):
        return owner.request("/sign-in/send-code", owner.fields("/sign-in", address=address)).status
    assert [ask(KNOWN[0]) for _ in range(7)] == [303] * 6 + [429]
    assert ask(KNOWN[1]) == 429  # the browser is known for the address that signed in with it, and for no other
    proxied.move_clock(HOUR + 1)
    assert ask(KNOWN[0]) == 303


def test_right_passwords_are_no_tries(proxied):
    network, right = some_network(), "correct horse battery"
    for _ in range(12):
        assert try_password(proxied, "alice@acme.example", right, network)().status == 303
    statuses = [try_password(proxied, "alice@acme.example", network=network)().status for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_an_office_behind_one_network_signs_in(proxied):
    network = some_network()
    for address in KNOWN[:33]:  # more than a network may ask for
        stranger, fields, code = with_code(proxied, address, network=network)
        assert stranger.request("/sign-in/code", {**fields, "code": code}).status == 303


def test_passwords_of_an_address_are_guessed_twenty_times_an_hour_and_its_owner_gets_in(proxied):
    right = "correct horse battery"
    owner = Stranger(proxied)
    fields = {**owner.fields("/sign-in", address="alice@acme.example"), "link": "", "password": right}
    assert owner.request("/sign-in/password", fields).status == 303
    del owner.cookies["__Host-session"]
    owner.connection.close()
    statuses = []
    for network in (some_network(), some_network(), some_network(), owner.network):
        statuses += [try_password(proxied, "alice@acme.example", network=network)().status for _ in range(7)]
    assert statuses == [422] * 20 + [429] * 8
    fields = {**owner.fields("/sign-in", address="alice@acme.example"), "link": "", "password": right}
    assert owner.request("/sign-in/password", fields).status == 303
    assert ask_for_code(proxied, "alice@acme.example")[1]().status == 303  # and by code from anywhere


def test_the_networks_of_ipv6_are_counted_as_one_each(proxied):
    statuses = [try_password(proxied, "alice@acme.example", network=f"2001:db8:1:2::{n:x}")().status
                for n in range(1, 12)]
    assert statuses == [422] * 10 + [429]


@pytest.mark.parametrize("left", [1, 0])
def test_a_code_counts_until_its_millisecond(node, left):
    now = int(time.time() * 1000)
    node.stop_clock(now)
    browser = Browser(node)
    page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address="alice@acme.example")
    page = browser.submit(page, r"/send-code$")
    code = portal.code_for(node, "alice@acme.example")
    node.stop_clock(now + HOUR // 4 - left)
    page = browser.submit(page, r"/sign-in/code$", code=code)
    assert page.status == (200 if left else 422) and browser.get("/inbox").path == ("/inbox" if left else "/sign-in")
