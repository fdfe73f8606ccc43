import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support.node import ROOT, Node  # noqa: E402
from support.postgres import Postgres  # noqa: E402


# A work of the database may run again, so in these files, which use most kinds of verbs, each does.
RUN_TWICE = {"test_again", "test_requests", "test_second_factor"}


@pytest.fixture(scope="module", autouse=True)
def works_run_twice(request):
    if request.module.__name__ not in RUN_TWICE:
        yield
        return
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SEALPOST_TEST_AGAIN", "1")
        yield


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("SEALPOST_BINARY", str(ROOT / "build/test/src/cli/sealpost"))
    assert os.access(path, os.X_OK), f"{path} is not built: run make test"
    return path


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def own_postgres():
    """A server that the test may stop."""
    server = Postgres(is_one_tests=True)
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    """The URL of a database of either kind, which the node creates; None stands for SQLite in the node's folder."""
    if request.param == "sqlite":
        yield None
        return
    server = request.getfixturevalue("postgres")
    url = server.new_url()
    yield url
    server.drop(url)


@pytest.fixture
def node(binary, database):
    node = Node(binary, database).make_acme().start()
    yield node
    try:
        node.stop()
    finally:
        node.close()


@pytest.fixture
def sqlite_node(binary):
    node = Node(binary).make_acme().start()
    yield node
    try:
        node.stop()
    finally:
        node.close()


@pytest.fixture
def world(request, binary, database):
    """The module's own World, on either kind of database."""
    world = request.module.World(binary, database)
    yield world
    world.close()
