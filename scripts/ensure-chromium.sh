#!/usr/bin/env bash
# Makes sure that a Chromium can be found for the test of the approvals page; installs the system's where it can.
set -euo pipefail
if [ -n "${GRADUS_CHROMIUM:-}" ]; then
  if [ -x "$GRADUS_CHROMIUM" ]; then exit 0; fi
  echo "GRADUS_CHROMIUM names $GRADUS_CHROMIUM, which cannot be run: name a Chromium, or unset it" >&2
  exit 1
fi
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
fix="apt-get install chromium, or set GRADUS_CHROMIUM to a Chromium"
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "Chromium is missing: $fix" >&2
  exit 1
fi
echo "installing chromium"
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get install -qq --no-install-recommends -y chromium || { apt-get update -qq && apt-get install -qq --no-install-recommends -y chromium; }; } >/dev/null; then
  echo "Chromium could not be installed: $fix" >&2
  exit 1
fi
