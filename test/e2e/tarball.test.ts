import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { TEMPLATES } from '../../src/cli/project/init.ts'
import { ROOT } from './server.ts'

const place = mkdtempSync(join(tmpdir(), 'gradus-tarball-'))
const home = join(place, 'home')
const team = join(place, 'team')
afterAll(() => rmSync(place, { recursive: true, force: true }))

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** A machine with the pinned node and npm's tools, but without the policy compiler. */
const environment = {
  HOME: home,
  GRADUS_CACHE: join(place, 'cache'),
  NO_COLOR: '1',
  PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
}
type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

/** What npm put on the path of a team's scripts. */
const gradus = (cwd: string, ...argv: readonly string[]): Ran => {
  const ran = spawnSync(join(team, 'node_modules/.bin/gradus'), argv, { cwd, env: environment, encoding: 'utf8' })
  return { code: ran.status, out: ran.stdout, err: ran.stderr }
}
const npm = (cwd: string, ...argv: readonly string[]): string => {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline', '--ignore-scripts']
  const env = { ...process.env, PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter) }
  return execFileSync('npm', [...argv, ...quiet], { cwd, env, encoding: 'utf8' })
}

let packed: readonly string[] = []
let tarball = ''
beforeAll(() => {
  mkdirSync(home)
  mkdirSync(team)
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, stdio: 'pipe' })
  const [pack] = JSON.parse(npm(ROOT, 'pack', '--json', '--pack-destination', place)) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ]
  packed = pack.files.map(({ path }) => path)
  tarball = join(place, pack.filename)
  npm(team, 'install', tarball)
}, 180_000)

