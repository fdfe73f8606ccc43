# The front door. Everything is built by Meson; each target installs what it needs.
.PHONY: run test build install bench fuzz format lint clean

run: build
	./build/run/src/cli/sealpost demo --folder var/demo --web-dir web

build:
	./scripts/install-deps.sh build
	test -d build/run || meson setup build/run -Dbuildtype=debugoptimized
	ninja -C build/run src/cli/sealpost src/preview/sealpost-preview

install: build
	meson install -C build/run --no-rebuild

test:
	./scripts/install-deps.sh test
	./scripts/test.sh

bench:
	./scripts/install-deps.sh test
	./scripts/bench.sh

fuzz:
	./scripts/install-deps.sh test
	./scripts/fuzz.sh 300

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

lint:
	./scripts/install-deps.sh test
	clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')
	/usr/bin/python3 tests/tools/check_includes.py
	/usr/bin/python3 tests/tools/check_source.py

clean:
	rm -rf build
