#!/usr/bin/env bash
# Makes .venv-interop: flytekit of exactly the version whose literals and interfaces the goldens hold.
# Does nothing when it is there already and the requirements have not changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
requirements=test/interop/requirements.txt
stamp=.venv-interop/requirements.txt

if ! cmp -s "$requirements" "$stamp"; then
  python=${PYTHON:-python3}
  "$python" -m venv .venv-interop || {
    echo "python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 2
  }
  .venv-interop/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
  cp "$requirements" "$stamp"
fi
