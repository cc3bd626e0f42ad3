#!/usr/bin/env bash
# Installs Debian's Chromium when there is none; prints its path. The tests never download a browser of playwright's own.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" 2>/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ]; then as_root=(); else as_root=(sudo -n); fi
if ! command -v apt-get >/dev/null; then
  echo "the browser tests need Chromium as \`chromium\` in the PATH" >&2
  exit 2
fi
{
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
} >&2
command -v chromium
