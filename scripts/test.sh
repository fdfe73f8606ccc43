#!/bin/sh
# Builds with sanitizers and runs unit, integration, browser and short fuzz tests; ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.."
passed=0 failed=0 skipped=0

mkdir -p build
if [ ! -d build/test ]; then
	meson setup build/test -Dwerror=true -Db_sanitize=address,undefined -Db_lundef=false -Dtest_clock=true || exit 1
fi
ninja -C build/test || { echo "0 passed, 1 failed"; exit 1; }

count() { # WORD FILE: the number before the word in the last line that has one
	n=$(grep -oE "[0-9]+ $1" "$2" | tail -n 1 | cut -d ' ' -f 1)
	echo "${n:-0}"
}

echo "== unit tests"
meson test -C build/test --print-errorlogs 2>&1 | tee build/unit.log
ok=$(sed -n 's/^Ok: *\([0-9]*\).*/\1/p' build/unit.log)
bad=$(sed -n 's/^Fail: *\([0-9]*\).*/\1/p' build/unit.log)
late=$(sed -n 's/^Timeout: *\([0-9]*\).*/\1/p' build/unit.log)
passed=$((passed + ${ok:-0}))
failed=$((failed + ${bad:-1} + ${late:-0}))

echo "== integration tests (they wait more than they work, so several at once)"
SEALPOST_BINARY="$PWD/build/test/src/cli/sealpost" /usr/bin/python3 -m pytest -q -n 4 -p no:cacheprovider tests/integration 2>&1 |
	tee build/integration.log
passed=$((passed + $(count passed build/integration.log)))
failed=$((failed + $(count failed build/integration.log)))
failed=$((failed + $(count error build/integration.log)))
skipped=$((skipped + $(count skipped build/integration.log)))
grep -q ' passed' build/integration.log || failed=$((failed + 1))

if [ -f tests/browser/package.json ]; then
	echo "== browser tests"
	SEALPOST_BINARY="$PWD/build/test/src/cli/sealpost" node --test tests/browser/ 2>&1 | tee build/browser.log
	passed=$((passed + $(n=$(sed -n 's/^# pass \([0-9]*\)/\1/p' build/browser.log); echo "${n:-0}")))
	failed=$((failed + $(n=$(sed -n 's/^# fail \([0-9]*\)/\1/p' build/browser.log); echo "${n:-1}")))
fi

echo "== fuzz targets over their seeds"
if ./scripts/fuzz.sh 3; then passed=$((passed + 1)); else failed=$((failed + 1)); fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
