"""R11: a licensed user writes to at most 500 different people outside a month; and who has a licence at all."""

import concurrent.futures
import datetime
import html
import re
import smtplib
import time
import zoneinfo

import pytest
from support import portal, rows, smtp, wait

LIMIT = 500
ALICE, BOB = "alice@acme.example", "bob@acme.example"


def people(begin, count):
    return [f"p{n}@partner.example" for n in range(begin, begin + count)]


def send(node, recipients, sender=ALICE, subject="Offer [secure]", **more):
    mail = smtp.make(sender=sender, to=recipients[:1], subject=subject, **more)
    smtp.send(node.smtp_port, mail, sender, recipients)


def refusal(node, recipients, sender=ALICE, **more):
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(node, recipients, sender, **more)
    return refused.value.smtp_code, refused.value.smtp_error.decode()


def usage(node, address=ALICE):
    return next(((u["recipients"], u["limit"]) for u in node.json("licence", "usage") if u["address"] == address),
                (0, LIMIT))


def move_to(node, when):
    """The node's clock to a datetime with a zone."""
    passed = getattr(node, "moved", 0)
    offset = int(when.timestamp() * 1000) - int(time.time() * 1000)
    node.move_clock(offset - passed)
    node.moved = offset


def next_month(zone, day=1):
    """The begin of a day of next month there."""
    today = datetime.datetime.now(zone)
    first = (today.replace(day=1) + datetime.timedelta(days=40)).replace(day=day)
    return first.replace(hour=0, minute=0, second=0, microsecond=0)


def newest_message(browser):
    return next(link for link in browser.get("/inbox").links if re.fullmatch(r"/message/\w+", link))


def messages(node):
    return node.json("message", "list")


def test_r11_a_mail_that_would_pass_the_limit_is_refused_whole(node):
    send(node, people(0, LIMIT - 1))
    assert usage(node) == (LIMIT - 1, LIMIT)
    before = len(messages(node))
    code, text = refusal(node, people(LIMIT, 2) + [BOB])
    assert code == 550 and text.startswith("5.7.1") and "500" in text and "499" in text
    assert next_month(datetime.timezone.utc).strftime("%Y-%m-%d") in text
    assert len(messages(node)) == before and usage(node) == (LIMIT - 1, LIMIT)
    assert "sending-limit" in [e["detail"].split(":")[0] for e in node.json("message", "events")
                               if e["event"] == "mail.refused"]
    send(node, people(LIMIT, 1) + people(0, 5))  # one is new, five are not
    assert usage(node) == (LIMIT, LIMIT)
    send(node, people(3, 2))  # known people go on
    assert refusal(node, people(LIMIT + 1, 1))[0] == 550
    send(node, people(LIMIT + 1, 1), BOB)  # each has a limit of their own
    for address in people(LIMIT + 2, 1):
        assert node.outbox.to(address) == []


def test_r11_internal_people_relayed_mail_and_repeats_do_not_count(node):
    node.run("definition", "add", "Kept", "--all-recipients", "yes")
    send(node, [BOB, "carol@acme.example"], subject="Note [secure:kept]")
    send(node, people(0, 3), subject="Plain")
    assert usage(node) == (0, LIMIT)
    mail = smtp.make(to=people(0, 2))
    smtp.send(node.smtp_port, mail, recipients=people(0, 1))
    smtp.send(node.smtp_port, mail, recipients=people(0, 1))
    assert usage(node) == (1, LIMIT)
    smtp.send(node.smtp_port, mail, recipients=people(0, 2))  # the rest of its recipients
    assert usage(node) == (2, LIMIT)
    send(node, ["P0@Partner.example"])  # the same address
    assert usage(node) == (2, LIMIT)


def test_r11_the_rest_of_a_mails_recipients_counts_too(node):
    send(node, people(0, LIMIT))
    mail = smtp.make(to=people(0, 1), cc=", ".join(people(LIMIT, 1)))
    smtp.send(node.smtp_port, mail, recipients=people(0, 1))
    with pytest.raises(smtplib.SMTPDataError):
        smtp.send(node.smtp_port, mail, recipients=people(LIMIT, 1))


@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Pacific/Honolulu"])
def test_r11_the_count_begins_again_with_the_month_of_the_accounts_zone(node, name):
    """14 hours ahead UTC is still in the old month, 10 hours behind in the new one for long."""
    zone = zoneinfo.ZoneInfo(name)
    node.run("account", "set", "time_zone", name)
    begin = next_month(zone)
    move_to(node, begin - datetime.timedelta(minutes=10))
    send(node, people(0, LIMIT))
    code, text = refusal(node, people(LIMIT, 1))
    assert code == 550 and begin.strftime("%Y-%m-%d") in text
    move_to(node, begin + datetime.timedelta(seconds=1))
    send(node, people(LIMIT - 1, 2))
    assert usage(node) == (2, LIMIT)


