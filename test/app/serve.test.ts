import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { buildBundles } from '../../src/app/policy-sources.ts'
import { startServer } from '../../src/app/serve.ts'

const places: string[] = []
afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true })
})
function place(): string {
  const made = mkdtempSync(join(tmpdir(), 'gradus-serve-'))
  places.push(made)
  return made
}

const RBAC = `# METADATA
# entrypoint: true
package rbac.decision

default allow := false

allow if input.action.name == "read"
`
const CATALOGUE = `version: 1
trust_scopes: {}
tools:
  read: { scope: research, category: read_only, blast: 0, reversibility: 0, frequency: routine }
agents:
  helper: { class: assistant, tier: low }
`

/** A team's own project: its base, compiled, and a catalogue. Compiled once. */
let project = ''
beforeAll(async () => {
  project = place()
  mkdirSync(join(project, 'policies/rbac'), { recursive: true })
  mkdirSync(join(project, 'policies/catalogue'), { recursive: true })
  writeFileSync(join(project, 'policies/rbac/decision.rego'), RBAC)
  writeFileSync(join(project, 'policies/catalogue/catalogue.yaml'), CATALOGUE)
  writeFileSync(join(project, 'gradus.yaml'), '{}\n')
  await buildBundles({ policies: join(project, 'policies'), out: join(project, 'bundles'), onProgress: () => undefined })
})

/** What serving a changed copy of the project warns of. */
async function warnings(
  change: (root: string) => void = () => undefined,
  { watch = false, allowStale = false }: { readonly watch?: boolean; readonly allowStale?: boolean } = {},
): Promise<readonly string[]> {
  const root = place()
  cpSync(project, root, { recursive: true })
  change(root)
  const said: string[] = []
  const server = await startServer(
    {
      configFile: join(root, 'gradus.yaml'),
      listen: '127.0.0.1:0',
      dataDir: undefined,
      store: 'memory',
      demo: false,
      watch,
      allowStale,
    },
    { cwd: root, version: '0', log: () => undefined, warn: (line) => said.push(line) },
  )
  await server.close()
  return said.map((line) => line.replaceAll(root, '.'))
}

/** Does some work as on a machine without the compiler. */
async function withoutOpa<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env['GRADUS_OPA']
  process.env['GRADUS_OPA'] = '/there/is/none'
  try {
    return await work()
  } finally {
    if (before === undefined) delete process.env['GRADUS_OPA']
    else process.env['GRADUS_OPA'] = before
  }
}

const SHIPPED = expect.stringMatching(
  /^warning: the graduation bundle is the one that ships with gradus, .*; fix: .*\.\/policies\/graduation.*"gradus build"/u,
) as string

describe('the start of a server', () => {
  it('says that the shipped graduation bundle decides over policies of their own', async () => {
    expect(await warnings()).toEqual([SHIPPED])
  })

  it('says nothing where the project has a graduation bundle of its own', async () => {
    const shipped = join(import.meta.dirname, '../../bundles/graduation.tar.gz')
    expect(await warnings((root) => cpSync(shipped, join(root, 'bundles/graduation.tar.gz')))).toEqual([])
  })

  const changed = (root: string): void => appendFileSync(join(root, 'policies/rbac/decision.rego'), '\nallow if input.x\n')
  const unbuilt = (root: string): void =>
    cpSync(join(import.meta.dirname, '../../policies/graduation'), join(root, 'policies/graduation'), { recursive: true })

  it.each([
    ['a bundle that is not of the Rego as it stands', changed, 'rbac'],
    ['Rego whose bundle was never built', unbuilt, 'graduation'],
  ])('compiles %s, and says so', async (_, change, name) => {
    expect(await warnings(change)).toContainEqual(
      expect.stringMatching(
        new RegExp(
          String.raw`^${name} is compiled as it stands, for \./bundles/${name}\.tar\.gz is not of it: run "gradus build"`,
          'u',
        ),
      ),
    )
  })

  it('needs no compiler where tests changed, for they are no part of a bundle', async () => {
    const tested = (root: string): void =>
      writeFileSync(join(root, 'policies/rbac/decision_test.rego'), 'package rbac.decision_test\n')
    expect(await withoutOpa(() => warnings(tested))).toEqual([SHIPPED])
  })

  it('is refused where a bundle is stale and nothing here can compile it; --allow-stale lets it decide, aloud', async () => {
    await withoutOpa(async () => {
      await expect(warnings(changed)).rejects.toMatchObject({
        code: 'bad_policy',
        message: expect.stringMatching(
          /rbac\.tar\.gz was not built from .*policies\/rbac as it stands, so what was changed there is not in force/u,
        ) as string,
        fix: expect.stringMatching(/"gradus build".*--allow-stale/u) as string,
      })
      await expect(warnings(unbuilt)).rejects.toMatchObject({
        message: expect.stringMatching(/so the bundle that ships with gradus is/u) as string,
      })
      expect(await warnings(changed, { allowStale: true })).toContainEqual(
        expect.stringMatching(
          /^warning: \.\/bundles\/rbac\.tar\.gz was not built from .*; fix: run "gradus build", and serve without --allow-stale$/u,
        ),
      )
    })
  })

  it('is refused with --watch for what the check finds', async () => {
    const misspelt = (root: string): void =>
      writeFileSync(join(root, 'policies/catalogue/catalogue.yaml'), CATALOGUE.replace('tier: low', 'tier: tiny'))
    await expect(warnings(misspelt, { watch: true })).rejects.toMatchObject({ code: 'bad_policy', place: { line: 6 } })
    expect(await warnings(undefined, { watch: true })).toEqual([SHIPPED])
    const unformatted = (root: string): void => appendFileSync(join(root, 'policies/rbac/decision.rego'), '\nallow  if input.x\n')
    await expect(warnings(unformatted, { watch: true })).rejects.toMatchObject({ message: 'not formatted' })
  })

  it.each([
    [
      'no tool and no agent',
      'version: 1\ntools: {}\n',
      /lists no tool and no agent, so every action is of the worst class and earns nothing/u,
    ],
    ['no agent', CATALOGUE.replace(/agents:[^]*/u, ''), /lists no agent, so every agent is unknown and has no trust/u],
    [
      'no tool',
      CATALOGUE.replace(/tools:[^]*(?=agents:)/u, 'tools: {}\n'),
      /lists no tool, so every action is of the worst class and earns nothing/u,
    ],
  ])('says that the catalogue has %s', async (_what, catalogue, message) => {
    const said = await warnings((root) => writeFileSync(join(root, 'policies/catalogue/catalogue.yaml'), catalogue))
    expect(said).toEqual([SHIPPED, expect.stringMatching(message)])
    expect(said[1]).toMatch(/^warning: \.\/policies\/catalogue lists no .*; fix: .+$/u)
  })

  it('says so too where there is no catalogue at all', async () => {
    const said = await warnings((root) => rmSync(join(root, 'policies/catalogue'), { recursive: true }))
    expect(said[1]).toContain('./policies/catalogue lists no tool and no agent')
  })
})

