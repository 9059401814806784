import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { READ, TOKENS, writeConfig } from '../e2e/organisation.ts'
import { gradus, ROOT, workplace } from '../e2e/server.ts'

// Where opa is at hand, what is broken is compiled anew from its sources; here nothing can.
process.env['GRADUS_OPA'] = '/nowhere/opa'

const { place, start } = workplace()

/** A configuration with its own copy of policies and bundles. */
function organisation(more: Readonly<Record<string, unknown>> = {}): { readonly folder: string; readonly config: string } {
  const folder = place()
  for (const each of ['policies', 'bundles']) cpSync(join(ROOT, each), join(folder, each), { recursive: true })
  return { folder, config: writeConfig(folder, { policies: 'policies', bundles: 'bundles', ...more }) }
}

/** Tries to serve, and gives the exit code and what was said. */
async function refused(
  config: string,
  dataDir: string,
  uid?: number,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const started = gradus(
    ['serve', '--config', config, '--listen', '127.0.0.1:0', '--data-dir', dataDir],
    uid === undefined ? {} : { uid },
  )
  return { code: await started.ended, output: started.output() }
}

const edit = (file: string, from: RegExp, to: string): void => {
  const text = readFileSync(file, 'utf8')
  expect(text).toMatch(from)
  writeFileSync(file, text.replace(from, to))
}

