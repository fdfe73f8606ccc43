"""What a sender does with a message that was sent, and what everybody is shown of it."""

import html
import re

from . import portal

ALICE = "alice@acme.example"


def text_of(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


class Sender:
    """Alice, signed in, at the message she sent last."""

    def __init__(self, node, address=ALICE):
        self.node = node
        self.browser, _ = portal.sign_in_by_password(node, address)
        sent = self.browser.get("/sent")
        self.path = next(link for link in sent.links if link.startswith("/message/"))

    def page(self):
        return self.browser.get(self.path)

    def row(self):
        """The first row of Sent, in words."""
        page = self.browser.get("/sent")
        return text_of(type(page)(200, page.url, page.headers,
                                  re.search(r'<li class="row.*?</li>', page.text, re.S).group(0).encode()))

    def recall(self, reason="", from_=None):
        page = self.browser.get(self.path + "/recall")
        chosen = {"from": from_} if from_ else {"whole": "1"}
        return self.browser.submit(page, r"/recall$", reason=reason, **chosen)

    def extend(self, until):
        page = self.browser.get(self.path + "/extend")
        return self.browser.submit(page, r"/extend$", until=until)


def message_id(node):
    """The newest secure message, for the command line."""
    return next(m for m in node.json("message", "list") if m["kind"] == "secured")["id"]


def facts(node, message=None):
    return node.json("message", "show", message or message_id(node))[0]


def events(node, message=None):
    return [e["event"] for e in facts(node, message)["events"]]