describe('a reload', () => {
  it('puts in force what was edited where the compiler is here, and refuses it where it is not', async () => {
    const root = place()
    cpSync(project, root, { recursive: true })
    const asked = {
      configFile: undefined,
      listen: '127.0.0.1:0',
      dataDir: undefined,
      store: 'memory',
      demo: false,
      watch: false,
    } as const
    const around = { cwd: root, version: '0', log: () => undefined, warn: () => undefined }
    const mayRead = async (url: string): Promise<unknown> => {
      const input = { subject: { type: 'agent', id: 'helper' }, action: { name: 'read' }, resource: { type: 't', id: '1' } }
      const answer = await fetch(`${url}/api/v1/decisions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      })
      return ((await answer.json()) as { readonly base: unknown }).base
    }
    const health = async (url: string) => (await fetch(`${url}/health`)).json()
    const server = await startServer(asked, around)
    try {
      expect(await mayRead(server.url)).toBe('allow')
      writeFileSync(join(root, 'policies/rbac/decision.rego'), RBAC.replace('"read"', '"write"'))
      await withoutOpa(async () => {
        await expect(server.reload()).rejects.toMatchObject({ code: 'bad_policy' })
      })
      expect(await mayRead(server.url)).toBe('allow')
      expect(await health(server.url)).toMatchObject({ error: expect.stringContaining('newest policy set is broken') as string })
      await server.reload()
      expect(await mayRead(server.url)).toBe('deny')
      expect(await health(server.url)).toEqual({})
    } finally {
      await server.close()
    }
    const stale = await startServer({ ...asked, allowStale: true }, around)
    expect(await health(stale.url)).toEqual({ warnings: ['stale policies are in force: the rbac bundle is not of its sources'] })
    await stale.close()
  })
})

describe('a folder without a configuration', () => {
  const start = (cwd: string, demo = false) =>
    startServer(
      { configFile: undefined, listen: '127.0.0.1:0', dataDir: undefined, store: 'memory', demo, watch: false },
      { cwd, version: '0', log: () => undefined, warn: () => undefined },
    )

  it('is not served by policies that nobody there wrote; the refusal names init and --demo', async () => {
    await expect(start(place())).rejects.toMatchObject({
      code: 'bad_config',
      message: expect.stringContaining('there is no gradus.yaml in ') as string,
      fix: expect.stringMatching(/gradus init.*--demo/u) as string,
    })
  })

  it.each([false, true])('is told of a file of another name (demo: %s)', async (demo) => {
    const root = place()
    writeFileSync(join(root, 'gradus.yml'), 'policies: policies\n')
    await expect(start(root, demo)).rejects.toMatchObject({
      place: { file: join(root, 'gradus.yml') },
      fix: expect.stringContaining('rename it to gradus.yaml') as string,
    })
  })
})

describe('a server', () => {
  it('streams the events of the log that it writes, and ends the stream when it stops', async () => {
    const dataDir = place()
    const server = await startServer(
      {
        configFile: join(project, 'gradus.yaml'),
        listen: '127.0.0.1:0',
        dataDir,
        store: 'sqlite',
        demo: false,
        watch: false,
      },
      { cwd: project, version: '0.0.0-test', log: () => undefined, warn: () => undefined },
    )
    const authorization = `Bearer ${readFileSync(join(dataDir, 'operator.token'), 'utf8').trim()}`
    const follow = await fetch(`${server.url}/api/v1/events`, { headers: { authorization } })
    const raised = await fetch(`${server.url}/api/v1/incidents`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ agent: 'helper', class: 'injection_suspected' }),
    })
    const { state_version } = (await raised.json()) as { readonly state_version: number }
    let seen = ''
    const reader = follow.body?.pipeThrough(new TextDecoderStream()).getReader()
    while (!seen.includes('incident.raised')) seen += (await reader?.read())?.value ?? ''
    expect(seen).toContain(`event: incident.raised\nid: ${state_version}\ndata: {"state_version":${state_version},`)
    const closing = server.close()
    await expect(reader?.read()).resolves.toMatchObject({ done: true })
    await closing
  })
})
