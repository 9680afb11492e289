#!/bin/sh
# Prints the first of the given Pythons that is 3.11 or newer and can make virtual environments.
# Usage: find_python.sh python3.13 python3.12 python3 ...

without_venv=""
for candidate in "$@"; do
    # A version manager's placeholder is found but does not run: try it, quietly.
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
    if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        command -v "$candidate"
        exit 0
    fi
    without_venv=${without_venv:-$candidate}
done

if [ -n "$without_venv" ]; then
    version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$without_venv cannot make a virtual environment: install its venv module" \
        "(on Debian and Ubuntu: apt install python$version-venv)." >&2
else
    echo "Python 3.11 or newer is needed, and none was found as $*: install it" \
        "(on Debian and Ubuntu: apt install python3 python3-venv)," \
        "or name one with PYTHON=/path/to/python3." >&2
fi
exit 1
