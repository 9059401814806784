import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { buildBundles, bundledPolicySet, cachedPolicySet } from '../../src/app/policy-sources.ts'
import { TEMPLATES } from '../../src/cli/project/init.ts'
import { packClone } from '../../src/app/pack-clone.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import { EXIT_CODES } from '../../src/cli/support/exit-codes.ts'
import { type ConfigFile, loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { ServiceError } from '../../src/format/error.ts'
import { checkRego } from '../../src/rego/check.ts'
import { BundleError } from '../../src/rego/error.ts'
import { findOpa, OPA_VERSION } from '../../src/rego/opa-tool.ts'
import { folder, NOW_MS, type Ran, run } from './harness.ts'

const place = folder()
afterAll(place.remove)

/** The adapters that work on a project of its own, as the program has them. */
const real = (cwd: string): Partial<CliDeps> => ({
  cwd,
  loadConfig: (file) => loadConfig(file, cwd),
  loadPolicySet: async (loaded, { sources }) => (sources ? cachedPolicySet : bundledPolicySet)(loaded as ConfigFile, NOW_MS),
  checkRego: (dir, options) =>
    checkRego(dir, options).catch((error: unknown) => {
      throw error instanceof BundleError ? new ServiceError('bad_policy', error.message, { fix: error.fix }) : error
    }),
  buildBundles,
})
const inProject = (name: string, ...argv: readonly string[]): Promise<Ran> => run(argv, real(join(place.path, name)))
const text = (...path: readonly string[]): string => readFileSync(join(place.path, ...path), 'utf8')
const filesOf = (name: string): readonly string[] =>
  readdirSync(join(place.path, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(place.path, name).length + 1))
    .sort()

beforeAll(async () => {
  for (const name of TEMPLATES) await run(['init', name, '--template', name], { cwd: place.path })
})

describe('a project that a clone begins', () => {
  const packed = (): Promise<string> => Promise.resolve('vendor/gradus-1.2.3.tgz')

  it('installs the packed clone, for no registry has it, and is locked', async () => {
    const locked: string[] = []
    const lockProject = (into: string): Promise<boolean> => Promise.resolve(locked.push(into) > 0)
    const ran = await run(['init', 'cloned'], { cwd: place.path, packClone: packed, lockProject })
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(text('cloned', 'package.json'))).toMatchObject({
      devDependencies: { gradus: 'file:vendor/gradus-1.2.3.tgz' },
    })
    expect(locked).toEqual([join(place.path, 'cloned')])
  })

  it('says what is left to do where it could not be locked', async () => {
    const ran = await run(['init', 'unlocked'], { cwd: place.path, packClone: packed, lockProject: () => Promise.resolve(false) })
    expect(ran.err).toBe('there is no lock file yet: "npm install" writes it; commit it, for CI installs by it\n')
  })

  it('is packed by npm from a clone, and from nothing else', async () => {
    const into = join(place.path, 'packed')
    const file = await packClone(PACKAGE_ROOT, into)
    expect(file).toMatch(/^vendor\/gradus-[\d.]+\.tgz$/u)
    expect(existsSync(join(into, file ?? ''))).toBe(true)
    expect(await packClone(place.path, into)).toBeUndefined()
  }, 60_000)
})

