#!/bin/sh
# Runs every fuzz target for the seconds given, over its kept seeds, with its dictionary.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
# What is undefined ends a target as any other finding does.
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

if [ ! -d build/fuzz ]; then
	CC=clang meson setup build/fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false -Dtest_clock=true
fi
targets=$(for f in tests/fuzz/fuzz_*.c; do basename "$f" .c | sed 's/^fuzz_//'; done)
for target in $targets; do
	ninja -C build/fuzz "tests/fuzz/fuzz_$target" >/dev/null
	mkdir -p "build/corpus/$target"
	dict=
	[ -f "tests/fuzz/$target.dict" ] && dict="-dict=tests/fuzz/$target.dict"
	seeds=
	[ -d "tests/fuzz/seeds/$target" ] && seeds="tests/fuzz/seeds/$target"
	echo "fuzz $target"
	# shellcheck disable=SC2086
	"./build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=5 -print_final_stats=0 -verbosity=0 $dict \
		"build/corpus/$target" $seeds
done
