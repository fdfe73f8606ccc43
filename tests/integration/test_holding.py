"""Who holds a delivery: a node keeps what it sends as long as it lives, and what a dead one held goes on soon."""

import shutil

import pytest
from support import rows, smtp, wait
from support.mail_server import MailServer
from support.node import Node

CONFLICT = 5  # exit code
SILENCE = 10  # seconds, the least there is; a node beats every third


class World:
    """Nodes of one database behind one smart host."""

    def __init__(self, binary, database):
        self.binary, self.server, self.nodes = binary, MailServer(), []
        self.node = self.new_node(database).make_acme().start()

    def new_node(self, database, **values):
        node = Node(self.binary, database, values={"outbox": None, "delivery": "smart_host", **values},
                    limits={"node_silence_seconds": SILENCE},
                    sections=[f'smart_host {{\n  address = "127.0.0.1:{self.server.port}"\n}}'])
        self.nodes.append(node)
        return node

    def second_node(self, **values):
        first = self.node
        second = self.new_node(first.database, root_key=first.folder / "root.key", blobs=first.folder / "blobs", **values)
        for name in ("certificate.pem", "key.pem"):
            shutil.copy(first.folder / name, second.folder)
        return second

    def hand_in(self, count):
        for i in range(count):
            smtp.send(self.node.smtp_port, smtp.make(subject="plain", to=f"u{i}@else.example"))

    def tries(self):
        """(attempts, is tried now) of each delivery."""
        return sorted((d["attempts"], d["is_tried"]) for d in self.node.json("queue", "list"))

    def hang(self):
        """The server takes what comes, and answers nobody, from a moment on when the node is in the middle of it."""
        self.server.silent = True
        self.hand_in(1)
        wait.until(lambda: self.server.connections == 1 and self.tries() == [(1, True)], "a delivery that hangs")

    def beats(self):
        return sum(int(row[0]) for row in rows.query(self.node, "select beats from node_run"))

    def close(self):
        for node in self.nodes:
            node.close()
        self.server.close()


@pytest.fixture
def cluster(binary, postgres):
    world = World(binary, postgres.new_url())
    yield world
    world.close()


def test_r12_what_a_killed_node_was_sending_is_tried_at_once_when_it_starts_again(world):
    world.hang()
    world.node.kill()
    world.server.silent = False
    world.node.start()
    wait.until(lambda: world.server.taken, "the second try", 10)
    wait.until(lambda: world.tries() == [], "an empty queue", 10)
    assert world.node.json("queue", "list", "--all")[0]["attempts"] == 2
    assert len(rows.query(world.node, "select * from node_run")) == 1


def test_r12_a_live_nodes_mail_is_its_own_and_a_dead_ones_goes_on_elsewhere(cluster):
    cluster.hang()
    other = cluster.second_node(node_name="other").start()
    begun = cluster.beats()
    wait.until(lambda: cluster.beats() >= begun + 2 * (SILENCE // 3 + 2), "both nodes to live longer than the silence", 60)
    assert cluster.server.connections == 1 and cluster.tries() == [(1, True)]
    cluster.server.silent = False
    cluster.node.kill()
    wait.until(lambda: cluster.server.taken, "the other node to go on", 40)
    wait.until(lambda: cluster.tries() == [], "an empty queue", 10)
    assert "is dead; its 1 deliveries go on here" in other.log()
    assert cluster.server.connections == 2 and len(cluster.server.taken) == 1
    other.stop()
    assert rows.query(other, "select * from node_run") == []


def test_r12_a_node_that_counted_as_dead_begins_again(cluster):
    (before,) = rows.query(cluster.node, "select run_id from node_run")
    rows.query(cluster.node, "delete from node_run")
    (now,) = wait.until(lambda: rows.query(cluster.node, "select run_id from node_run"), "a new run", 20)
    assert now != before and "this node counted as dead" in cluster.node.log()
    cluster.hand_in(1)
    wait.until(lambda: cluster.tries() == [] and cluster.server.taken, "the mail", 10)


def test_two_processes_with_one_name_do_not_both_deliver(cluster):
    cluster.node.stop()
    first, second = cluster.second_node(node_name="same").start(), cluster.second_node(node_name="same").start()
    wait.until(lambda: "another process delivers as node same" in first.log(), "the first to see it", 20)
    smtp.send(first.smtp_port, smtp.make(subject="plain", to="u@else.example"))
    wait.until(lambda: "outcome=sent" in second.log(), "the second to send it", 20)
    second.stop()
    smtp.send(first.smtp_port, smtp.make(subject="plain", to="u@else.example", text="Another"))
    wait.until(lambda: "outcome=sent" in first.log(), "the first to deliver again", 20)


def test_r12_a_clock_that_jumps_leaves_no_mail_behind(world):
    world.server.mail = {"alice@acme.example": "450 4.3.2 not now"}
    world.hand_in(12)
    wait.until(lambda: world.tries() == [(1, False)] * 12, "a first try of all")
    world.server.mail, world.server.silent, before = {}, True, world.server.connections
    world.server.drop_connections()
    world.node.move_clock(2 * 60 * 1000)  # all are due together: five are sent, the others wait in the node
    wait.until(lambda: world.server.connections - before >= 5 and world.tries() == [(2, True)] * 12, "all to be held")
    world.node.move_clock(3600 * 1000)
    world.server.silent = False
    world.server.drop_connections()
    wait.until(lambda: len(world.server.taken) == 7 and world.tries() == [(2, False)] * 5, "the others to be sent", 20)


def test_r12_what_was_sent_is_written_down_when_the_database_comes_back(binary, own_postgres):
    world = World(binary, own_postgres.new_url())
    try:
        world.server.before_end = lambda transaction: own_postgres.stop()
        world.hand_in(1)
        wait.until(lambda: "cannot write down the end" in world.node.log(), "the node to fail at it")
        world.server.before_end = lambda transaction: None
        own_postgres.start()
        wait.until(lambda: world.tries() == [], "the end to be written down", 40)
        assert world.node.json("queue", "list", "--all")[0]["attempts"] == 1
        assert len(world.server.taken) == 1
    finally:
        world.close()


def test_r12_what_is_being_sent_is_not_dropped(world):
    world.hang()
    (one,) = world.node.json("queue", "list")
    said = world.node.run("queue", "drop", one["id"], "--reason", "written to the wrong person", code=CONFLICT)
    assert "being sent at this moment" in said and "is_tried" in said
    world.server.silent = False
    world.server.drop_connections()
    wait.until(lambda: world.tries() == [(1, False)], "the try to end")
    world.node.run("queue", "drop", one["id"], "--reason", "written to the wrong person")
    (dropped,) = world.node.json("queue", "list", "--all")
    assert dropped["state"] == "dropped" and not world.server.taken


def test_nodes_are_listed(cluster):
    cluster.hang()
    other = cluster.second_node(node_name="other").start()
    beat = {n["name"]: n["last_beat"] for n in cluster.node.json("node", "list")}["other"]
    wait.until(lambda: {n["name"]: n["last_beat"] for n in cluster.node.json("node", "list")}["other"] > beat, "another beat")
    assert sorted((n["name"] == "other", n["in_hand"]) for n in cluster.node.json("node", "list")) == [(False, 1), (True, 0)]
    assert cluster.node.run("node", "list").startswith("name")
    other.stop()
    assert len(cluster.node.json("node", "list")) == 1
