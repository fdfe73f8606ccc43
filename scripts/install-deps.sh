#!/bin/sh
# Installs what is missing for building ("build") or for building and testing ("test"), on Debian 12. Quick when nothing is.
set -eu
cd "$(dirname "$0")/.."

build="gcc make meson ninja-build pkg-config libc6-dev libmicrohttpd-dev libgnutls28-dev libsodium-dev libgmime-3.0-dev
	libunbound-dev libsqlite3-dev libpq-dev libjansson-dev libgumbo-dev libcurl4-gnutls-dev libcmocka-dev libcbor-dev libfido2-dev liboath-dev
	libqrencode-dev libseccomp-dev libpng-dev libjpeg62-turbo-dev libwebp-dev libgif-dev poppler-utils python3 tzdata ca-certificates zlib1g-dev"
test="clang clang-format libclang-rt-14-dev postgresql postfix swaks chromium gnutls-bin python3-pytest python3-pytest-xdist python3-dkim python3-cryptography curl wrk nsd ldnsutils openssl"
wanted=$build
[ "${1:-build}" = build ] || wanted="$build $test"
command -v npm >/dev/null || [ "${1:-build}" = build ] || wanted="$wanted nodejs npm"

missing=
for package in $wanted; do
	dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	echo "installing:$missing"
	$sudo apt-get update -q
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends $missing
fi
if [ "${1:-build}" = test ] && [ -f tests/browser/package.json ] && [ ! -d tests/browser/node_modules ]; then
	(cd tests/browser && npm ci --no-audit --no-fund)
fi
