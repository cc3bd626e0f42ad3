#!/bin/bash
# Makes .venv-interop, the Python side of the interop tests: flytekit, pinned in test/interop/requirements.txt.
# Does nothing when what is installed is already what the file asks for.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.venv-interop
wanted=test/interop/requirements.txt
if cmp -s "$wanted" "$venv/installed-requirements.txt"; then exit 0; fi
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
cp "$wanted" "$venv/installed-requirements.txt"
