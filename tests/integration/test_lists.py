"""Folders' lists: which messages they show and in which order, page by page; marks of one's own."""

import itertools
import re
import urllib.parse

from support import commands, portal, rows, smtp, wait
from support.commands import Sender, text_of
from test_deleted import HEADERS, counts, ids_of, post

CAROL, DAVE = "carol@partner.example", "dave@partner.example"
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
DAY_MS = 24 * 3600 * 1000
FILE = [("plan.pdf", "application/pdf", b"%PDF-1.4 plan")]


def subjects(page):
    return re.findall(r'class="row-subject"><bdi>(.*?)</bdi>', page.text)


def prepare(node):
    """Five messages to Carol, all read; Two and Five have a file, One ends soonest."""
    node.run("definition", "add", "short", "--expire-days", "3")
    node.run("definition", "add", "middle", "--expire-days", "20")
    for number, (sender, name, files) in enumerate([("bob", "short", ()), ("alice", "middle", FILE), ("bob", "middle", ()),
                                                    ("alice", "short", ()), ("bob", "Default", FILE)], 1):
        word = ("One", "Two", "Three", "Four", "Five")[number - 1]
        smtp.send(node.smtp_port, smtp.make(subject=f"{word} [secure:{name}]", from_=f"{sender}@acme.example", files=files),
                  sender=f"{sender}@acme.example")
        node.move_clock(60_000)
    carol, _ = portal.sign_in_by_link(node, portal.link_for(node, CAROL, 5), CAROL)
    for link in carol.get("/inbox").links:
        if link.startswith("/message/"):
            carol.get(link)
    return carol


def test_filters_and_orders_are_links(node):
    carol = prepare(node)
    show = lambda query: subjects(carol.get("/inbox" + query))
    assert show("") == ["Five", "Four", "Three", "Two", "One"]
    assert show("?sort=oldest") == ["One", "Two", "Three", "Four", "Five"]
    assert show("?sort=who") == ["Four", "Two", "Five", "Three", "One"]
    assert show("?sort=who-back") == ["One", "Three", "Five", "Two", "Four"]
    assert show("?sort=ends") == ["One", "Four", "Two", "Three", "Five"] == show("?sort=ends-back")[::-1]
    assert show("?show=files") == ["Five", "Two"] == show("?show=files&sort=oldest")[::-1]
    assert show("?show=soon") == ["One", "Four"] == show("?show=soon&sort=ends-back")[::-1]
    # What ends soon is in the order in which it ends, unless another one is asked for.
    assert show("?show=soon&sort=who") == ["Four", "One"] == show("?show=soon&sort=newest")
    assert show("?show=soon&sort=oldest") == ["One", "Four"] == show("?show=soon&sort=who-back")
    assert "/inbox?show=soon&amp;sort=newest" in carol.get("/inbox?show=soon").text
    assert "/inbox?show=soon&amp;sort=who" in carol.get("/inbox?sort=who").text
    # What makes no sense is as if it were not there.
    assert show("?sort=evil&show=,x,'") == show("")
    page = carol.get("/inbox?show=files&sort=who")
    assert subjects(page) == ["Two", "Five"] and 'aria-current="true">With files' in page.text
    assert "/inbox?show=unread,files&amp;sort=who" in page.text and "sender’s address, A to Z" in text_of(page)
    assert "/inbox?show=files&amp;sort=who-back" in page.text and "@acme" not in re.sub(r"<[^>]*>", "", " ".join(page.links))
    # Names do not tell that order: the addresses stand beside them.
    smtp.send(node.smtp_port, smtp.make(subject="Six [secure]", from_='"Zoe Adams" <alice@acme.example>'))
    page = carol.get("/inbox?sort=who")
    assert subjects(page) == ["Six", "Four", "Two", "Five", "Three", "One"]
    assert re.findall(r'class="row-address">(.*?)<', page.text) == ["alice@acme.example"]
    assert "Zoe Adams" in carol.get("/inbox").text and "row-address" not in carol.get("/inbox").text
    none = carol.get("/deleted?show=unread,files,soon")
    assert "None of these here" in text_of(none) and "Nothing in Deleted" not in text_of(none)


def test_opening_a_message_keeps_the_list_it_was_in(node):
    carol = prepare(node)
    inbox = carol.get("/inbox?show=files&sort=oldest")
    link = next(l for l in inbox.links if l.startswith("/message/"))
    assert link.endswith("?show=files&amp;sort=oldest") or link.endswith("?show=files&sort=oldest")
    page = carol.get(link.replace("&amp;", "&"))
    assert subjects(page) == ["Two", "Five"] and 'href="/inbox?show=files&amp;sort=oldest"' in page.text
    after = carol.submit(page, r"/delete$")
    assert after.url.split("/", 3)[3].startswith("inbox?show=files&sort=oldest&told=deleted")
    assert subjects(after) == ["Five"] and "1 message is now in Deleted" in text_of(after)


