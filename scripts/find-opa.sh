#!/usr/bin/env bash
# Prints the path of the pinned opa; fails where none of the usual places has it.
set -euo pipefail
version=1.22.0
for opa in "${GRADUS_OPA:-}" "$(command -v opa || true)" "$(go env GOPATH 2>/dev/null || echo "$HOME/go")/bin/opa" "$HOME/go/bin/opa"; do
  if [ -n "$opa" ] && [ -x "$opa" ] && "$opa" version 2>/dev/null | grep -q "^Version: $version$"; then
    echo "$opa"
    exit 0
  fi
done
exit 1
