import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { findOpa } from '../../src/rego/opa-tool.ts'
import { ROOT } from './server.ts'

const place = mkdtempSync(join(tmpdir(), 'gradus-project-ci-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

type Step = { readonly run?: string; readonly uses?: string }
type Workflow = { readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>> }

/** Runs a step as the runner does: a shell that ends at the first failure. */
const shell = (cwd: string, command: string, env: NodeJS.ProcessEnv): { readonly code: number | null; readonly said: string } => {
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-c', command], { cwd, env, encoding: 'utf8' })
  return { code: status, said: stdout + stderr }
}

describe('a project made from a clone', () => {
  it('has a lock file, and its CI workflow passes, step by step, with no warning of npm', async () => {
    const opa = await findOpa()
    const env = {
      ...process.env,
      PATH: [dirname(process.execPath), dirname(opa), '/usr/bin', '/bin'].join(delimiter),
      NO_COLOR: '1',
    }
    expect(shell(ROOT, 'node scripts/build.mjs', env)).toMatchObject({ code: 0 })
    const team = join(place, 'team')
    expect(shell(ROOT, `npx gradus init ${team} --template customer-support`, env)).toMatchObject({ code: 0 })
    expect(readdirSync(team)).toContain('package-lock.json')
    const committed = 'git init -q && git add -A && git -c user.name=team -c user.email=team@example.com commit -qm policies'
    expect(shell(team, committed, env)).toEqual({ code: 0, said: '' })
    const { jobs } = parse(readFileSync(join(team, '.github/workflows/policies.yml'), 'utf8')) as Workflow
    const steps = Object.values(jobs).flatMap((job) => job.steps.flatMap(({ run }) => (run === undefined ? [] : [run])))
    expect(steps).toContain('npm ci')
    for (const step of steps) {
      const { code, said } = shell(team, step === 'npm ci' ? 'npm ci --prefer-offline' : step, env)
      expect(code, `${step}: ${said}`).toBe(0)
      expect(said, step).not.toMatch(/EBADENGINE|deprecated/u)
    }
  }, 600_000)
})
