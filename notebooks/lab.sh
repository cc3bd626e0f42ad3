#!/usr/bin/env bash
# Opens notebooks/ in JupyterLab: makes .venv on the first run, installs the kernel into it.
set -euo pipefail
cd "$(dirname "$0")/.."
bash test/support/venv.sh
exec .venv/bin/jupyter lab --ServerApp.ip=127.0.0.1 --notebook-dir=notebooks "$@"
