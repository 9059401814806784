import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { bundledPolicySet, cachedPolicySet } from '../../src/app/policy-sources.ts'
import { EXIT_CODES } from '../../src/cli/support/exit-codes.ts'
import { type ConfigFile, loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { folder, NOW_MS, type Ran, run } from './harness.ts'

const place = folder()
const policies = join(place.path, 'policies')
beforeAll(() => cpSync(join(PACKAGE_ROOT, 'templates/default'), place.path, { recursive: true }))
afterAll(place.remove)

const mutants = (...flags: readonly string[]): Promise<Ran> =>
  run(['test', '--mutants', ...flags], {
    cwd: place.path,
    loadConfig: (file) => loadConfig(file, place.path),
    loadPolicySet: async (loaded, { sources }) => (sources ? cachedPolicySet : bundledPolicySet)(loaded as ConfigFile, NOW_MS),
  })

describe('gradus test --mutants', { timeout: 180_000 }, () => {
  it('finds nothing where every change is noticed, and says how long it took', async () => {
    const ran = await mutants()
    expect(ran).toMatchObject({ code: EXIT_CODES.ok, err: '' })
    expect(ran.out).toMatch(
      /^\d+ mutants: \d+ noticed, 0 survived, \d+ refused, \d+ change nothing; \d+ fixtures, [\d.]+ s on 2 threads\n$/u,
    )
  })

  it('tells place, change and reach of what no fixture notices, and ends with a code of its own', async () => {
    rmSync(join(policies, 'fixtures/values.yaml'))
    const ran = await mutants()
    expect(ran).toMatchObject({ code: EXIT_CODES.survived, err: '' })
    expect(ran.out).toContain(
      'policies/rbac/data.yaml:8  grants.assistant.2.below: team/ → ""  no fixture notices (none reaches it)\n',
    )
    expect(ran.out).toMatch(
      /catalogue\.yaml:\d+ {2}tools\.delete_document\.category: destructive → local_reversible_write .*\(1 reaches it/u,
    )
  })

  it('tells the same as JSON, with what was refused and why', async () => {
    const { code, out } = await mutants('--json')
    const report = JSON.parse(out) as { survived: number; refused: number; unnoticed: readonly Record<string, unknown>[] }
    expect(code).toBe(EXIT_CODES.survived)
    expect(report.unnoticed).toHaveLength(report.survived + report.refused)
    expect(report.unnoticed).toContainEqual({
      file: 'policies/rbac/data.yaml',
      line: 8,
      column: expect.any(Number) as number,
      path: 'grants.assistant.2.below',
      from: 'team/',
      to: '',
      kind: 'survived',
      reached: 0,
    })
    expect(report.unnoticed.filter(({ kind }) => kind === 'refused')).not.toHaveLength(0)
    for (const each of report.unnoticed) if (each['kind'] === 'refused') expect(each['why']).toMatch(/\S/u)
  })

  it('judges nothing while a fixture fails', async () => {
    const file = join(policies, 'fixtures/assistant.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('want: { outcome: allow_guarded, base: allow', 'want: { outcome: allow, base: allow'))
    const ran = await mutants()
    writeFileSync(file, text)
    expect(ran.code).toBe(EXIT_CODES.mismatch)
    expect(ran.out).not.toContain('mutants')
  })

  it.each([['--bundles'], ['--coverage'], ['--watch'], ['--format', 'tap']])('does not go with %s', async (...flags) => {
    const ran = await mutants(...flags)
    expect(ran.code).toBe(EXIT_CODES.usage)
    expect(ran.err).toContain(`--mutants does not go with ${flags.join(' ')}`)
  })

  it('says where a data file cannot be read', async () => {
    writeFileSync(join(policies, 'catalogue/more.yaml'), 'version: 1\ntools: { a: 1, a: 2 }\n')
    const ran = await mutants()
    rmSync(join(policies, 'catalogue/more.yaml'))
    expect(ran.code).toBe(EXIT_CODES.failed)
    expect(ran.err).toContain('more.yaml:2')
  })
})
