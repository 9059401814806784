#!/usr/bin/env bash
# Makes sure that the witness of the tests can be found (litewitness and witnessctl of Torchwood, ssh-agent for its key); installs what is missing.
set -euo pipefail
version=v0.9.0
bin="$(go env GOPATH 2>/dev/null || echo "$HOME/go")/bin"
if ! command -v ssh-agent >/dev/null || ! command -v ssh-keygen >/dev/null; then
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "ssh-agent is missing, which keeps the key of the tests' witness: install openssh-client" >&2
    exit 1
  fi
  echo "installing openssh-client"
  apt-get update -qq && apt-get install -y -qq openssh-client >/dev/null
fi
for tool in litewitness witnessctl; do
  if [ -x "$bin/$tool" ] || command -v "$tool" >/dev/null; then continue; fi
  if ! command -v go >/dev/null; then
    echo "$tool $version is missing, and so is Go to install it with: install Go 1.26, or put $tool on the PATH" >&2
    exit 1
  fi
  echo "installing $tool $version"
  GOBIN="$bin" go install "filippo.io/torchwood/cmd/$tool@$version"
done