describe.each(TEMPLATES)('a new project of the template %s', (name) => {
  it('has everything it names: configuration, policy with test, catalogue, rule, fixtures, schemas, workflow, README', () => {
    expect(filesOf(name)).toEqual(
      expect.arrayContaining([
        '.github/workflows/policies.yml',
        '.gitignore',
        'README.md',
        'bundles/rbac.tar.gz',
        'gradus.yaml',
        'package.json',
        'policies/catalogue/catalogue.yaml',
        'policies/rbac/data.yaml',
        'policies/rbac/decision.rego',
        'policies/rbac/decision_test.rego',
        'policies/schemas/base_input.json',
        'requests/first.json',
        'schemas/config.schema.json',
      ]),
    )
    expect(JSON.parse(text(name, 'package.json'))).toMatchObject({ private: true, devDependencies: { gradus: '1.2.3' } })
    expect(text(name, '.github/workflows/policies.yml')).toContain(`version: '${OPA_VERSION}'`)
    for (const file of filesOf(name)) expect(text(name, file), file).not.toMatch(/OPA_VERSION|"VERSION"/u)
  })

  it('tells editors the schema of each file, and has that schema', () => {
    const named = filesOf(name).filter((file) =>
      /^(?:gradus|policies\/(?:catalogue|fixtures)\/.*)\.yaml$|^policies\/risk\/.*\.json$/u.test(file),
    )
    expect(named.length).toBeGreaterThanOrEqual(4)
    for (const file of named) {
      const schema = /(?:yaml-language-server: \$schema=|"\$schema": ")([^\s"]+)/u.exec(text(name, file))?.[1] ?? ''
      expect(existsSync(join(place.path, name, dirname(file), schema)), `${file}: ${schema}`).toBe(true)
    }
  })

  it('passes check and test, and builds to the bundle that is there', async () => {
    expect(await inProject(name, 'check')).toMatchObject({
      code: EXIT_CODES.ok,
      err: '',
      out: expect.stringMatching(/^ok configuration, rego, .*catalogue, risk rules, fixtures/u) as string,
    })
    const tested = await inProject(name, 'test')
    expect(tested).toMatchObject({ code: EXIT_CODES.ok, err: '' })
    expect(tested.out).toMatch(/\d passed, 0 failed/u)
    const shipped = readFileSync(join(place.path, name, 'bundles/rbac.tar.gz'))
    expect(await inProject(name, 'build')).toMatchObject({ code: EXIT_CODES.ok })
    const message = `templates/${name}/bundles is stale: gradus build -c templates/${name}/gradus.yaml`
    expect(readFileSync(join(place.path, name, 'bundles/rbac.tar.gz')).equals(shipped), message).toBe(true)
  })

  it('has Rego that is covered by its own tests', async () => {
    const opa = await findOpa()
    const argv = ['test', '-b', 'policies', '--coverage', '--threshold', '100', '--format', 'json']
    const report = JSON.parse(execFileSync(opa, argv, { cwd: join(place.path, name), encoding: 'utf8' })) as { coverage: number }
    expect(report.coverage).toBe(100)
  })
})

describe('a project without the policy compiler', () => {
  it('says what it did not check, and takes the Rego as it was compiled', async () => {
    const without = {
      ...real(join(place.path, 'default')),
      hasOpa: () => Promise.resolve(false),
      checkRego: () => Promise.reject(new Error('asked')),
    }
    const checked = await run(['check'], without)
    expect(checked).toMatchObject({ code: EXIT_CODES.ok, err: '' })
    expect(checked.out).toContain('rego (as compiled; not checked, for opa 1.22.0 is not here)')
  })
})

describe('gradus init', () => {
  it('refuses a folder with other files, and says what to do', async () => {
    const name = 'occupied'
    mkdirSync(join(place.path, name))
    writeFileSync(join(place.path, name, 'notes.txt'), 'mine')
    const refused = await run(['init', name], { cwd: place.path })
    expect(refused).toMatchObject({ code: EXIT_CODES.failed, out: '' })
    expect(refused.err).toMatch(/occupied: the folder is not empty: notes\.txt\n {2}fix: .*--keep-existing/u)
    expect(readdirSync(join(place.path, name))).toEqual(['notes.txt'])
  })

  it('overwrites nothing, follows no link, and says what it left', async () => {
    const name = 'kept'
    mkdirSync(join(place.path, name))
    writeFileSync(join(place.path, name, 'gradus.yaml'), 'mine')
    writeFileSync(join(place.path, 'elsewhere.md'), 'mine too')
    symlinkSync(join(place.path, 'elsewhere.md'), join(place.path, name, 'README.md'))
    const made = await run(['init', name, '--keep-existing', '--json'], { cwd: place.path })
    expect(JSON.parse(made.out)).toMatchObject({ template: 'default', kept: ['README.md', 'gradus.yaml'] })
    expect([text(name, 'gradus.yaml'), text('elsewhere.md')]).toEqual(['mine', 'mine too'])
    const again = await run(['init', name, '--keep-existing', '--json'], { cwd: place.path })
    expect(JSON.parse(again.out)).toMatchObject({ written: [] })
  })

  it('takes what git and npm leave in a new folder for empty', async () => {
    const name = 'begun'
    mkdirSync(join(place.path, name, 'node_modules/gradus'), { recursive: true })
    mkdirSync(join(place.path, name, '.git'))
    writeFileSync(join(place.path, name, 'package.json'), '{"private": true}')
    const made = await run(['init', '.'], { cwd: join(place.path, name) })
    expect(made).toMatchObject({ code: EXIT_CODES.ok })
    expect(made.out).toMatch(/left as they were: package\.json\n\nnext:\n {2}npm install\n/u)
    expect(text(name, 'package.json')).toBe('{"private": true}')
  })

  it('knows its templates, and needs a folder', async () => {
    expect(await run(['init', 'x', '--template', 'nothing'])).toMatchObject({ code: EXIT_CODES.usage })
    writeFileSync(join(place.path, 'a-file'), '')
    expect(await run(['init', 'a-file'], { cwd: place.path })).toMatchObject({ code: EXIT_CODES.failed })
    expect(await run(['init', 'a-file/inside'], { cwd: place.path })).toMatchObject({ code: EXIT_CODES.failed })
  })
})

