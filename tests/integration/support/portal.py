"""What people do in the portal, step by step as pages and forms."""

import re

from . import maildir, smtp, wait
from .browser import Browser


def link_for(node, address, count=1):
    """The link in the newest notification to the address, once `count` of them are there."""
    def notifications():
        found = [m for m in node.outbox.to(address) if m["Message-ID"].startswith("<notification")]
        return found if len(found) >= count else None
    mails = wait.until(notifications, f"{count} notification(s) to {address}")
    return re.search(r"https://\S+/m/\S+", maildir.text_of(mails[-1])).group(0)


def code_for(node, address, count=1):
    def codes():
        found = [m for m in node.outbox.to(address) if m["Message-ID"].startswith("<code")]
        return found if len(found) >= count else None
    mails = wait.until(codes, f"a code to {address}")
    return re.search(r"\b(\d{4} \d{4})\b", maildir.text_of(mails[-1])).group(1)


def sign_in_by_link(node, link, address, codes=1):
    """Opens the link, asks for a code, enters it; the browser and the page it led to."""
    browser = Browser(node)
    page = browser.get(link)
    assert page.status == 200, page.text
    page = browser.submit(page, r"/code$")
    page = browser.submit(page, r"/code$", code=code_for(node, address, codes))
    return browser, page


def sign_in_by_password(node, address, password="correct horse battery"):
    browser = Browser(node)
    page = browser.get("/sign-in")
    page = browser.submit(page, r"/sign-in", address=address)
    page = browser.submit(page, r"/password$", password=password)
    return browser, page


def compose(browser, page=None, files=(), **fields):
    """Sends a new message, also past the look at its recipients; the page it led to."""
    page = browser.submit_files(page or browser.get("/compose"), r"/compose$", list(files), **fields)
    mark = re.search(r'name="checked" value="(\w+)"', page.text)
    if not mark:
        return page
    return browser.submit_files(page, r"/compose$", [], **{**fields, "checked": mark[1]})


class Reader:
    """Somebody outside who is sent one mail after another and opens each at once."""

    def __init__(self, node, address="carol@partner.example"):
        self.node = node
        self.address = address
        self.browser = None
        self.count = 0

    def open(self, mail):
        """Hands the mail in; the browser, the path of its message, and its page."""
        self.count += 1
        smtp.send(self.node.smtp_port, mail, recipients=[self.address])
        link = link_for(self.node, self.address, self.count)
        if self.browser is None:
            self.browser, _ = sign_in_by_link(self.node, link, self.address)
        path = "/message/" + link.rsplit("/", 1)[1]
        return self.browser, path, self.browser.get(path)
