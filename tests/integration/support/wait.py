"""Waiting for conditions, never for time."""

import itertools
import os
import socket
import time

# Below the ports that connections get, and a part of the range for each worker of a parallel run, so that nobody takes
# a port between the look and its use.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
_PORTS_EACH = 2500
_offsets = itertools.count(os.getpid() * 97)


def until(condition, what, seconds=30.0):
    """Returns the first true value of condition(); fails with `what` after `seconds`, or as much more as the machine has
    other work."""
    seconds *= max(1.0, os.getloadavg()[0] / os.cpu_count())
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.02)


def free_port():
    """A port on 127.0.0.1 that nobody listens on."""
    while True:
        port = 10000 + _WORKER % 9 * _PORTS_EACH + next(_offsets) % _PORTS_EACH
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def port_open(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0
