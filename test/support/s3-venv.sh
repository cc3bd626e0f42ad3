#!/bin/bash
# Makes .venv-s3: moto, a server that answers as S3 does, for test/remote/storage-s3.test.ts.
# Does nothing when what is installed is already what the file asks for.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.venv-s3
wanted=test/remote/requirements.txt
if cmp -s "$wanted" "$venv/installed-requirements.txt"; then exit 0; fi
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
cp "$wanted" "$venv/installed-requirements.txt"
