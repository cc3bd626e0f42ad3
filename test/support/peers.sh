#!/usr/bin/env bash
# Makes .venv-peers: the newest flytekit and Prefect from PyPI, which the benchmarks stand beside.
# Does nothing when it is there already and the requirements have not changed; remove the folder for newer versions.
set -euo pipefail
cd "$(dirname "$0")/../.."
requirements=test/bench/peers/requirements.txt
stamp=.venv-peers/requirements.txt

if ! cmp -s "$requirements" "$stamp"; then
  python=${PYTHON:-python3}
  "$python" -m venv .venv-peers
  .venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
  cp "$requirements" "$stamp"
fi