def test_r11_a_pack_raises_it_for_one_user_between_its_dates(node):
    zone = zoneinfo.ZoneInfo("America/New_York")
    node.run("account", "set", "time_zone", "America/New_York")
    first = next_month(zone, day=10)
    move_to(node, first - datetime.timedelta(minutes=10))
    day = first.strftime("%Y-%m-%d")
    node.run("licence", "pack", "add", ALICE, "2", "--first", day, "--last", day)
    node.run("licence", "pack", "add", ALICE, "1", "--first", day, "--last", day)
    send(node, people(0, LIMIT))
    assert refusal(node, people(LIMIT, 1))[0] == 550
    move_to(node, first + datetime.timedelta(seconds=1))
    code, text = refusal(node, people(LIMIT, 4))
    assert code == 550 and "503" in text
    send(node, people(LIMIT, 2))
    assert usage(node) == (LIMIT + 2, LIMIT + 3)
    move_to(node, first + datetime.timedelta(days=1, seconds=1))
    assert refusal(node, people(LIMIT + 2, 1))[0] == 550
    send(node, people(LIMIT, 1))  # but known people go on
    assert usage(node) == (LIMIT + 2, LIMIT)
    for pack in node.json("licence", "pack", "list"):
        node.run("licence", "pack", "remove", pack["id"])
    assert node.json("licence", "pack", "list") == []


def test_r11_a_pack_counts_from_its_first_millisecond_to_its_last(node):
    zone = zoneinfo.ZoneInfo("America/New_York")
    node.run("account", "set", "time_zone", "America/New_York")
    first = next_month(zone, day=10)
    begins, ends = (int((first.replace(day=day)).timestamp() * 1000) for day in (10, 11))
    node.stop_clock(begins - 1)
    send(node, people(0, 1))
    day = first.strftime("%Y-%m-%d")
    node.run("licence", "pack", "add", ALICE, "2", "--first", day, "--last", day)
    for at, more in ((begins - 1, 0), (begins, 2), (ends - 1, 2), (ends, 0)):
        node.stop_clock(at)
        assert usage(node) == (1, LIMIT + more), at - begins


def test_r11_a_pack_of_one_counts_for_nobody_else(node):
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    node.run("licence", "pack", "add", BOB, "5", "--first", today, "--last", "2099-12-31")
    send(node, people(0, LIMIT))
    code, text = refusal(node, people(LIMIT, 1))
    assert code == 550 and f"at most {LIMIT} different" in text and usage(node) == (LIMIT, LIMIT)
    send(node, people(0, 1), BOB)
    assert usage(node, BOB) == (1, LIMIT + 5)


def all_at_once(node, calls):
    """How each of the calls ended, SMTP code or 250. On PostgreSQL all reach the same row before one goes on."""
    def one(call):
        try:
            send(node, *call)
            return 250
        except smtplib.SMTPDataError as refused:
            return refused.smtp_code
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def test_r11_parallel_sends_do_not_pass_the_limit(node):
    send(node, people(0, LIMIT - 3))
    calls = [(people(LIMIT + n, 1),) for n in range(8)]
    if node.database.startswith("postgresql"):
        held = rows.Held(node, "select 1 from sending_month for update")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            ended = pool.submit(all_at_once, node, calls)
            held.wait_for_waiting(len(calls))
            held.release()
            codes = ended.result()
    else:
        codes = all_at_once(node, calls)
    assert sorted(codes) == [250] * 3 + [550] * 5
    assert usage(node) == (LIMIT, LIMIT)


def test_r11_the_rest_of_two_mails_recipients_at_once_does_not_pass_the_limit(node):
    """Nothing but the count itself keeps them apart: what is in Sent is there already."""
    send(node, people(0, LIMIT - 1))
    mails = [smtp.make(to=people(0, 1), subject=f"Offer {n} [secure]") for n in range(2)]
    for mail in mails:
        smtp.send(node.smtp_port, mail, recipients=people(0, 1))

    def rest(n):
        try:
            smtp.send(node.smtp_port, mails[n], recipients=people(LIMIT + n, 1))
            return 250
        except smtplib.SMTPDataError as refused:
            return refused.smtp_code
    codes = rows.race(node, "select 1 from sending_month for update", *[lambda n=n: rest(n) for n in range(2)])
    assert codes == [250, 550] and usage(node) == (LIMIT, LIMIT)


