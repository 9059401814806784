import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import type { CliDeps, RunningServer } from '../../src/cli/support/deps.ts'
import type { LogVerification } from '../../src/ledger/log-verification.ts'
import { loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { ServiceError } from '../../src/format/error.ts'
import type { PromotionAnswer } from '../../src/ladder/wire.ts'
import { ANYBODY, folder, liveService, run, WHOLE_LOG } from './harness.ts'

const files = folder()
afterAll(files.remove)
const REQUEST = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'open_pr' },
  resource: { type: 'repository', id: 'app' },
}

describe('gradus check', () => {
  it('finds nothing wrong with the example organisation', async () => {
    const ran = await run(['check', '--json'])
    expect(JSON.parse(ran.out)).toEqual({
      ok: true,
      checked: [
        'configuration',
        'rego',
        'duties',
        'roles',
        'matrix',
        'catalogue',
        'risk rules',
        'fixtures',
        'action names',
        'policy set',
      ],
      findings: [],
    })
    expect(ran.code).toBe(0)
  })

  it('gathers what is wrong everywhere, each with file, line and fix', async () => {
    const policies = folder()
    for (const name of ['catalogue', 'risk', 'fixtures', 'rbac']) mkdirSync(join(policies.path, name))
    policies.write('catalogue/c.yaml', 'version: 1\ntools:\n  read: { scop: files }\n')
    policies.write('risk/r.json', '{ "id": "r", }')
    policies.write('fixtures/f.yaml', 'name: f\nrequest: { action: x }\nwant: { outcome: maybe }\n')
    policies.write('rbac/p.rego', 'package p')
    const checkRego: CliDeps['checkRego'] = (dir) =>
      Promise.resolve([{ file: join(dir, 'rbac/p.rego'), line: 1, column: 9, message: 'rego_type_error: no', fix: 'correct it' }])
    const ran = await run(['check', policies.path], {
      checkRego,
      cwd: policies.path,
      loadConfig: async () => loadConfig(undefined, PACKAGE_ROOT),
    })
    expect(ran.code).toBe(1)
    for (const place of [
      'rbac/p.rego:1:9: rego_type_error',
      'catalogue/c.yaml:3:',
      'risk/r.json:1',
      'fixtures/f.yaml:3:9: want.outcome',
    ])
      expect(ran.err).toContain(place)
    const fixes = ran.err.split('\n  fix: ').length - 1
    expect(fixes).toBeGreaterThanOrEqual(4)
    expect(ran.out).toContain(`${fixes} found`)
    policies.remove()
  })

  it('says when the configuration is wrong, or the folder is not there', async () => {
    const broken = files.write('broken.yaml', 'polices: here\n')
    const ran = await run(['check', '--config', broken])
    expect(ran).toMatchObject({ code: 1 })
    expect(ran.err).toContain('broken.yaml:1')
    expect((await run(['check', join(files.path, 'nowhere')])).code).toBe(3)
  })
})

describe('gradus build', () => {
  it('names each bundle with its digest', async () => {
    let asked: Parameters<CliDeps['buildBundles']>[0] | undefined
    const buildBundles: CliDeps['buildBundles'] = (options) => {
      asked = options
      return Promise.resolve([
        { name: 'rbac', file: join(options.out, 'rbac.tar.gz'), digest: 'abc', revision: 'r', entrypoints: ['rbac/decision'] },
      ])
    }
    const ran = await run(['build', 'p', '-o', 'b'], { buildBundles, cwd: files.path })
    expect(ran).toEqual({ code: 0, err: '', out: `${join('b', 'rbac.tar.gz')}  sha256:abc  rbac/decision\n` })
    expect(asked).toMatchObject({ policies: join(files.path, 'p'), out: join(files.path, 'b') })
  })
})

