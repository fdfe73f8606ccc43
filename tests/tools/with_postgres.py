#!/usr/bin/python3
"""Runs a command with SEALPOST_TEST_POSTGRES naming an empty database of a PostgreSQL server started for it."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from support.postgres import Postgres  # noqa: E402

server = Postgres()
try:
    os.environ["SEALPOST_TEST_POSTGRES"] = url = server.new_url()
    server.create(url)
    code = subprocess.call(sys.argv[1:])
finally:
    server.close()
sys.exit(code)
