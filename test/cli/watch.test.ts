import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { folder } from './harness.ts'

/** Within this time of a change its effect is there, ms: the fastest of many shows it, also on a machine that has else to do. */
const REACTS_MS = 5_000
/** How long a busy machine is given, ms. */
const PATIENCE_MS = 15_000

const project = folder()
afterAll(project.remove)
const children: ChildProcess[] = []
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))
const at = (name: string): string => join(project.path, name)

beforeAll(() => {
  cpSync(join(PACKAGE_ROOT, 'policies'), at('policies'), { recursive: true })
  cpSync(join(PACKAGE_ROOT, 'bundles'), at('bundles'), { recursive: true })
  project.write('gradus.yaml', 'http: { listen: "127.0.0.1:0" }\nstore: { engine: memory }\n')
  mkdirSync(at('own'))
  const given = '{ agent: coding-agent, trust: { level: 3 } }'
  project.write(
    'own/f.yaml',
    `name: f\ngiven: ${given}\nrequest: { action: open_pr, resource: repository/app }\nwant: { outcome: allow_guarded, risk: { band: low } }\n`,
  )
})

/** Starts gradus in the project; what it says is gathered. */
function start(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly said: () => string; readonly child: ChildProcess } {
  const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'src/main.ts'), ...argv], {
    cwd: project.path,
    env: { ...process.env, GRADUS_CACHE: at('cache'), ...env },
  })
  children.push(child)
  let text = ''
  const gather = (chunk: Buffer): void => void (text += chunk.toString('utf8'))
  child.stdout.on('data', gather)
  child.stderr.on('data', gather)
  return { said: () => text, child }
}

/** Changes a file as editors do: a new file is moved over the old one. Answers how to put it back. */
function change(name: string, edit: (text: string) => string): () => void {
  const before = readFileSync(at(name), 'utf8')
  expect(edit(before), name).not.toBe(before)
  const put = (text: string): void => {
    writeFileSync(at('.swap'), text)
    renameSync(at('.swap'), at(name))
  }
  put(edit(before))
  return () => put(before)
}

/** Makes each change and undoes it, waiting for its effect each time; answers how long the fastest took, ms. */
async function eachInTurn(changes: readonly Change[], effects: () => number, said: () => string): Promise<number> {
  const tookMs: number[] = []
  const seen = async (what: string, act: () => void): Promise<void> => {
    const before = effects()
    const startedAtMs = performance.now()
    act()
    await expect.poll(effects, { timeout: PATIENCE_MS, interval: 20, message: `${what}: ${said()}` }).toBe(before + 1)
    tookMs.push(performance.now() - startedAtMs)
  }
  for (const [what, file, edit] of changes) {
    let back = (): void => undefined
    await seen(what, () => (back = change(file, edit)))
    await seen(`${what}, put back`, () => back())
  }
  return Math.min(...tookMs)
}

type Change = readonly [what: string, file: string, edit: (text: string) => string]
const MATRIX = "        '3': { read: allow, low: allow_guarded, medium: allow_guarded, high: require_approval }".trim()
const CHANGES: readonly Change[] = [
  ['Rego', 'policies/graduation/trust.rego', (text: string) => `${text}\n_unused := 1\n`],
  [
    'the matrix',
    'policies/graduation/data.yaml',
    (text: string) => text.replaceAll(MATRIX, MATRIX.replaceAll('allow_guarded', 'suggest')),
  ],
  ['roles', 'policies/rbac/data.yaml', (text: string) => text.replaceAll('open_pr, ', '')],
  ['a rule', 'policies/risk/bulk.json', (text: string) => text.replace('"rules": [', '"rulez": [')],
  ['the catalogue', 'policies/catalogue/catalogue.yaml', (text: string) => text.replace('\n  open_pr:', '\n  open_pull:')],
  ['the configuration', 'gradus.yaml', (text: string) => `${text}answer_valid_ms: 4000\n`],
]

describe('gradus test --watch', () => {
  it('runs again soon after a change of anything, again and again', async () => {
    const { said, child } = start(['test', 'own', '--watch'])
    const rounds = (): number => said().split('waiting for changes').length - 1
    await expect.poll(rounds, { timeout: 60_000, interval: 20 }).toBe(1)
    expect(said()).toContain('1 passed, 0 failed')
    const FIXTURE: Change = ['a fixture', 'own/f.yaml', (text) => text.replace('allow_guarded', 'allow')]
    expect(await eachInTurn([...CHANGES, FIXTURE], rounds, said)).toBeLessThan(REACTS_MS)
    expect(said()).toContain('0 passed, 1 failed')
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('exit', resolve))
    expect(child.exitCode).toBe(0)
    expect(said()).not.toMatch(/^\s+at \S/mu)
  })

  it('says how to get opa where changed Rego cannot be compiled, and goes on', async () => {
    const { said } = start(['test', 'own', '--watch'], { GRADUS_CACHE: at('empty-cache'), GRADUS_OPA: '/nowhere/opa' })
    const rounds = (): number => said().split('waiting for changes').length - 1
    await expect.poll(rounds, { timeout: PATIENCE_MS, interval: 20 }).toBe(1)
    const back = change('policies/rbac/roles.rego', (text) => `${text}\nunused := 1\n`)
    await expect.poll(rounds, { timeout: PATIENCE_MS, interval: 20 }).toBe(2)
    expect(said()).toMatch(/GRADUS_OPA is not an executable file\n {2}fix: .*go install .*opa@v/u)
    back()
    await expect.poll(rounds, { timeout: PATIENCE_MS, interval: 20 }).toBe(3)
  })
})

describe('gradus serve --watch', () => {
  it('puts every change into force soon, and keeps the last good policies where one is broken', async () => {
    const { said } = start(['serve', '--watch', '--store', 'memory'])
    await expect.poll(said, { timeout: 60_000, interval: 20 }).toContain('listens on')
    const told = (): number => said().split(/policy set \w+ is in force|the changed policies are not in force/u).length - 1
    expect(await eachInTurn(CHANGES, told, said)).toBeLessThan(REACTS_MS)
    expect(said()).toContain('the changed policies are not in force, the last good ones are: ')
    expect(said()).toMatch(/bulk\.json/u)
  })
})
