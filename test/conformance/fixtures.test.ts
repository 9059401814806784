import { basename } from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { policySetPlace } from '../../src/app/policy-sources.ts'
import { fixtureCoverage } from '../../src/fixtures/coverage.ts'
import type { CaseRun } from '../../src/fixtures/run-case.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { assemblePolicySet, readPolicyParts } from '../../src/rego/assemble-policy-set.ts'
import { runAll, shippedConfig, shippedFixtures } from './shipped-fixtures.ts'

const fixtures = await shippedFixtures()
const runs = new Map<string, CaseRun>()
let policySet: PolicySet

beforeAll(async () => {
  policySet = await assemblePolicySet(await readPolicyParts(policySetPlace(await shippedConfig())), 0)
  for (const run of await runAll(fixtures, policySet)) runs.set(run.case.fixture.name, run)
})

describe('the shipped fixtures', () => {
  it('can all be read', () => {
    expect(fixtures.findings).toEqual([])
  })

  it('are at least 130, each with a name of its own', () => {
    const names = fixtures.cases.map(({ fixture }) => fixture.name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(130)
  })

  it('each ask for something, so that each can fail', () => {
    const wanted = fixtures.cases.filter(({ fixture }) => JSON.stringify(fixture).includes('"want":{"'))
    expect(wanted.length).toBe(fixtures.cases.length)
  })

  it('reach every risk rule', () => {
    const { rules } = fixtureCoverage(policySet, reached())
    expect(rules.missed).toEqual([])
    expect(rules.total).toBeGreaterThanOrEqual(20)
  })

  it('reach every cell of the trust × risk matrix of every tier', () => {
    const { cells } = fixtureCoverage(policySet, reached())
    expect(cells.missed).toEqual([])
    expect(cells.total).toBe(60)
  })

  it('reach every outcome', () => {
    const outcomes = fixtures.cases.flatMap(({ fixture }) => fixture.want?.outcome ?? [])
    expect([...new Set(outcomes)].sort()).toEqual(['allow', 'allow_guarded', 'deny', 'require_approval', 'suggest'])
  })
})

describe.each(fixtures.files.map((file) => [basename(file), file]))('%s', (_name, file) => {
  it.each(fixtures.cases.filter((each) => each.file === file).map(({ fixture, line }) => [fixture.name, line]))(
    '%s (line %i)',
    (name) => {
      const run = runs.get(name)
      expect(run).toMatchObject({ failures: [], error: null, passed: true })
    },
  )
})

function reached(): CaseRun['reached'] {
  return [...runs.values()].flatMap((run) => run.reached)
}
