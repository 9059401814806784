#!/usr/bin/env bash
# Formats, schemas, strictness and tests of the Rego in policies/, examples/ and templates/, with the pinned opa.
set -euo pipefail
# Each test may take two minutes: the five seconds of opa are over soon on a busy machine.
opa=$(bash "$(dirname "$0")/find-opa.sh") || { echo "the pinned opa is missing: run make opa" >&2; exit 1; }
"$opa" fmt --fail --list policies examples templates
"$opa" check --strict --schema policies/schemas policies/rbac policies/graduation policies/system
# As a bundle: folders are paths of the data document, and what is no policy is left out.
"$opa" test --timeout 2m -b policies --coverage --threshold 100 --format json >/dev/null || { "$opa" test --timeout 2m -b policies; echo "the tests fail, or do not reach 100 % of the policies" >&2; exit 1; }
"$opa" test --timeout 2m -b policies | tail -1
for example in examples/*/policies; do
  "$opa" check --strict "$example"
  "$opa" test --timeout 2m -b "$example" | tail -1
done
for template in templates/*/policies; do
  "$opa" check --strict --schema policies/schemas "$template"
  "$opa" test --timeout 2m -b "$template" --coverage --threshold 100 --format json >/dev/null || { "$opa" test --timeout 2m -b "$template"; echo "the tests of $template fail, or do not reach 100 % of it" >&2; exit 1; }
  "$opa" test --timeout 2m -b "$template" | tail -1
done
