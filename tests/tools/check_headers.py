#!/usr/bin/python3
"""Every header compiles alone. Called with the build folder and the compiler flags of the libraries' headers."""

import concurrent.futures
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
build = sys.argv[1]
flags = subprocess.run(["pkg-config", "--cflags", "gmime-3.0", "libpq", "jansson", "gnutls"], capture_output=True,
                       text=True, check=True).stdout.split()


def check(header):
    done = subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-x", "c", "-Wall", f"-I{ROOT}/src",
                           f"-I{build}", *flags, str(header)], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr


headers = sorted((ROOT / "src").rglob("*.h"))
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    problems = [p for p in pool.map(check, headers) if p]
print("\n".join(problems))
sys.exit(1 if problems else 0)
