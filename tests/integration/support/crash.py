"""Killing a node at a chosen moment, seen from outside: people who write and answer all the time, and the mail servers
that tell where a mail is when the process dies."""

import collections
import hashlib
import html
import http.client
import random
import re
import select
import smtplib
import ssl
import threading
import time
import urllib.parse

from . import portal, smtp, wait
from .browser import Page
from .mail_server import MailServer, Outbox
from .node import Node

READERS = [f"reader{n}@partner.example" for n in range(10)]
BIG = 300_000  # beyond what is kept in a row


def text_of(word):
    """The text that belongs to a word, so that a mail that was cut or mixed up is seen."""
    lines = int(hashlib.sha256(word.encode()).hexdigest(), 16) % 40 + 2
    return "".join(f"{word} line {i} {hashlib.sha256(f'{word} {i}'.encode()).hexdigest()}\n" for i in range(lines)).strip()


def file_of(word):
    """Every tenth mail has a large attachment."""
    return hashlib.shake_256(word.encode()).digest(BIG) if word.endswith("0") else None


def mail_of(word, reader):
    data = file_of(word)
    files = [("big.bin", "application/octet-stream", data)] if data else ()
    return smtp.make(subject=f"{word} [secure]", to=[reader, "bob@acme.example"], text=text_of(word), files=files)


class World:
    """haste: how fast the ten hand in mail; what they hand in is all read again at the end."""

    def __init__(self, binary, database, haste=1.0):
        self.outside, self.inside = MailServer(), MailServer()
        self.node = Node(binary, database, values={"outbox": None, "delivery": "smart_host"},
                         limits={"smtp_sessions_per_network": 100},
                         sections=[f'smart_host {{\n  address = "127.0.0.1:{self.outside.port}"\n}}']).make_acme()
        self.node.run("domain", "set", "acme.example", "--next-hop", f"127.0.0.1:{self.inside.port}")
        self.node.run("account", "set", "undo_seconds", "0")  # an answer is one when it was sent
        self.node.outbox = Outbox(self.outside)
        self.node.start()
        self.senders = [Sender(self.node, n, haste) for n in range(10)]
        self.accepted = {}  # word -> reader, of the mails that got 250 while somebody was about to kill
        self.kills = collections.Counter()

    def restart(self):
        """Up again; what was under way when it died is sent first, so that no mail is hit by two kills."""
        interrupted = {d["id"] for d in self.node.json("queue", "list") if d["is_tried"]}
        self.node.start()
        wait.until(lambda: not interrupted & {d["id"] for d in self.node.json("queue", "list")},
                   "what was under way to be sent", 60)

    def close(self):
        for s in self.senders:
            s.stopping.set()
        self.node.close()
        for server in (self.outside, self.inside):
            server.close()


class Sender(threading.Thread):
    """Hands in one mail after the other."""

    def __init__(self, node, number, haste):
        super().__init__(daemon=True)
        self.node, self.number, self.haste, self.stopping = node, number, haste, threading.Event()
        self.accepted, self.count, self.chance = {}, 0, random.Random(number)

    def run(self):
        while not self.stopping.is_set():
            self.count += 1
            word, reader = f"mail-{self.number}-{self.count}", self.chance.choice(READERS)
            try:
                smtp.send(self.node.smtp_port, mail_of(word, reader))
                self.accepted[word] = reader
                self.stopping.wait(self.chance.uniform(0.1, 0.6) / self.haste)
            except (OSError, smtplib.SMTPException):
                self.stopping.wait(0.05)  # the node is down; the next try may find it up


class Answers:
    """Somebody who answers in the portal over a connection of their own, form by form."""

    def __init__(self, node, browser, message, name):
        self.node, self.path, self.name = node, f"{message}/reply", name
        self.cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.connection, self.count = None, 0
        self.sent, self.unsure = [], []

    def begin(self):
        """A new form, filled in; the answer's word and the form."""
        self.connection = http.client.HTTPSConnection("127.0.0.1", self.node.https_port, timeout=60, context=self.context)
        self.connection.request("GET", self.path, headers={"Cookie": self.cookie})
        answer = self.connection.getresponse()
        page = Page(answer.status, self.node.url + self.path, answer.headers, answer.read())
        assert page.status == 200, page.text
        self.count += 1
        word = f"{self.name}-{self.count}"
        return word, {**page.form(r"/reply$")["fields"], "text": text_of(word)}

    def post(self, form):
        self.connection.request("POST", self.path, urllib.parse.urlencode(form),
                                {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded",
                                 "Origin": self.node.url})

    def is_answered(self):
        return bool(select.select([self.connection.sock], [], [], 0)[0])

    def was_sent(self):
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 303 and "sent=1" in answer.headers["Location"], body
        return True

    def again(self, form):
        """As a person does who saw no answer: the same form again, until there is one."""
        def tried():
            try:
                self.connection.close()
                self.post(form)
                return self.was_sent()
            except (OSError, http.client.HTTPException):
                return False
        wait.until(tried, "an answer to the form", 60)

    def send(self):
        word, form = self.begin()
        self.post(form)
        self.was_sent()
        self.sent.append(word)


