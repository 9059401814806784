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
async function warnings(change: (root: string) => void = () => undefined, watch = false): Promise<readonly string[]> {
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
    },
    { cwd: root, version: '0', log: () => undefined, warn: (line) => said.push(line) },
  )
  await server.close()
  return said.map((line) => line.replaceAll(root, '.'))
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

  it('says that Rego is not in force whose bundle was never built', async () => {
    const graduation = join(import.meta.dirname, '../../policies/graduation')
    expect(await warnings((root) => cpSync(graduation, join(root, 'policies/graduation'), { recursive: true }))).toEqual([
      expect.stringMatching(
        /^warning: \.\/policies\/graduation is not in force: there is no \.\/bundles\/graduation\.tar\.gz, .*; fix: run "gradus build"/u,
      ),
    ])
  })

  it('says that a bundle is not of the Rego as it stands, by content', async () => {
    const changed = (root: string): void => appendFileSync(join(root, 'policies/rbac/decision.rego'), '\nallow if input.x\n')
    expect(await warnings(changed)).toEqual([
      SHIPPED,
      expect.stringMatching(
        /^warning: \.\/bundles\/rbac\.tar\.gz was not built from \.\/policies\/rbac as it stands, .*; fix: run "gradus build", or serve with --watch$/u,
      ),
    ])
    // Watched Rego is compiled as it stands.
    expect(await warnings(changed, true)).toEqual([SHIPPED])
    // Tests are no part of a bundle.
    const tested = (root: string): void =>
      writeFileSync(join(root, 'policies/rbac/decision_test.rego'), 'package rbac.decision_test\n')
    expect(await warnings(tested)).toEqual([SHIPPED])
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
