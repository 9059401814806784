# Gradus: the one door. `make` prints the targets.
SHELL := bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
STAMP := node_modules/.package-lock.json

.DEFAULT_GOAL := help

# What `make quick` and `make check` run: a name for each step, and its command.
PURE_TESTS := test/house test/lattice test/pdp test/ledger test/trust test/detect
SLOW_TESTS := trust/exhaustive trust/differential detect/curves detect/watch pdp/decide.property ledger/accounts
OTHER_TESTS := bench conformance data docs e2e faults hostile property support
FAST_TESTS := $(filter-out $(PURE_TESTS) $(OTHER_TESTS:%=test/%),$(wildcard test/*))
QUICK := 'types=tsc -p tsconfig.json --noEmit --incremental --tsBuildInfoFile node_modules/.cache/types.tsbuildinfo && tsc -p tsconfig.pure.json' \
	'lint=eslint src scripts --max-warnings 0 --cache --cache-location node_modules/.cache/eslint-src/ && prettier --check --cache src scripts docs --log-level warn' \
	'pure and house tests=node node_modules/vitest/vitest.mjs run $(PURE_TESTS) $(SLOW_TESTS:%=--exclude=test/%.test.ts) --reporter=dot --no-isolate' \
	'layers=npm run --silent layers && node scripts/where.mjs --check'

.PHONY: help install start build quick check test lint typecheck layers where policies bundles bundles-check examples golden schemas bench mutants lock release docs clean opa chromium witness

help: ## print the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or later with npm; the pinned Node 24 then comes from the registry"; exit 1; }
	@echo "installing the dependencies"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $(STAMP)

install: $(STAMP) ## install the dependencies, the pinned Node 24 among them

build: $(STAMP) ## compile src/ to dist/
	@test -e dist/main.js || echo "compiling src/ to dist/"
	@node scripts/build.mjs

start: build ## install, build, and serve the example organisation on loopback (LISTEN=127.0.0.1:9000)
	@echo "the example organisation lives through its past at the first start: some seconds"
	@node bin/gradus.js serve --demo $(if $(LISTEN),--listen $(LISTEN))

opa: ## install the pinned opa (needs Go)
	@bash scripts/ensure-opa.sh

witness: ## install the witness of the tests, litewitness (needs Go), and ssh-agent for its key (apt-get)
	@bash scripts/ensure-witness.sh

chromium: ## install the system's Chromium, for the test of the approvals page (apt-get)
	@bash scripts/ensure-chromium.sh

lint: $(STAMP) ## eslint and prettier
	@npm run --silent lint

typecheck: $(STAMP) ## tsc, and once more for the pure folders without Node's types
	@npm run --silent typecheck

layers: $(STAMP) ## imports go down only; no dead code; docs/where.md is up to date
	@npm run --silent layers
	@node scripts/where.mjs --check

where: ## write docs/where.md from the READMEs of the rooms
	@node scripts/where.mjs

policies: $(STAMP) opa ## opa fmt, opa check with schemas, opa test with 100 % coverage
	@bash scripts/check-policies.sh

bundles: build opa ## compile policies/ and the examples to their bundles
	@node scripts/bundles.mjs

bundles-check: build opa ## fail if a committed bundle is not what its sources compile to
	@node scripts/bundles.mjs --check

schemas: build ## write the JSON Schemas that editors use
	@node scripts/schemas.mjs

golden: build ## rewrite the golden files; read the diff
	@GRADUS_GOLDEN=write node scripts/test.mjs test/golden

quick: $(STAMP) ## types, lint of the sources, layers, tests of the pure rooms and of the house: under a minute
	@node scripts/timed.mjs $(QUICK)

check: $(STAMP) lint ## quick, the whole lint, and all tests that are fast: before a commit
	@node scripts/timed.mjs $(QUICK) 'fast tests=node node_modules/vitest/vitest.mjs run $(FAST_TESTS) --reporter=dot'

test: $(STAMP) opa chromium witness lint typecheck layers build policies bundles-check ## everything: what CI runs
	@node scripts/schemas.mjs --check
	@node bin/gradus.js test --mutants
	@node scripts/test.mjs --coverage

bench: build opa ## measure, beside the peers, and print machine and revision
	@node test/bench/run.mjs
	@node test/bench/simulate.mjs 10000
	@node test/bench/scale.mjs
	@node test/bench/fairness.mjs

mutants: $(STAMP) ## take each defence of decisions and of trust away in turn: a test must fail
	@node scripts/mutants.mjs

lock: $(STAMP) ## compare each package of the lock file with what the registry publishes
	@node scripts/check-lock.mjs

release: $(STAMP) bundles-check lock ## the tarball of the commit, its SBOM and their SHA-256, in release/
	@node scripts/release.mjs

docs: $(STAMP) ## API documentation into docs/api
	@typedoc

clean: ## remove what was built
	@rm -rf dist coverage docs/api node_modules/.cache
