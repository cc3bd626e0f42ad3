#!/usr/bin/env bash
# Makes .venv with Jupyter from PyPI, and installs this checkout's kernel into it.
# Does nothing when it is there already and what goes into it has not changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
requirements=test/jupyter/requirements.txt
stamp=.venv/requirements.txt

python=${PYTHON:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "Jupyter needs Python 3.10 or later as python3, or as \$PYTHON; found: $("$python" --version 2>&1 || echo none)" >&2
  exit 2
fi
if ! cat "$requirements" kernel/papermill/* | cmp -s - "$stamp"; then
  "$python" -m venv .venv || {
    echo "python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 2
  }
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements" ./kernel/papermill
  cat "$requirements" kernel/papermill/* > "$stamp"
fi
# JupyterLab runs CommonJS scripts out of the venv; this package's "type": "module" must not reach them.
echo '{ "type": "commonjs" }' > .venv/package.json
# Jupyter starts the kernel with the Node that runs this: the pinned one of npm scripts.
node dist/cli/main.js kernel install --prefix "$PWD/.venv" --force