describe('gradus trust show', () => {
  it('shows every scope in which something happened', async () => {
    const { service, open } = await liveService()
    const { decision_id } = await service.evaluate(ANYBODY, {
      request: { ...REQUEST, action: { name: 'read_file' }, resource: { type: 'file', id: 'workspace/a' } },
      protocol: 'cli',
    })
    await service.reportOutcome(
      { ...ANYBODY, credential: 'ci', roles: ['verifier'], verifier: 'deterministic' },
      { decision_id, class: 'validated' },
    )
    const flags = ['trust', 'show', 'coding-agent', '--data-dir', files.path]
    const plain = await run(flags, { openStore: open })
    expect(plain.out).toMatch(/^file_operations:light {2}0\.0000 {2}L0 read_only, held by identity$/mu)
    expect(JSON.parse((await run([...flags, '--json'], { openStore: open })).out)).toMatchObject({
      agent: 'coding-agent',
      scopes: [{ scope: 'file_operations:light', evidence: expect.anything() }],
    })
    await service.evaluate(ANYBODY, { request: { ...REQUEST, subject: { type: 'agent', id: 'support-agent' } }, protocol: 'cli' })
    expect((await run(['trust', 'show', 'support-agent', '--data-dir', files.path], { openStore: open })).out).toContain(
      'seen, but nothing was verified yet',
    )
    expect((await run(['trust', 'show', 'nobody', '--data-dir', files.path], { openStore: open })).code).toBe(3)
  })
})

const NOT_YET: PromotionAnswer = {
  agent: 'a',
  scope: 'crm:full',
  promoted: false,
  level_before: 1,
  level_after: 1,
  gates: [
    { gate: 'count', passed: false, have: 3, need: 20 },
    { gate: 'score', passed: true, have: 0.6, need: 0.5 },
  ],
  leaf_index: null,
  state_version: 9,
}

describe('gradus trust promote', () => {
  const server = folder()
  afterAll(server.remove)
  const token = server.write('token', 'secret\n')
  const answering = (
    status: number,
    body: unknown,
  ): {
    readonly fetch: typeof globalThis.fetch
    readonly asked: () => { readonly url: string; readonly init: RequestInit | undefined }
  } => {
    let asked: { url: string; init: RequestInit | undefined } = { url: '', init: undefined }
    const fetch = (url: string, init?: RequestInit): Promise<Response> => {
      asked = { url, init }
      return Promise.resolve(new Response(JSON.stringify(body), { status }))
    }
    return { fetch: fetch as typeof globalThis.fetch, asked: () => asked }
  }

  it('asks the server that runs on the data directory, with its token', async () => {
    server.write('server.json', JSON.stringify({ url: 'http://127.0.0.1:8181', pid: 1, token_file: token }))
    const { fetch, asked } = answering(200, NOT_YET)
    const ran = await run(['trust', 'promote', 'a', 'crm:full', '--data-dir', server.path], { fetch })
    expect(asked().url).toBe('http://127.0.0.1:8181/api/v1/agents/a/scopes/crm%3Afull/promotions')
    expect(asked().init?.headers).toMatchObject({ authorization: 'Bearer secret' })
    expect(ran.code).toBe(1)
    expect(ran.out).toContain('not yet: stays at L1')
    expect(ran.out).toMatch(/-- +count +have 3 +need 20/u)
  })

  it('uses the operator token of the data directory where the server names none', async () => {
    server.write('server.json', JSON.stringify({ url: 'http://127.0.0.1:8181', pid: 1 }))
    server.write('operator.token', 'of-the-operator\n')
    const { fetch, asked } = answering(200, NOT_YET)
    await run(['trust', 'promote', 'a', 'crm:full', '--data-dir', server.path], { fetch })
    expect(asked().init?.headers).toMatchObject({ authorization: 'Bearer of-the-operator' })
  })

  it('passes on what the server refuses, with its fix', async () => {
    const { fetch } = answering(403, {
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: 'may not promote',
      code: 'forbidden',
      fix: 'ask an operator',
    })
    const ran = await run(['trust', 'promote', 'a', 'crm:full', '--server', 'http://127.0.0.1:9'], { fetch })
    expect(ran).toEqual({ code: 4, out: '', err: 'gradus: may not promote\n  fix: ask an operator\n' })
  })

  it('says when the server does not answer', async () => {
    const fetch = (() => Promise.reject(new Error('connection refused'))) as typeof globalThis.fetch
    expect(await run(['trust', 'promote', 'a', 'crm:full', '--server', 'http://127.0.0.1:9'], { fetch })).toMatchObject({
      code: 5,
      err: expect.stringContaining('does not answer: connection refused'),
    })
  })

  it('takes the lock where no server runs, and a person signs', async () => {
    let signed: Caller | undefined
    const { service } = await liveService()
    const openService: CliDeps['openService'] = () =>
      Promise.resolve({
        ...service,
        promote: (caller) => {
          signed = caller
          return Promise.resolve({ ...NOT_YET, promoted: true, level_after: 2 })
        },
        close: () => Promise.resolve(),
      })
    const ran = await run(['trust', 'promote', 'a', 'crm:full', '--data-dir', files.path, '--as', 'grace'], { openService })
    expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('promoted to L2') })
    expect(signed).toMatchObject({ person: 'grace', roles: ['operator'], tenant: 'default' })
    expect((await run(['trust', 'promote', 'a', 'crm:full', '--data-dir', files.path], { openService })).code).toBe(64)
    expect((await run(['trust', 'promote', 'a', 'crm', '--data-dir', files.path], { openService })).code).toBe(64)
  })

  it('says that the store is locked', async () => {
    const openService: CliDeps['openService'] = () =>
      Promise.reject(new ServiceError('store_locked', 'another process writes here'))
    expect(
      (await run(['trust', 'promote', 'a', 'crm:full', '--data-dir', files.path, '--as', 'grace'], { openService })).code,
    ).toBe(5)
  })
})

