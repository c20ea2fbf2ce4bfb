#!/bin/sh
# The page tests need a Chromium. Where packages may be installed, it is; elsewhere its absence is said plainly.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
    exit 0
fi
echo "The page tests need Chromium: install it (e.g. sudo apt-get install chromium), then run make test again." >&2
exit 1
