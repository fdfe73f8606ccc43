"""Dates in pages are shown as Settings say."""

import html
import re

from support import portal, smtp
from support.commands import text_of
from test_addresses import CAROL, send, sign_in


def choose(browser, **fields):
    return browser.submit(browser.get("/settings"), r"/choices$",
                          **{"language": "en", "time_zone": "Europe/Berlin", "dates": "language", "clock": "24", **fields})


def title(browser, path):
    """The whole date of the message."""
    return html.unescape(re.search(r'<p class="from">.*?title="([^"]*)"', browser.get(path).text, re.S)[1])


def test_dates_and_clock_are_shown_as_chosen(sqlite_node):
    carol = sign_in(sqlite_node, send(sqlite_node, CAROL, "One"), CAROL)
    path = re.search(r'href="(/message/\w{26})"', carol.get("/inbox").text)[1]
    shapes = {"language": r"\d+ [A-Z][a-z]+ 20\d\d", "iso": r"20\d\d-\d\d-\d\d", "day": r"\d\d/\d\d/20\d\d",
              "month": r"\d\d/\d\d/20\d\d"}
    shown = {}
    for dates, shape in shapes.items():
        for clock, time in (("24", r"\d\d:\d\d"), ("12", r"\d{1,2}:\d\d [ap]m")):
            assert choose(carol, dates=dates, clock=clock).status == 200
            shown[dates] = title(carol, path)
            assert re.fullmatch(rf"[A-Z][a-z]+day, {shape}, {time} CES?T", shown[dates]), shown[dates]
            assert re.search(rf'row-date"[^>]*><bdi>{time}</bdi>', carol.get("/inbox").text)
    iso, day, month = (re.findall(r"\d+", shown[k])[:3] for k in ("iso", "day", "month"))
    assert iso == day[::-1] and month == [day[1], day[0], day[2]]
    # The foot of a page changes the language alone; what there is not changes nothing.
    page = carol.get("/settings")
    carol.submit(page, r"/language$", language="de", **{"return": "/settings"})
    choose(carol, language="de", dates="never", clock="")
    assert re.search(r"AM|PM", title(carol, path)) and "/20" in title(carol, path)


def test_a_person_who_chose_nothing_sees_the_languages_dates(sqlite_node):
    alice, page = portal.sign_in_by_password(sqlite_node, "alice@acme.example")
    smtp.send(sqlite_node.smtp_port, smtp.make())
    assert re.search(r"signed out at \d\d:\d\d\.", text_of(alice.get("/sent")))