describe('the packed package', () => {
  it('holds what runs, what a project begins with, and of our sources only what the documents link to', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'bin/gradus.js',
        'dist/main.js',
        'bundles/graduation.tar.gz',
        'schemas/fixture.schema.json',
        'policies/schemas/base_input.json',
        'templates/shared/gitignore',
        'gradus.yaml',
        'docs/README.md',
        'docs/getting-started.md',
        'templates/shared/github/workflows/policies.yml',
        ...TEMPLATES.flatMap((name) => [`templates/${name}/gradus.yaml`, `templates/${name}/bundles/rbac.tar.gz`]),
      ]),
    )
    expect(
      packed.filter((path) => /^(?:src\/(?!(?:.+\/)?README\.md$)|(?:test|scripts|node_modules)\/)|\.tgz$/u.test(path)),
    ).toEqual([])
  })

  it('walks a team from an empty folder to an explained decision, without the policy compiler', async () => {
    expect(gradus(team, 'init', '.')).toMatchObject({ code: 0, err: '' })
    const checked = gradus(team, 'check')
    expect(checked).toMatchObject({ code: 0, err: '' })
    expect(checked.out).toMatch(/^ok configuration, rego .*fixtures, action names, policy set/u)
    expect(gradus(team, 'test').out).toMatch(/\d passed, 0 failed/u)

    const server = spawn(join(team, 'node_modules/.bin/gradus'), ['serve', '--listen', '127.0.0.1:0'], {
      cwd: team,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      let said = ''
      server.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
      await expect.poll(() => said, { timeout: 60_000 }).toMatch(/listens on http:\/\/\S+\n[^]*operator\.token/u)
      const url = /listens on (\S+)/u.exec(said)?.[1] ?? ''
      const post = async (path: string, body: string, token?: string): Promise<Readonly<Record<string, unknown>>> => {
        const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
        const answer = await fetch(`${url}/api/v1/${path}`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', ...authorization },
        })
        expect(answer.status).toBe(200)
        return (await answer.json()) as Readonly<Record<string, unknown>>
      }
      const decided = await post('decisions', readFileSync(join(team, 'requests/first.json'), 'utf8'))
      expect(decided).toMatchObject({ outcome: 'allow_guarded', decision: true, recorded: true })
      const id = String(decided['decision_id'])
      const token = readFileSync(join(team, 'data/operator.token'), 'utf8').trim()
      expect(await post('outcomes', JSON.stringify({ decision_id: id, class: 'validated' }), token)).toMatchObject({
        decision_id: id,
      })

      const explained = gradus(team, 'explain', id)
      expect(explained.out).toMatch(/▶ trust .*allow_guarded: level L0 at read risk/u)
      expect(gradus(team, 'fixture', 'from', id, '-o', 'policies/fixtures/life.yaml')).toMatchObject({ code: 0, err: '' })
      expect(gradus(team, 'test', 'policies/fixtures/life.yaml')).toMatchObject({ code: 0 })
      await post(
        'decisions',
        JSON.stringify({
          subject: { type: 'agent', id: 'intern' },
          action: { name: 'book_flight' },
          resource: { type: 'trip', id: '1' },
        }),
      )
      expect(gradus(team, 'catalogue', 'draft', '-o', 'policies/catalogue/drafted.yaml').err).toMatch(
        /1 unknown action, 1 missing agent/u,
      )
      expect(gradus(team, 'check')).toMatchObject({ code: 0, err: '' })
      expect(gradus(team, 'audit', 'verify')).toMatchObject({ code: 0 })
    } finally {
      server.kill('SIGTERM')
      const [code] = (await once(server, 'exit')) as [number | null]
      expect(code).toBe(0)
    }
  })

  it('runs the library example of the README in a project that begins with it, word for word', () => {
    const library = join(place, 'library')
    mkdirSync(library)
    npm(library, 'install', tarball)
    expect(gradus(library, 'init', '.')).toMatchObject({ code: 0 })
    const [, program = ''] = /^```ts file=in-process\/example\.ts\n([^]*?)^```$/mu.exec(README) ?? []
    writeFileSync(join(library, 'example.ts'), program)
    const ran = spawnSync(process.execPath, ['example.ts'], { cwd: library, env: environment, encoding: 'utf8' })
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringMatching(/^allow_guarded \[/u) as string })
  })

  it('has every file that its documents link to', () => {
    const missing = packed
      .filter((path) => /^[^/]+\.md$|^docs\/[^/]+\.md$/u.test(path))
      .flatMap((document) =>
        [...readFileSync(join(ROOT, document), 'utf8').matchAll(/\]\((?!https?:)([^)#\s]+)/gu)]
          .map(([, path = '']) => join(dirname(document), path))
          .filter((path) => !packed.some((file) => file === path || file.startsWith(`${path.replace(/\/$/u, '')}/`)))
          .map((path) => `${document}: ${path}`),
      )
    expect(missing).toEqual([])
  })

  it('serves the example organisation from an empty folder with --demo, and nothing without it', async () => {
    const empty = join(place, 'empty')
    mkdirSync(empty)
    const refused = gradus(empty, 'serve', '--listen', '127.0.0.1:0')
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/there is no gradus\.yaml in .*\n {2}fix: .*gradus init.*--demo/u)
    const server = spawn(join(team, 'node_modules/.bin/gradus'), ['serve', '--demo', '--listen', '127.0.0.1:0'], {
      cwd: empty,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      let said = ''
      server.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
      await expect.poll(() => said, { timeout: 60_000 }).toMatch(/listens on http:\/\/\S+\n[^]*lived through \d+ decisions/u)
    } finally {
      server.kill('SIGTERM')
      await once(server, 'exit')
    }
  })

  it.each(TEMPLATES)('begins a project of the template %s that passes its own checks', (name) => {
    expect(gradus(place, 'init', name, '--template', name)).toMatchObject({ code: 0 })
    expect(gradus(join(place, name), 'check')).toMatchObject({ code: 0, err: '' })
    expect(gradus(join(place, name), 'test')).toMatchObject({ code: 0, err: '' })
  })

  it('says in one sentence what to do about an old node', () => {
    const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})"
    const ran = spawnSync(process.execPath, ['--import', old, join(team, 'node_modules/gradus/bin/gradus.js'), 'version'], {
      encoding: 'utf8',
    })
    expect([ran.status, ran.stdout]).toEqual([1, ''])
    expect(ran.stderr).toMatch(/^gradus needs Node\.js 24 or later, and this is 20\.1\.0: [^\n]+\n$/u)
  })
})
