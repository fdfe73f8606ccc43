"""Whether two kinds of requests can be told apart by the time they take."""

import math
import random
import statistics
import threading
import time


def mann_whitney(a, b):
    """The two-sided p that samples as different as these are of one distribution (normal approximation)."""
    ranked = sorted([(x, 0) for x in a] + [(x, 1) for x in b])
    ranks, i = [0.0, 0.0], 0
    while i < len(ranked):
        j = i
        while j < len(ranked) and ranked[j][0] == ranked[i][0]:
            j += 1
        for _, which in ranked[i:j]:
            ranks[which] += (i + j + 1) / 2  # ties share the mean of their ranks
        i = j
    u = ranks[0] - len(a) * (len(a) + 1) / 2
    spread = math.sqrt(len(a) * len(b) * (len(a) + len(b) + 1) / 12)
    return math.erfc(abs(u - len(a) * len(b) / 2) / spread / math.sqrt(2))


def measure(pairs, threads, prepare):
    """prepare(which) gives what to run; 0 and 1 in random order, each `pairs` times. ([seconds], [seconds])"""
    order = [0, 1] * pairs
    random.Random(pairs).shuffle(order)
    lock, times, failed = threading.Lock(), ([], []), []

    def run():
        while not failed:
            with lock:
                if not order:
                    return
                which = order.pop()
            try:
                request = prepare(which)
                began = time.perf_counter()
                request()
                times[which].append(time.perf_counter() - began)
            except Exception as e:  # shown by the test
                failed.append(e)
    workers = [threading.Thread(target=run) for _ in range(threads)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    if failed:
        raise failed[0]
    return times


def check_alike(what, pairs, threads, prepare):
    """Fails when the two kinds differ twice in a row: chance alone lets one measurement in a hundred differ."""
    for _ in range(2):
        a, b = measure(pairs, threads, prepare)
        p = mann_whitney(a, b)
        print(f"{what}: {pairs} pairs, medians {1000 * statistics.median(a):.2f} and {1000 * statistics.median(b):.2f} ms, "
              f"p {p:.3f}")
        if p > 0.01:
            return
    raise AssertionError(f"{what}: known and unknown take {statistics.median(a):.4f} and {statistics.median(b):.4f} s, p {p:.5f}")