describe('gradus audit', () => {
  it('verify ends with 0 for a whole log and with 2 for any other', async () => {
    expect(
      await run(['audit', 'verify', '--data-dir', files.path], { verifyLog: () => Promise.resolve(WHOLE_LOG) }),
    ).toMatchObject({
      code: 0,
      out: expect.stringContaining('ok 3 records'),
    })
    // A kind that this version does not know is printed as it is.
    const damaged = {
      ...WHOLE_LOG,
      ok: false,
      findings: [
        { kind: 'leaf_edited', leafIndex: 1, id: 'r-1', message: 'not what was hashed\u001b' },
        { kind: 'state_differs', subject: 'agent default/coding-agent\u001b', message: 'is not what the records come to' },
      ],
      omitted: 4,
    } as unknown as LogVerification
    const ran = await run(['audit', 'verify', '--data-dir', files.path], { verifyLog: () => Promise.resolve(damaged) })
    expect(ran.code).toBe(2)
    expect(ran.out).toContain('leaf_edited record 1 r-1: not what was hashed\\e')
    expect(ran.out).toContain('state_differs agent default/coding-agent\\e: is not what the records come to')
    expect(ran.out).toContain('and 4 more')
  })

  it('verify is given what people kept', async () => {
    const receipt = files.write('receipt', 'a proof')
    let given: unknown
    await run(['audit', 'verify', '--data-dir', files.path, '--receipt', receipt, '--head', receipt, '--key', 'vkey'], {
      verifyLog: (options) => {
        given = options
        return Promise.resolve(WHOLE_LOG)
      },
    })
    const kept = [{ name: receipt, text: 'a proof' }]
    expect(given).toMatchObject({ dataDir: files.path, heads: kept, receipts: kept, publicKey: 'vkey' })
  })

  it('query filters, export writes JSON lines, proof proves', async () => {
    const { service, open } = await liveService()
    const first = await service.evaluate(ANYBODY, { request: REQUEST, protocol: 'cli' })
    await service.evaluate(ANYBODY, {
      request: { ...REQUEST, subject: { type: 'agent', id: 'evil\u202eagent' } },
      protocol: 'cli',
    })
    const data = ['--data-dir', files.path]
    const listed = JSON.parse(
      (await run(['audit', 'query', ...data, '--agent', 'coding-agent', '--json'], { openStore: open })).out,
    ) as { record: { id: string } }[]
    expect(listed.map(({ record }) => record.id)).toEqual([first.decision_id])
    const table = await run(['audit', 'query', ...data, '--kind', 'decision', '--newest'], { openStore: open })
    expect(table.out.split('\n').length).toBe(4)
    expect(table.out).toContain('evil\\u{202e}agent')
    const lines = (await run(['audit', 'export', ...data], { openStore: open })).out.trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { leaf_index: number }).leaf_index)).toEqual([0, 1, 2])
    const out = join(files.path, 'export.jsonl')
    expect((await run(['audit', 'export', ...data, '--out', out], { openStore: open })).out).toBe(`3 records in ${out}\n`)
    const nowhere = ['--out', join(files.path, 'no-such-folder', 'export.jsonl')]
    for (const command of [['export'], ['sufficiency', '--since', '1d']])
      expect(await run(['audit', ...command, ...data, ...nowhere], { openStore: open })).toMatchObject({
        code: 7,
        err: expect.stringContaining('no-such-folder') as unknown,
      })
    expect((await run(['audit', 'export', ...data, '--out', out, '--kind', 'rumour'], { openStore: open })).code).toBe(64)
    expect(readFileSync(out, 'utf8')).not.toBe('')
    expect((await run(['audit', 'proof', first.decision_id, ...data], { openStore: open })).out).toContain(
      'c2sp.org/tlog-proof@v1',
    )
    expect((await run(['audit', 'proof', 'none', ...data], { openStore: open })).code).toBe(3)
    expect((await run(['audit', 'query', ...data, '--kind', 'rumour'], { openStore: open })).code).toBe(64)
    expect((await run(['audit', 'query', ...data, '--since', 'yesterday'], { openStore: open })).code).toBe(64)
  })

  it('replay decides again; what was erased is told, never equal', async () => {
    const { service, open } = await liveService()
    const { decision_id } = await service.evaluate(ANYBODY, {
      request: { ...REQUEST, context: { purpose: 'a reason' } },
      protocol: 'cli',
    })
    await service.evaluate(ANYBODY, { request: REQUEST, protocol: 'cli' })
    const all = ['audit', 'replay', '--all', '--data-dir', files.path]
    expect(await run(all, { openStore: open })).toMatchObject({ code: 0, out: 'ok 2 decisions: 2 equal\n' })
    const erased = await run(
      ['audit', 'erase', '--decision', decision_id, '--reason', 'asked for', '--as', 'grace', '--data-dir', files.path],
      { openStore: open },
    )
    expect(erased.out).toMatch(/^erased [1-9]\d* values of 1 records; record 3 says so\n$/u)
    const after = await run(all, { openStore: open })
    expect(after.out).toContain(`erased ${decision_id}`)
    expect(after.out).toContain('1 equal, 1 erased')
    expect((await run(['audit', 'replay', decision_id, '--data-dir', files.path], { openStore: open })).out).not.toContain(
      'equal',
    )
  })

  it('replay ends with 2 where a decision differs, and shows the member', async () => {
    const { service, open } = await liveService()
    await service.evaluate(ANYBODY, { request: REQUEST, protocol: 'cli' })
    const openStore: CliDeps['openStore'] = async (...place) => {
      const store = await open(...place)
      return {
        ...store,
        query: async (query) =>
          (await store.query(query)).map((stored) => ({
            ...stored,
            record: {
              ...stored.record,
              body: { ...stored.record.body, decision: { ...(stored.record.body['decision'] as object), outcome: 'allow' } },
            },
          })),
      }
    }
    const ran = await run(['audit', 'replay', '--all', '--data-dir', files.path], { openStore })
    expect(ran.code).toBe(2)
    expect(ran.out).toContain('different')
    expect(ran.out).toContain('\n  decision\n')
  })

  it('erase names whose, and who ordered it', async () => {
    const { open } = await liveService()
    expect(
      (await run(['audit', 'erase', '--reason', 'x', '--as', 'grace', '--data-dir', files.path], { openStore: open })).code,
    ).toBe(1)
    expect(
      (await run(['audit', 'erase', '--agent', 'a', '--reason', 'x', '--data-dir', files.path], { openStore: open })).code,
    ).toBe(64)
    expect((await run(['audit', 'erase', '--agent', 'a', '--data-dir', files.path], { openStore: open })).code).toBe(64)
  })
})