class Replier(threading.Thread):
    """Answers one time after the other; what a kill interrupts is sent again."""

    def __init__(self, answers):
        super().__init__(daemon=True)
        self.answers, self.stopping = answers, threading.Event()

    def run(self):
        while not self.stopping.is_set():
            try:
                word, form = self.answers.begin()
            except (OSError, http.client.HTTPException):
                self.stopping.wait(0.05)
                continue
            self.answers.again(form)
            self.answers.sent.append(word)
            self.stopping.wait(0.2)


class Killer:
    """One method a phase: returns once the process died in it. Each tries until it hit the phase."""

    def __init__(self, world, answers):
        self.world, self.node, self.answers = world, world.node, answers
        self.chance, self.count = random.Random(7), 0
        self.patience = {"commit": 0.02, "reply": 0.05}  # about as long as these take; found out on the way
        self.seen = set()

    def _open(self):
        self.count += 1
        word, reader = f"kill-{self.count}", self.chance.choice(READERS)
        session = smtp.Raw(self.node.smtp_port)
        session.command("EHLO client.acme.example")
        session.command("MAIL FROM:<alice@acme.example>")
        for recipient in (reader, "bob@acme.example"):
            assert session.command(f"RCPT TO:<{recipient}>")[0] == 250
        assert session.command("DATA")[0] == 354
        mail = mail_of(word, reader)
        return word, reader, session, mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))

    def _kill_before(self, phase, is_answered):
        """Kills at a random moment unless the answer came before; whether it did kill."""
        wait_for = self.chance.uniform(0, self.patience[phase])
        began = time.monotonic()
        while time.monotonic() - began < wait_for:
            if is_answered():
                self.patience[phase] = 0.5 * self.patience[phase] + 0.5 * (time.monotonic() - began)
                return False
        self.node.kill()
        return True

    def data(self):
        word, _, session, data = self._open()
        session.write(data[:self.chance.randrange(1, len(data))])
        self.node.kill()
        session.close()

    def commit(self):
        while True:
            word, reader, session, data = self._open()
            session.write(data + b".\r\n")
            killed = self._kill_before("commit", lambda: select.select([session.socket], [], [], 0)[0])
            try:
                code = session.reply()[0]
            except OSError:
                code = 0
            session.close()
            if code == 250:
                self.world.accepted[word] = reader
            if killed and code == 0:
                return
            if killed:  # the reply was just on its way
                self.world.kills["after the reply"] += 1
                self.world.restart()

    def _kill_at(self, server, is_it):
        """Kills when the server has read a mail to the end and has not answered yet."""
        done = threading.Event()

        def before_end(transaction):
            key = is_it(transaction)
            if not key or key in self.seen or done.is_set():
                return
            self.seen.add(key)
            server.before_end = lambda transaction: None
            self.node.kill()
            done.set()
        server.before_end = before_end
        assert done.wait(60), "no mail came by"

    def notification(self):
        def is_it(transaction):
            found = re.search(rb"/m/(\w+)", transaction.data)
            return found and found.group(1)
        self._kill_at(self.world.outside, is_it)

    def reply(self):
        while True:
            word, form = self.answers.begin()
            self.answers.post(form)
            killed = self._kill_before("reply", self.answers.is_answered)
            if not killed:
                self.answers.was_sent()
                self.answers.sent.append(word)
                continue
            try:
                self.answers.was_sent()
                self.answers.sent.append(word)
            except (OSError, http.client.HTTPException):
                self.unanswered = (word, form)
                return
            self.world.kills["after the answer"] += 1
            self.world.restart()

    def relay(self):
        """The internal sender's mail server has the reply and has not said so yet."""
        def is_it(transaction):
            return transaction.sender.startswith("r-") and transaction.sender
        self._kill_at(self.world.inside, is_it)

    def after_restart(self, phase):
        """Every other answer that was cut off is sent again, the rest is left as it is."""
        if phase != "reply":
            return
        word, form = self.unanswered
        if self.world.kills["reply"] % 2:
            self.answers.again(form)
            self.answers.sent.append(word)
        else:
            self.answers.unsure.append(word)


def body_of(page):
    """The text as the portal shows it."""
    shown = re.search(r'<div class="body-text"[^>]*>(.*?)</div>', page.text, re.S).group(1)
    return html.unescape(re.sub(r"<[^>]+>", "", shown)).replace("\r\n", "\n").strip()


def folder(browser, name):
    """The paths of all messages of a folder, page by page."""
    found, url = [], f"/{name}"
    while url:
        page = browser.get(url)
        assert page.status == 200, page.text
        found += re.findall(r'href="(/message/\w+)"', page.text)
        url = next((l for l in page.links if l.startswith(f"/{name}?after=")), None)
    return found


def sign_in(node, address):
    """By a code, without a link."""
    from .browser import Browser
    browser = Browser(node)
    before = len([m for m in node.outbox.to(address) if m["Message-ID"].startswith("<code")])
    page = browser.submit(browser.get("/sign-in"), r"/sign-in$", address=address)
    page = browser.submit(page, r"/send-code$")
    page = browser.submit(page, r"/code$", code=portal.code_for(node, address, before + 1))
    assert page.path == "/inbox", page.text
    return browser
