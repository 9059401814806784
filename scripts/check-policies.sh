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
echo "opa test policies: $("$opa" test policies/rbac policies/graduation policies/system --coverage --threshold 100 --format json | node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{const r=JSON.parse(t);console.log(`${r.coverage} % of ${r.covered_lines+r.not_covered_lines} lines covered`)})')"
"$opa" test policies/rbac policies/graduation policies/system | tail -1
for example in examples/*/policies; do
  "$opa" check --strict "$example"
  "$opa" test "$example" | tail -1
done
