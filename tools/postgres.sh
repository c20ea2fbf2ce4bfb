#!/bin/sh
# The catalog is tested on a real PostgreSQL too. Where packages may be installed, it is; elsewhere its absence is said.
set -eu
for initdb in initdb /usr/lib/postgresql/*/bin/initdb; do
    if command -v "$initdb" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql
    exit 0
fi
echo "The catalog's tests need PostgreSQL: install it (e.g. sudo apt-get install postgresql), then run make test again." >&2
exit 1