def test_r13_marks_are_ones_own_and_no_evidence(node):
    carol = prepare(node)
    inbox = carol.get("/inbox")
    ids = dict(zip(subjects(inbox), ids_of(inbox)))
    assert counts(node, CAROL) == {1: (5, 0)}  # prepare() opened all of them
    page = carol.get(f"/message/{ids['Three']}")
    after = post(carol, page, "/mark-unread", id=ids["Three"], **{"return": "/inbox?show=unread"})
    assert "1 message is marked as unread" in text_of(after) and subjects(after) == ["Three"]
    assert "1 unread message" in text_of(after) and counts(node, CAROL) == {1: (5, 1)}
    after = post(carol, inbox, "/mark-unread", id=list(ids.values()), **{"return": "/inbox"})
    assert "4 messages are marked as unread" in text_of(after) and counts(node, CAROL) == {1: (5, 5)}
    post(carol, inbox, "/delete", id=ids["One"])
    after = post(carol, inbox, "/mark-read", id=[ids["One"], ids["Two"]], **{"return": "/deleted"})
    assert "2 messages are marked as read" in text_of(after) and counts(node, CAROL) == {1: (4, 3), 4: (1, 0)}
    assert "Tick at least one message" in text_of(post(carol, inbox, "/mark-read"))
    # The sender sees no more and no less than before; what was never shown is not read by a mark.
    smtp.send(node.smtp_port, smtp.make(subject="Six [secure]", to=CAROL))
    newest = ids_of(carol.get("/inbox"))[0]
    post(carol, inbox, "/mark-read", id=newest)
    assert counts(node, CAROL)[1] == (5, 3) and "Not read yet" in Sender(node).row()
    assert "message.read" not in commands.events(node)


def test_r15_marking_what_is_not_ones_own(node):
    smtp.send(node.smtp_port, smtp.make(subject="Offer [secure]", to=[CAROL, DAVE]))
    carol, page = portal.sign_in_by_link(node, portal.link_for(node, CAROL), CAROL)
    dave, other = portal.sign_in_by_link(node, portal.link_for(node, DAVE), DAVE)
    mine, others = page.path.rsplit("/", 1)[1], other.path.rsplit("/", 1)[1]
    answers = [post(carol, carol.get("/inbox"), "/mark-unread", id=[mine, bad]) for bad in (others, "0" * 26, "nonsense")]
    assert [a.status for a in answers] == [404] * 3 and counts(node, CAROL) == {1: (1, 0)} == counts(node, DAVE)
    # One's own message has no mark.
    alice = Sender(node)
    own = alice.path.rsplit("/", 1)[1]
    assert "/mark-unread" not in alice.page().text
    after = post(alice.browser, alice.page(), "/mark-unread", id=own)
    assert "0 messages are marked" in text_of(after) and counts(node, "alice@acme.example") == {2: (1, 0)}


def test_what_has_expired_counts_as_unread_no_more(node):
    node.run("definition", "add", "short", "--expire-days", "3")
    smtp.send(node.smtp_port, smtp.make(subject="One [secure:short]", to=CAROL))
    portal.link_for(node, CAROL)
    assert counts(node, CAROL) == {1: (1, 1)}
    node.move_clock(4 * DAY_MS)
    wait.until(lambda: rows.query(node, "select unread from copy where is_owner = 0") == [("0",)], "the expiry")
    assert counts(node, CAROL) == {1: (1, 0)}


def make_id(number):
    return (number * 7919 % 65521).to_bytes(16, "big")


def set_views(browser, **fields):
    """Settings of lists: what is not given is off."""
    csrf = browser.get("/settings").form(r"/settings/views$")["fields"]["csrf"]
    body = urllib.parse.urlencode({"csrf": csrf, **fields}).encode()
    answer = browser.request("/settings/views", body, {**HEADERS, "Origin": browser.base})
    assert answer.status == 200 and "saved" in answer.url
    return answer


def text_of_id(hexadecimal):
    bits = int(hexadecimal, 16) << 2
    return "".join(ALPHABET[bits >> 5 * at & 31] for at in reversed(range(26)))