describe('a start with something broken ends with what is wrong, where, and what to do', () => {
  it.each<[string, (folder: string) => void, RegExp]>([
    [
      'a missing bundle',
      (folder) => rmSync(join(folder, 'bundles/rbac.tar.gz')),
      /there is no .*rbac\.tar\.gz[\s\S]*gradus build/u,
    ],
    ['half a bundle', (folder) => truncateSync(join(folder, 'bundles/graduation.tar.gz'), 5_000), /graduation[\s\S]*fix:/u],
    ['text for a bundle', (folder) => writeFileSync(join(folder, 'bundles/rbac.tar.gz'), 'allow := true\n'), /rbac[\s\S]*fix:/u],
    [
      'a catalogue with a wrong value',
      (folder) => edit(join(folder, 'policies/catalogue/catalogue.yaml'), /blast: 0/u, 'blast: minus'),
      /catalogue\.yaml:\d+:\d+: tools\.read\.blast.*\n\s*fix:/u,
    ],
    [
      'a catalogue that is no YAML',
      (folder) => edit(join(folder, 'policies/catalogue/catalogue.yaml'), /tools:/u, 'tools: ['),
      /catalogue\.yaml:\d+:\d+:[\s\S]*fix: mend the YAML syntax/u,
    ],
    [
      'a catalogue with an unknown scope',
      (folder) => edit(join(folder, 'policies/catalogue/catalogue.yaml'), /scope: file_operations/u, 'scope: file_operation'),
      /catalogue.*file_operation/u,
    ],
    [
      'a rule with an unknown operator',
      (folder) => edit(join(folder, 'policies/risk/amounts.json'), /"operator": "\w+"/u, '"operator": "exceeds"'),
      /amounts\.json:\d+.*operator: Invalid option: expected one of "equal"/u,
    ],
    [
      'a rule document that is no JSON',
      (folder) => edit(join(folder, 'policies/risk/amounts.json'), /"rules": \[/u, '"rules": ['.repeat(2)),
      /amounts\.json/u,
    ],
    [
      'a configuration with an unknown member',
      (folder) => edit(join(folder, 'gradus.yaml'), /^trust:/mu, 'trsut: 1\ntrust:'),
      /gradus\.yaml:\d+.*trsut[\s\S]*fix:/u,
    ],
    [
      'a trust constant out of its range',
      (folder) => edit(join(folder, 'gradus.yaml'), /prior_units: 1/u, 'prior_units: 0.1'),
      /gradus\.yaml:\d+:\d+: trust\.constants\.prior_units/u,
    ],
  ])('%s', async (_what, damage, message) => {
    const { folder, config } = organisation()
    damage(folder)
    const { code, output } = await refused(config, join(folder, 'data'))
    expect(output).toMatch(message)
    expect(output).not.toMatch(/\n\s+at /u)
    expect(code).toBe(1)
  })

  it('a data directory that cannot be written', async () => {
    const { folder, config } = organisation()
    const dataDir = join(folder, 'data')
    mkdirSync(dataDir)
    chmodSync(folder, 0o755)
    chmodSync(dataDir, 0o555)
    const { code, output } = await refused(config, dataDir, process.getuid?.() === 0 ? 65_534 : undefined)
    chmodSync(dataDir, 0o755)
    expect(output).toMatch(/data: EACCES: permission denied[\s\S]*fix: check that the place exists, is writable/u)
    expect(code).toBe(7)
  })

  it('a database that was damaged', async () => {
    const { folder, config } = organisation()
    const dataDir = join(folder, 'data')
    const server = await start(['--config', config], dataDir)
    for (let turn = 0; turn < 20; turn += 1) await server.post('/api/v1/decisions', READ)
    await server.stop()
    writeFileSync(join(dataDir, 'gradus.db'), Buffer.alloc(4_096, 0xa5), { flag: 'r+' })
    const { code, output } = await refused(config, dataDir)
    expect(output).toMatch(/gradus\.db[\s\S]*fix: .*restore/u)
    expect(code).toBe(6)
  })

  it('an older database than the head in the second place, until somebody says that losing records is meant', async () => {
    const folder = place()
    const head = join(folder, 'elsewhere', 'head')
    mkdirSync(join(folder, 'elsewhere'))
    const config = writeConfig(folder, { audit: { checkpoint_file: head } })
    const dataDir = join(folder, 'data')
    const server = await start(['--config', config], dataDir)
    await server.post('/api/v1/decisions', READ)
    await server.stop()
    cpSync(dataDir, join(folder, 'backup'), { recursive: true })
    const later = await start(['--config', config], dataDir)
    await later.post('/api/v1/decisions', READ)
    await later.stop()
    rmSync(dataDir, { recursive: true })
    cpSync(join(folder, 'backup'), dataDir, { recursive: true })

    const { code, output } = await refused(config, dataDir)
    expect(output).toMatch(/an older state was restored[\s\S]*fix: restore a newer backup; .*--accept-new-checkpoint-file/u)
    expect(code).toBe(6)
    rmSync(head)
    expect((await refused(config, dataDir)).code).toBe(6)
    const meant = await start(['--config', config, '--accept-new-checkpoint-file'], dataDir)
    expect((await meant.post('/api/v1/decisions', READ)).body.recorded).toBe(true)
  })
})

describe('bundles that break while the server runs', () => {
  it.each<[string, (file: string) => void]>([
    ['missing', (file) => rmSync(file)],
    ['cut in half', (file) => truncateSync(file, 5_000)],
    ['somebody else’s file', (file) => cpSync(join(ROOT, 'package.json'), file)],
  ])('%s: the reload is refused with the file, and the last good set goes on deciding', async (_what, damage) => {
    const { folder, config } = organisation()
    const server = await start(['--config', config], join(folder, 'data'))
    const before = (await server.post('/api/v1/decisions', READ)).body
    damage(join(folder, 'bundles', 'rbac.tar.gz'))
    const reload = await server.post('/api/v1/policies/reload', '', TOKENS.admin)
    expect(reload).toMatchObject({ status: 422, body: { code: 'bad_policy', detail: expect.stringContaining('rbac') } })
    const after = (await server.post('/api/v1/decisions', READ)).body
    expect(after).toMatchObject({ policy_set: before.policy_set, outcome: before.outcome, decision: true, recorded: true })
    expect((await server.get('/health')).status).toBe(500)
    cpSync(join(ROOT, 'bundles', 'rbac.tar.gz'), join(folder, 'bundles', 'rbac.tar.gz'))
    expect((await server.post('/api/v1/policies/reload', '', TOKENS.admin)).status).toBe(200)
    expect((await server.get('/health')).status).toBe(200)
  })
})