def portal_sends(node, count):
    """Ways to send a message from as many pages of Alice's, each to somebody new: the HTTP status."""
    node.run("account", "set", "undo_seconds", "0")

    def at_last_page(n):
        browser, _ = portal.sign_in_by_password(node, ALICE)
        fields = {"to": f"q{n}@partner.example", "subject": "Offer", "text": "Marmalade."}
        page = browser.submit_files(browser.get("/compose"), r"/compose$", [], **fields)
        mark = re.search(r'name="checked" value="(\w+)"', page.text)[1]
        return lambda: browser.submit_files(page, r"/compose$", [], **fields, checked=mark)

    return [at_last_page(n) for n in range(count)]


@pytest.mark.parametrize("by_mail", [0, 2], ids=["portal", "portal and SMTP"])
def test_r11_parallel_sends_from_the_portal_do_not_pass_the_limit(node, by_mail):
    send(node, people(0, LIMIT - 1))
    sends = portal_sends(node, 3 - by_mail)
    mails = [lambda n=n: all_at_once(node, [(people(LIMIT + n, 1),)])[0] for n in range(by_mail)]
    lock = "select 1 from sending_month for update"
    answers = rows.race(node, lock, *mails[:1], *sends, *mails[1:])
    pages = [a for a in answers if not isinstance(a, int)]
    sent = [a for a in answers if a == 250] + [p for p in pages if "sent=1" in p.url]
    assert len(sent) == 1 and usage(node) == (LIMIT, LIMIT)
    assert [a for a in answers if isinstance(a, int) and a != 250] == [550] * (by_mail - answers.count(250))
    for page in pages:
        if page not in sent:
            assert page.status == 403 and "Marmalade." in page.text and "written to 500" in page.text


def test_r11_of_two_that_wait_to_leave_only_one_fits(node):
    """Both fitted when they were written: the other one is a draft again, and its writer is told."""
    send(node, people(0, LIMIT - 1))
    alice, _ = portal.sign_in_by_password(node, ALICE)
    alice.is_hasty = False
    pages = [portal.compose(alice, to=f"q{n}@partner.example", subject="Offer", text=f"Marmalade {n}.") for n in range(2)]
    assert all("/leaving/" in page.url for page in pages) and usage(node) == (LIMIT - 1, LIMIT)
    ended = rows.race(node, "select 1 from sending_month for update", *[lambda p=p: alice.submit(p, r"/now$") for p in pages])
    assert sorted("sent=1" in page.url for page in ended) == [False, True] and usage(node) == (LIMIT, LIMIT)
    (back,) = [page for page in ended if "sent=1" not in page.url]
    assert "500 of 500" in back.text and re.search(r"Marmalade \d\.", back.text), back.text
    told = html.unescape(re.search(r'role="status">.*?</p>', back.text, re.S)[0])
    for fact in ("Nothing was sent", "500 different recipients", "have written to 500", "begins again on", "ask your administrator"):
        assert fact in told, (fact, told)  # R14: all that a refusal at once says
    assert "Was not sent" in alice.get("/drafts").text
    move_to(node, next_month(datetime.timezone.utc, 2))
    alice, _ = portal.sign_in_by_password(node, ALICE)
    late = alice.get(next(link for link in alice.get("/drafts").links if "?draft=" in link))
    assert "could not be sent" in late.text and "Nothing was sent" not in late.text  # of a month that is over


def test_r11_reply_all_in_the_portal_is_refused_with_the_text_kept(node):
    node.run("definition", "add", "Kept", "--all-recipients", "yes")
    send(node, people(0, LIMIT - 1), BOB)
    mail = smtp.make(subject="Offer [secure:kept]", to=[BOB], cc="x@else.example, y@else.example")
    smtp.send(node.smtp_port, mail)
    portal.link_for(node, "x@else.example")
    bob, _ = portal.sign_in_by_password(node, BOB)
    message = newest_message(bob)
    form = bob.get(message + "/reply-all")
    page = bob.submit(form, r"/reply-all$", text="Marmalade for all.")
    assert page.status == 403 and "Marmalade for all." in page.text
    assert "500" in page.text and "499" in page.text
    reset = next_month(datetime.timezone.utc)
    assert reset.strftime("%B") in page.text or reset.strftime("%b") in page.text
    assert usage(node, BOB) == (LIMIT - 1, LIMIT)
    today = datetime.date.today().isoformat()
    node.run("licence", "pack", "add", BOB, "1", "--first", today, "--last", "2099-12-31")
    page = bob.submit(page, r"/reply-all$", text="Marmalade for all.")
    assert page.status == 200 and usage(node, BOB) == (LIMIT + 1, LIMIT + 1)


def test_r11_what_was_recalled_stays_counted(node):
    send(node, people(0, LIMIT))
    (message,) = messages(node)
    node.run("message", "recall", message["id"], "--reason", "x")
    assert usage(node) == (LIMIT, LIMIT) and refusal(node, people(LIMIT, 1))[0] == 550


