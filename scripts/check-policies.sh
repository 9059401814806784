#!/usr/bin/env bash
# Formats, schemas, strictness and tests of the Rego in policies/ and examples/, with the pinned opa.
set -euo pipefail
version=1.22.0
for candidate in "${GRADUS_OPA:-}" "$(command -v opa || true)" "$(go env GOPATH 2>/dev/null || echo "$HOME/go")/bin/opa" "$HOME/go/bin/opa"; do
  if [ -n "$candidate" ] && [ -x "$candidate" ] && "$candidate" version | grep -q "^Version: $version$"; then opa=$candidate; break; fi
done
: "${opa:?opa $version is missing: run make opa}"
"$opa" fmt --fail --list policies examples
"$opa" check --strict --schema policies/schemas policies/rbac policies/graduation policies/system
# As a bundle: folders are paths of the data document, and what is no policy is left out.
"$opa" test -b policies --coverage --threshold 100 --format json >/dev/null || { "$opa" test -b policies; echo "the tests fail, or do not reach 100 % of the policies" >&2; exit 1; }
"$opa" test -b policies | tail -1
for example in examples/*/policies; do
  "$opa" check --strict "$example"
  "$opa" test -b "$example" | tail -1
done
