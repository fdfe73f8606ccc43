#!/bin/sh
# Builds without sanitizers and runs the benches of tests/bench.
set -eu
cd "$(dirname "$0")/.."
[ -d build/bench ] || meson setup build/bench -Dbuildtype=release
ninja -C build/bench src/cli/sealpost
for bench in tests/bench/bench_*.py; do
	SEALPOST_BINARY="$PWD/build/bench/src/cli/sealpost" /usr/bin/python3 "$bench"
done