def fill(node, count, address=CAROL, first=1, threads=lambda name, number: name):
    """More messages, as rows that cannot be opened; every order has some that are alike."""
    person = f"(select id from person where address = '{address}')"
    columns = {table: [c for c in rows.columns(node, table)] for table in ("message", "copy")}
    copy = lambda table, source, **new: (f"insert into {table} ({', '.join(columns[table])}) select " + ", ".join(
        str(new.get(c, c)) for c in columns[table]) + f" from {table} where {source}")
    kind = "hex(c.id)" if node.database.startswith("sqlite:") else "encode(c.id, 'hex')"
    found = rows.query(node, f"select {kind} from copy c where c.person_id = {person} and c.is_owner = 0 order by c.id desc limit 1")
    one = rows.literal(node, bytes.fromhex(found[0][0]))
    statements = []
    for number in range(first, first + count):
        name = rows.literal(node, make_id(number))
        who = ("alice", "bob", "zoe")[number % 3]
        sorted_at, ends_at = f"sorted_at + {number % 9 * 1000}", f"sorted_at + {number % 7 * 2 * DAY_MS + DAY_MS}"
        statements += [copy("message", f"id = (select message_id from copy where id = {one})", id=name),
                       copy("copy", f"id = {one}", id=name, message_id=name, thread_id=threads(name, number), unread=number % 2, has_files=number // 2 % 2,
                            who=f"'{who}@acme.example'", sorted_at=sorted_at, ends_at=ends_at)]
    statements += ["update message set expires_at = (select min(ends_at) from copy where message_id = message.id)",
                   f"update folder_count set total = (select count(*) from copy where person_id = {person} and folder = 1), unread"
                   f" = (select sum(unread) from copy where person_id = {person} and folder = 1) where person_id = {person} and folder = 1"]
    rows.execute(node, statements)


def expected(node, show, sort, by_thread=False):
    """What the list should be, by the rows as they are."""
    now = int(rows.query(node, "select max(used_at) from session")[0][0])
    hexadecimal = "hex(c.id)" if node.database.startswith("sqlite:") else "encode(c.id, 'hex')"
    found = rows.query(node, f"select {hexadecimal}, unread, has_files, who, sorted_at, ends_at, {hexadecimal.replace('c.id', 'thread_id')} from copy c join person p"
                             f" on p.id = c.person_id where p.address = '{CAROL}' and folder = 1")
    key = {"w": lambda r: (r[3], -int(r[4]), text_of_id(r[0])), "e": lambda r: (int(r[5]), text_of_id(r[0]))}
    order = sort or ("ends" if "soon" in show else "newest")
    by_time = lambda r: (int(r[4]), text_of_id(r[0]))
    kept = [r for r in found if ("unread" not in show or r[1] == "1") and ("files" not in show or r[2] == "1")
            and ("soon" not in show or now < int(r[5]) <= now + 7 * DAY_MS)]
    kept.sort(key=by_time)
    if by_thread:  # the newest of each that the filters leave
        kept = list({r[6]: r for r in kept}.values())
    kept.sort(key=key.get(order[:1], by_time))
    return [text_of_id(r[0]) for r in (reversed(kept) if order in ("newest", "who-back", "ends-back") else kept)]


def test_pages_are_exact_under_each_filter_and_order(node):
    """Both ways, whatever is alike, message by message and by conversation: each once."""
    carol = prepare(node)
    fill(node, 90, threads=lambda name, number: rows.literal(node, make_id(number % 41 + 1)))
    for by_thread in (False, True):
        set_views(carol, **({"conversations": 1} if by_thread else {}))
        walk_all(node, carol, by_thread)


def walk_all(node, carol, by_thread):
    for show, sort in itertools.product(("", "unread", "files", "unread,files", "soon", "unread,soon", "unread,files,soon"),
                                        ("", "oldest", "newest", "who", "who-back", "ends", "ends-back")):
        query = urllib.parse.urlencode({k: v for k, v in (("show", show), ("sort", sort)) if v}, safe=",")
        page = carol.get("/inbox?" + query)
        pages, seen = [ids_of(page)] if "row-subject" in page.text else [[]], page
        while (older := re.search(r'rel="next" href="([^"]+)"', seen.text)):
            seen = carol.get(older[1].replace("&amp;", "&"))
            pages.append(ids_of(seen))
        found = list(itertools.chain(*pages))
        assert found == expected(node, show, sort, by_thread), (show, sort, by_thread)
        for before in reversed(pages[:-1]):
            seen = carol.get(re.search(r'rel="prev" href="([^"]+)"', seen.text)[1].replace("&amp;", "&"))
            assert ids_of(seen) == before, (show, sort)
        assert 'rel="prev"' not in seen.text or len(pages) == 1
