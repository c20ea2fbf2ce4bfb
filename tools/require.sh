#!/bin/sh
# require.sh PACKAGE WHO PROGRAM...: the tests need one of these programs, which a Debian package brings.
# Where packages may be installed, it is; elsewhere its absence is said plainly.
set -eu
package=$1
who=$2
shift 2
for program in "$@"; do
    if command -v "$program" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package"
    exit 0
fi
echo "$who need $package: install it (e.g. sudo apt-get install $package), then run make test again." >&2
exit 1