def test_r11_what_outsiders_answer_does_not_count(node):
    send(node, people(0, LIMIT))
    mail = smtp.make(subject="Offer [secure]", to=people(0, 1), cc="p1@partner.example")
    smtp.send(node.smtp_port, mail)
    browser, _ = portal.sign_in_by_link(node, portal.link_for(node, "p0@partner.example", 2), "p0@partner.example")
    message = newest_message(browser)
    page = browser.submit(browser.get(message + "/reply-all"), r"/reply-all$", text="We take it.")
    assert page.status == 200
    assert [u["address"] for u in node.json("licence", "usage")] == [ALICE]


def test_a_sender_without_a_licence_is_refused_and_nothing_goes_in_clear(node):
    node.run("licence", "limit", "1")
    send(node, people(0, 1))  # takes the one there is
    assert [x["address"] for x in node.json("licence", "list")] == [ALICE]
    sent = len(wait.until(node.outbox.files, "the notification"))
    code, text = refusal(node, people(1, 1), BOB)
    assert code == 550 and text.startswith("5.7.1") and "licence" in text
    node.run("policy", "add", "--from", "internal", "--to", "domain:partner.example", "--definition", "Default")
    assert refusal(node, people(1, 1), BOB, subject="By policy")[0] == 550
    assert "not-licensed" in [e["detail"].split(":")[0] for e in node.json("message", "events")
                              if e["event"] == "mail.refused"]
    assert len(messages(node)) == 1 and len(node.outbox.files()) == sent
    send(node, ["someone@else.example"], BOB, subject="Plain")  # what need not be secured goes on
    assert messages(node)[0]["kind"] == "relayed"
    bob, _ = portal.sign_in_by_password(node, BOB)
    page = bob.submit(bob.get("/compose"), r"/compose$", to=ALICE, subject="Hello", text="Marmalade.")
    assert page.status == 403 and "no licence" in page.text and "Marmalade." in page.text


def test_administrators_give_and_take_licences(node):
    assert node.json("licence", "show") == [{"licences": "any", "taken": 0, "named_only": False}]
    node.run("licence", "limit", "1", "--named")
    assert refusal(node, people(0, 1))[0] == 550
    node.run("licence", "grant", BOB)
    node.run("licence", "grant", BOB)  # has one
    node.run("licence", "grant", ALICE, code=4)
    send(node, people(0, 1), BOB)
    node.run("licence", "limit", "0", code=5)
    node.run("licence", "revoke", BOB)
    node.run("licence", "revoke", BOB, code=3)
    assert refusal(node, people(1, 1), BOB)[0] == 550
    assert node.json("licence", "show") == [{"licences": 1, "taken": 0, "named_only": True}]
    node.run("licence", "limit", "any")
    send(node, people(1, 1), BOB)
    for code, *words in ((6, "limit", "-1"), (6, "limit", "10000001"), (6, "grant", "carol@partner.example"),
                         (3, "grant", "alcie@acme.example"),
                         (3, "pack", "add", "alcie@acme.example", "5", "--first", "2026-03-02", "--last", "2026-03-03"),
                         (3, "revoke", "nobody@acme.example"), (2, "pack", "add", ALICE, "5"),
                         (2, "pack", "add", ALICE, "5", "--first", "2026-12-01"),
                         (6, "pack", "add", ALICE, "0", "--first", "2026-03-02", "--last", "2026-03-03"),
                         (6, "pack", "add", ALICE, "5", "--first", "2026-02-30", "--last", "2026-03-01"),
                         (6, "pack", "add", ALICE, "5", "--first", "2026-03-02", "--last", "2026-03-01"),
                         (6, "pack", "add", ALICE, "1000001", "--first", "2026-03-02", "--last", "2026-03-03"),
                         (6, "pack", "add", "x@partner.example", "5", "--first", "2026-03-02", "--last", "2026-03-03"),
                         (3, "pack", "remove", "0" * 26), (6, "pack", "remove", "x")):
        assert node.run("licence", *words, code=code).startswith("sealpost: ")
    assert "x is not an identifier" in node.run("licence", "pack", "remove", "x", code=6)
    assert "somebody known" in node.run("licence", "pack", "--help")
    told = [e["detail"] for e in node.json("message", "events") if e["event"] == "account.changed"]
    for what in ("licences: 1, for those named only", f"licence given to {BOB}", f"licence taken from {BOB}",
                 "licences: any number"):
        assert what in told


def test_the_last_licence_goes_to_one_of_those_who_send_at_once(node):
    node.run("licence", "limit", "1")
    codes = all_at_once(node, [(people(n, 1), f"user{n}@acme.example") for n in range(6)])
    assert sorted(codes) == [250] + [550] * 5
    assert node.json("licence", "show")[0]["taken"] == len(node.json("licence", "list")) == 1