/** One way to break a project, and where it has to be told. */
type Break = {
  readonly file: string
  readonly from: RegExp
  readonly to: string
  readonly said: RegExp
  readonly command?: string
}

const BREAKS: Readonly<Record<string, Break>> = {
  'the configuration': {
    file: 'gradus.yaml',
    from: /engine: sqlite/u,
    to: 'engine: papyrus',
    said: /gradus\.yaml:\d+:\d+: .*engine.*\n {2}fix: \S/u,
  },
  'the syntax of Rego': {
    file: 'policies/rbac/decision.rego',
    from: /default granted := false/u,
    to: 'default granted :=',
    said: /policies\/rbac\/decision\.rego:\d+:\d+: rego_parse_error.*(?:\n {2}\| .*)*\n {2}fix: \S/u,
  },
  'a name in Rego': {
    file: 'policies/rbac/decision.rego',
    from: /not outside_archive/u,
    to: 'not outside_archives',
    said: /policies\/rbac\/decision\.rego:\d+:\d+: .*outside_archives.*(?:\n {2}\| .*)*\n {2}fix: \S/u,
  },
  'a member of the policy’s input': {
    file: 'policies/rbac/decision.rego',
    from: /input\.resource\.type/u,
    to: 'input.resource.typ',
    said: /policies\/rbac\/decision\.rego:\d+:\d+: .*input\.resource\.typ\b.*(?:\n {2}\| .*)*\n {2}fix: \S/u,
  },
  'a class of the catalogue': {
    file: 'policies/catalogue/catalogue.yaml',
    from: /blast: 1/u,
    to: 'blast: 17',
    said: /policies\/catalogue\/catalogue\.yaml:\d+:\d+: .*blast.*\n {2}fix: \S/u,
  },
  'a list of the catalogue': {
    file: 'policies/catalogue/catalogue.yaml',
    from: /require_approval: \[send_message\]/u,
    to: 'require_approval: [send_mesage]',
    said: /policies\/catalogue\/catalogue\.yaml:\d+:\d+: .*send_mesage.*\n {2}fix: \S/u,
  },
  'the syntax of a rule document': {
    file: 'policies/risk/messages.json',
    from: /"points": 1/u,
    to: '"points": one',
    said: /policies\/risk\/messages\.json:\d+:\d+: .*\n {2}fix: \S/u,
  },
  'a fact of a risk rule': {
    file: 'policies/risk/messages.json',
    from: /"fact": "recipients"/u,
    to: '"fact": "recipient"',
    said: /policies\/risk\/messages\.json:\d+:\d+: .*\n {2}fix: \S/u,
  },
  'a member of a fixture': {
    file: 'policies/fixtures/assistant.yaml',
    from: /want: \{ outcome: allow_guarded/u,
    to: 'want: { outcme: allow_guarded',
    said: /policies\/fixtures\/assistant\.yaml:\d+:\d+: .*outcme.*\n {2}fix: \S/u,
  },
  'a word of a fixture': {
    file: 'policies/fixtures/assistant.yaml',
    from: /outcome: allow_guarded/u,
    to: 'outcome: allowed',
    said: /policies\/fixtures\/assistant\.yaml:\d+:\d+: .*outcome.*\n {2}fix: \S/u,
  },
}

describe('a mistake', () => {
  it.each(Object.entries(BREAKS))('in %s is told with file, line, column and fix', async (_what, { file, from, to, said }) => {
    const name = `broken-${Object.values(BREAKS).findIndex((each) => each.to === to)}`
    await run(['init', name], { cwd: place.path })
    const good = text(name, file)
    expect(good).toMatch(from)
    writeFileSync(join(place.path, name, file), good.replace(from, to))
    const line = good.slice(0, good.search(from)).split('\n').length
    const checked = await inProject(name, 'check')
    expect(checked.code).toBe(EXIT_CODES.failed)
    expect(checked.err).toMatch(said)
    const places = [...checked.err.matchAll(new RegExp(`${file.replaceAll('.', '\\.')}:(\\d+):`, 'gu'))].map((found) =>
      Number(found[1]),
    )
    expect(
      places.some((each) => Math.abs(each - line) <= 1),
      `${line} is not among ${places.join(', ')}: ${checked.err}`,
    ).toBe(true)
  })
})
