"""Whether a notification is genuine can be asked by anybody, and tells nothing else."""

import re

from support import maildir, portal, smtp
from support.browser import Browser

CAROL = "carol@partner.example"


def check(browser, code):
    return browser.submit(browser.get("/check"), r"/check$", code=code)


def test_a_notifications_code_says_who_sent_it_and_when_and_no_more(node):
    smtp.send(node.smtp_port, smtp.make(subject="Salaries [secure]", to=CAROL), recipients=[CAROL])
    portal.link_for(node, CAROL)
    mail = next(m for m in node.outbox.to(CAROL) if m["Message-ID"].startswith("<notification"))
    text = maildir.text_of(mail)
    assert f"{node.url}/check" in text
    code = re.search(r"\b([0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4})\b", text).group(1)
    page = check(Browser(node), code)
    assert page.status == 200 and "Acme" in page.text and "genuine" in page.text
    for secret in (CAROL, "carol", "Salaries", "alice"):
        assert secret not in page.text
    assert "genuine" in check(Browser(node), code.upper().replace("-", " ")).text
    other = code[:-1] + ("0" if code[-1] != "0" else "g")
    changed = "0" + code[1:] if code[0] != "0" else "1" + code[1:]
    for wrong in (other, changed):
        page = check(Browser(node), wrong)
        assert page.status == 200 and "We know no notification" in page.text and "is genuine" not in page.text


def test_checks_are_limited_by_network(sqlite_node):
    browser = Browser(sqlite_node)
    statuses = [check(browser, f"abcd-efgh-jk{n:02}").status for n in range(40)]
    assert 429 in statuses and statuses.count(200) <= 30
