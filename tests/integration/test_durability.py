"""250 means kept: the process is killed in every phase of a mail's life, and nothing accepted is lost or doubled."""

import collections
import concurrent.futures
import hashlib
import os
import random
import re

import pytest
from support import crash, maildir, portal, smtp, wait

KILLS = int(os.environ.get("SEALPOST_TEST_KILLS", "20"))
PHASES = ("data", "commit", "notification", "reply", "relay")
AT_MOST = 2  # deliveries of one mail: a kill may come between the next server's reply and our note of it


@pytest.fixture
def world(binary, database):
    world = crash.World(binary, database, haste=min(1.0, 20 / KILLS))
    yield world
    world.close()


def carol_answers(world, name):
    """A way to answer Alice's first message, for a reader who signed in once."""
    reader = crash.READERS[0]
    if not hasattr(world, "carol"):
        smtp.send(world.node.smtp_port, smtp.make(subject="First [secure]", to=reader))
        link = portal.link_for(world.node, reader)
        world.carol, _ = portal.sign_in_by_link(world.node, link, reader)
        world.first = "/message/" + link.rsplit("/", 1)[1]
    return crash.Answers(world.node, world.carol, world.first, name)


def kill_often(world):
    """In each phase as often as in the others, in any order; the senders and the replier do not rest meanwhile."""
    killer = crash.Killer(world, carol_answers(world, "cut-off"))
    replier = crash.Replier(carol_answers(world, "answer"))
    for thread in (*world.senders, replier):
        thread.start()
    phases = [PHASES[i % len(PHASES)] for i in range(max(KILLS, 20))]
    random.Random(11).shuffle(phases)
    for phase in phases:
        getattr(killer, phase)()
        world.kills[phase] += 1
        world.restart()
        killer.after_restart(phase)
    for thread in (*world.senders, replier):
        thread.stopping.set()
    for thread in (*world.senders, replier):
        thread.join(60)
        assert not thread.is_alive()
        world.accepted |= getattr(thread, "accepted", {})
    return replier.answers.sent + killer.answers.sent, killer.answers.unsure


def read_all(node, reader):
    """{word: id of the copy} of a reader's Inbox; each message is opened and compared."""
    browser, found = crash.sign_in(node, reader), {}
    for path in crash.folder(browser, "inbox"):
        page = browser.get(path)
        word = re.search(r"<h1><bdi>(.*?)</bdi>", page.text).group(1)
        if word == "First":
            continue
        assert word not in found, f"{word} is there twice"
        assert crash.body_of(page) == crash.text_of(word), word
        files = [browser.get(l).body for l in page.links if "/file/" in l]
        assert files == ([crash.file_of(word)] if crash.file_of(word) else []), word
        found[word] = path.rsplit("/", 1)[1]
    return found


def repeats(deliveries):
    """How many of these {what: [mails]} went out again; each went at most twice, then as the same mail."""
    for what, mails in deliveries.items():
        assert len(mails) <= AT_MOST, f"{what}: {len(mails)} times"
        assert len({m["Message-ID"] for m in mails}) == 1, what
    return sum(len(mails) - 1 for mails in deliveries.values())


def check_notifications(world, copies):
    """Every copy was told of; how many were told of twice."""
    sent = collections.defaultdict(list)
    for _, mail in world.outside.mails():
        if mail["Message-ID"].startswith("<notification"):
            sent[re.search(r"/m/(\w+)", maildir.text_of(mail)).group(1)].append(mail)
    missing = [word for word, copy in copies.items() if copy not in sent]
    assert not missing, f"nobody was told of {missing}"
    return repeats(sent)


def check_internal_copies(world, words):
    """Bob's mail server has each mail whole; how many came twice."""
    sent = collections.defaultdict(list)
    for recipient, mail in world.inside.mails():
        if recipient != "bob@acme.example":
            continue
        word = mail["Subject"]
        assert maildir.text_of(mail).replace("\r\n", "\n").strip().endswith(crash.text_of(word)), word
        files = [hashlib.sha256(p.get_content()).digest() for p in mail.iter_attachments()]
        assert files == ([hashlib.sha256(crash.file_of(word)).digest()] if crash.file_of(word) else []), word
        sent[word].append(mail)
    assert words <= set(sent), f"Bob lacks {words - set(sent)}"
    return repeats(sent)


def word_of_answer(text):
    """An answer's word, when the text begins with the whole of it."""
    text = text.replace("\r\n", "\n")
    word = text.split(" ", 1)[0]
    assert text.startswith(crash.text_of(word)), text[:500]
    return word


def check_answers(world, answered, unsure):
    """Alice has each answer once in the portal and once at her mail server; how many the server got twice."""
    alice, _ = portal.sign_in_by_password(world.node, "alice@acme.example")
    shown = [word_of_answer(crash.body_of(alice.get(path))) for path in crash.folder(alice, "inbox")]
    assert len(shown) == len(set(shown)), "an answer is there twice"
    assert set(answered) <= set(shown) <= set(answered) | set(unsure)
    carol = crash.sign_in(world.node, crash.READERS[0])
    kept = [word_of_answer(crash.body_of(carol.get(path))) for path in crash.folder(carol, "sent")]
    assert sorted(kept) == sorted(shown)
    sent = collections.defaultdict(list)
    for recipient, mail in world.inside.mails():
        if recipient == "alice@acme.example":
            sent[word_of_answer(maildir.text_of(mail))].append(mail)
    assert set(sent) == set(shown)
    return repeats(sent)


def test_a_kill_in_any_phase_loses_nothing_accepted(world):
    answered, unsure = kill_often(world)
    # What failed for another reason than a kill, a database that was busy, is tried again.
    world.node.move_clock(8 * 60 * 60 * 1000)
    wait.until(lambda: world.node.json("queue", "list") == [], "an empty queue", 400)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        read = dict(zip(crash.READERS, pool.map(lambda r: read_all(world.node, r), crash.READERS)))
    copies = {word: copy for words in read.values() for word, copy in words.items()}
    assert len(copies) == sum(map(len, read.values()))
    lost = [word for word, reader in world.accepted.items() if word not in read[reader]]
    assert not lost, f"{lost} got 250 and are not there"
    again = (check_notifications(world, copies), check_internal_copies(world, set(world.accepted)),
             check_answers(world, answered, unsure))
    print(f"{sum(world.kills.values())} kills {dict(world.kills)}: {len(world.accepted)} mails accepted, {len(copies)} kept, "
          f"{len(answered)} answers; sent again after a kill: {again[0]} notifications, {again[1]} internal copies, "
          f"{again[2]} answers")
    assert all(world.kills[phase] >= len(range(i, max(KILLS, 20), len(PHASES))) for i, phase in enumerate(PHASES))
    world.node.stop()