describe('gradus serve', () => {
  const serving = async (
    reload: RunningServer['reload'],
  ): Promise<{
    readonly out: string
    readonly err: string
    readonly closed: boolean
    readonly options: unknown
    readonly code: number
  }> => {
    let closed = false
    let options: unknown
    let hangup = (): void => undefined
    let stop = (): void => undefined
    const stopped = new Promise<void>((resolve) => (stop = resolve))
    const running = run(['serve', '--config', 'g.yaml', '--listen', '127.0.0.1:0', '--data-dir', 'd', '--demo', '--watch'], {
      stopped: () => stopped,
      onHangup: (handler) => void (hangup = handler),
      serve: (asked) => {
        options = asked
        return Promise.resolve({
          url: 'http://127.0.0.1:4711',
          dataDir: 'd',
          notes: ['try this'],
          reload,
          close: () => {
            closed = true
            return Promise.resolve()
          },
        })
      },
    })
    await new Promise((resolve) => setImmediate(resolve))
    hangup()
    await new Promise((resolve) => setImmediate(resolve))
    stop()
    return { ...(await running), closed, options }
  }

  it('prints where it listens, loads again on SIGHUP, drains at the end', async () => {
    const ran = await serving(() => Promise.resolve('digest-2'))
    expect(ran).toMatchObject({
      code: 0,
      closed: true,
      options: { configFile: 'g.yaml', listen: '127.0.0.1:0', dataDir: 'd', demo: true, watch: true },
    })
    expect(ran.out).toBe('gradus 1.2.3 listens on http://127.0.0.1:4711\ntry this\n')
    expect(ran.err).toContain('policies in force: digest-2')
  })

  it('keeps the policies in force where the new ones are broken', async () => {
    const ran = await serving(() =>
      Promise.reject(new ServiceError('bad_policy', 'is broken', { place: { file: 'a.rego', line: 3 }, fix: 'mend it' })),
    )
    expect(ran.err).toContain('the policies in force stay as they are: a.rego:3: is broken\n  fix: mend it')
    expect(ran.code).toBe(0)
  })
})

describe('who signs at this terminal', () => {
  const opened = (): Promise<never> => Promise.reject(new Error('the store was opened'))
  it.each([
    ['trust', 'promote', 'support-agent', 'crm:full'],
    ['audit', 'review', 'weekly', '--notes', 'read'],
    ['audit', 'erase', '--agent', 'a', '--reason', 'asked for'],
  ])('%s %s takes no name and no tenant that a record could not hold', async (...command) => {
    for (const wrong of [
      ['--as', 'n'.repeat(129)],
      ['--as', 'grace\u001b[2J'],
      ['--as', 'grace', '--tenant', 't'.repeat(129)],
    ])
      expect(
        await run([...command, ...wrong, '--data-dir', files.path], { openService: opened, openStore: opened }),
      ).toMatchObject({ code: 64, err: expect.stringContaining('cannot name anybody') as unknown })
  })
})
