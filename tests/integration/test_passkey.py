"""Passkeys at the level of forms: an authenticator of the test's own, and what hostile ones send."""

import base64
import hashlib
import json
import os
import re
import struct
import urllib.parse

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from support import portal
from support.browser import Browser
from support.node import Node
from test_changed import told

ALICE, BOB = "alice@acme.example", "bob@acme.example"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def cbor(value):
    """As much of RFC 8949 as an attestation needs."""
    def head(kind, n):
        return bytes([kind << 5 | n]) if n < 24 else bytes([kind << 5 | 24, n]) if n < 256 else \
            bytes([kind << 5 | 25]) + struct.pack(">H", n)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


class Authenticator:
    def __init__(self, node):
        self.node, self.key, self.id, self.counter = node, ec.generate_private_key(ec.SECP256R1()), os.urandom(32), 0

    def data(self, flags, rp_id, more=b""):
        self.counter += 1
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + struct.pack(">I", self.counter) + more

    def client(self, kind, challenge, origin=None, **more):
        return json.dumps({"type": f"webauthn.{kind}", "challenge": challenge, "origin": origin or self.node.url,
                           "crossOrigin": False, **more}).encode()

    def make(self, challenge, rp_id="localhost", flags=0x45, **client):
        point = self.key.public_key().public_numbers()
        key = cbor({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        data = self.data(flags, rp_id, bytes(16) + struct.pack(">H", len(self.id)) + self.id + key)
        return {"client": b64(self.client(client.pop("kind", "create"), challenge, **client)),
                "attestation": b64(cbor({"fmt": "none", "attStmt": {}, "authData": data}))}

    def sign(self, challenge, rp_id="localhost", flags=0x05, key=None, **client):
        data = self.data(flags, rp_id)
        text = self.client(client.pop("kind", "get"), challenge, **client)
        signature = (key or self.key).sign(data + hashlib.sha256(text).digest(), ec.ECDSA(hashes.SHA256()))
        return {"credential": b64(self.id), "client": b64(text), "data": b64(data), "signature": b64(signature)}


def post(browser, page, path, **fields):
    csrf = re.search(r'name="csrf" value="([^"]*)"', browser.get(page).text).group(1)
    return browser.request(path, urllib.parse.urlencode({"csrf": csrf, **fields}).encode(),
                           {"Content-Type": "application/x-www-form-urlencoded", "Origin": browser.base})


def ask(browser, page="/sign-in"):
    answer = post(browser, page, f"{page}/passkey/challenge" if page == "/sign-in" else f"{page}/challenge")
    assert answer.status == 200, answer.text
    return json.loads(answer.text)["challenge"]


def add(browser, device, **how):
    return post(browser, "/settings/passkeys", "/settings/passkeys/add", name="Key",
                **device.make(ask(browser, "/settings/passkeys"), **how))


def sign_in(browser, device, challenge=None, **how):
    return post(browser, "/sign-in", "/sign-in/passkey", **device.sign(challenge or ask(browser), **how))


@pytest.fixture
def node(binary, database):
    node = Node(binary, database)
    node.url = node.url.replace("127.0.0.1", "localhost")
    config = node.folder / "sealpost.conf"
    config.write_text(re.sub(r'portal_url = "[^"]*"', f'portal_url = "{node.url}"', config.read_text()))
    node.make_acme().start()
    yield node
    node.stop()
    node.close()


def test_a_passkey_signs_its_owner_in_and_nobody_else(node):
    alice, _ = portal.sign_in_by_password(node, ALICE)
    device = Authenticator(node)
    assert "The passkey is added." in add(alice, device).text
    assert add(alice, device).status == 422  # it is kept already
    browser = Browser(node)
    assert sign_in(browser, device).path == "/inbox"
    assert ALICE in browser.get("/settings").text
    assert sign_in(Browser(node), device, key=ec.generate_private_key(ec.SECP256R1())).status == 422
    assert sign_in(Browser(node), Authenticator(node)).status == 422  # unknown: the same answer
    # R15: nobody removes another's.
    passkey = alice.get("/settings/passkeys").form(r"/remove$")["fields"]["passkey"]
    bob, _ = portal.sign_in_by_password(node, BOB)
    assert post(bob, "/settings/passkeys", "/settings/passkeys/remove", passkey=passkey).status == 404
    assert add(bob, device).status == 422  # Alice's credential does not become Bob's
    assert post(alice, "/settings/passkeys", "/settings/passkeys/remove", passkey=passkey).text.count("passkey is removed") == 1
    mails = told(node, ALICE, 2)
    assert any("A passkey was added" in m for m in mails) and any("A passkey for your" in m for m in mails)
    assert sign_in(Browser(node), device).status == 422


def test_what_is_wrong_with_an_answer_is_refused(node):
    alice, _ = portal.sign_in_by_password(node, ALICE)
    device = Authenticator(node)
    for how in ({"origin": "https://evil.example"}, {"origin": node.url + ".evil.example"}, {"kind": "get"},
                {"rp_id": "evil.example"}, {"flags": 0x41}, {"flags": 0x44}, {"flags": 0x05}, {"crossOrigin": True}):
        assert add(alice, device, **how).status == 422, how
    assert add(alice, device).status == 200
    for how in ({"origin": "https://evil.example"}, {"kind": "create"}, {"rp_id": "evil.example"}, {"flags": 0x01},
                {"flags": 0x04}, {"crossOrigin": True}):
        assert sign_in(Browser(node), device, **how).status == 422, how
    browser = Browser(node)
    # A challenge is good once, in the browser that asked, for what it was asked for, and for five minutes.
    challenge = ask(browser)
    assert sign_in(Browser(node), device, challenge).status == 422
    assert sign_in(browser, device, challenge, key=ec.generate_private_key(ec.SECP256R1())).status == 422
    assert sign_in(browser, device, challenge).status == 422
    assert sign_in(browser, device, b64(os.urandom(32))).status == 422
    assert sign_in(browser, device, ask(alice, "/settings/passkeys")).status == 422
    challenge = ask(browser)
    node.move_clock(5 * 60_000 + 1)
    assert sign_in(browser, device, challenge).status == 422
    assert sign_in(browser, device).path == "/inbox"
    # A counter that does not grow is that of a copy.
    device.counter -= 1
    assert sign_in(Browser(node), device).status == 422
    assert sign_in(Browser(node), device).path == "/inbox"
    for junk in ({"credential": "!"}, {"client": b64(b"{}")}, {"data": b64(b"x")}, {"signature": ""}):
        fields = {**device.sign(ask(browser, "/sign-in")), **junk}
        assert post(browser, "/sign-in", "/sign-in/passkey", **fields).status == 422, junk
