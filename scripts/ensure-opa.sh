#!/usr/bin/env bash
# Makes sure that the pinned opa can be found; installs it with Go where it cannot.
set -euo pipefail
version=1.22.0
bin="$(go env GOPATH 2>/dev/null || echo "$HOME/go")/bin"
if bash "$(dirname "$0")/find-opa.sh" >/dev/null; then exit 0; fi
if ! command -v go >/dev/null; then
  echo "opa $version is missing, and so is Go to install it with: install Go 1.26, or put opa $version on the PATH" >&2
  exit 1
fi
echo "installing opa $version (about two minutes)"
GOBIN="$bin" go install "github.com/open-policy-agent/opa@v$version"
