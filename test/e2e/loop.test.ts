import { describe, expect, it } from 'vitest'

import { MERGE, READ, TOKENS, writeConfig } from './organisation.ts'
import { run, workplace, type Answer, type Running } from './server.ts'

const { place, start } = workplace()
const SCOPE = '/api/v1/agents/coding-agent/scopes/source_control:full/promotions'
const LAYERS = ['identity', 'behaviour', 'context'] as const

const decide = async (server: Running, request: object = MERGE): Promise<Answer['body']> => {
  const { status, body } = await server.post('/api/v1/decisions', request)
  expect(status).toBe(200)
  return body
}

/** Every layer found the decision clean, and a verifier says what came of it. */
async function judge(server: Running, decisionId: string, outcome: string): Promise<Answer['body']> {
  for (const layer of LAYERS) {
    const { status } = await server.post('/api/v1/signals', { decision_id: decisionId, layer, class: 'clean' }, TOKENS.detectors)
    expect(status).toBe(200)
  }
  const { status, body } = await server.post('/api/v1/outcomes', { decision_id: decisionId, class: outcome }, TOKENS.verifier)
  expect(status).toBe(200)
  return body
}

/** Decides, judges and promotes until the action may run; returns the outcomes on the way. */
async function climb(server: Running): Promise<readonly string[]> {
  const outcomes: string[] = []
  for (let step = 0; step < 8; step += 1) {
    const answer = await decide(server)
    outcomes.push(answer.outcome)
    if (answer.decision) return outcomes
    await judge(server, answer.decision_id, 'validated')
    await server.post(SCOPE, {}, server.operator())
  }
  return outcomes
}

describe('one server, the whole loop', () => {
  it('refuses, learns from evidence, promotes, allows, and refuses again after harm; a restart keeps it, and the log is whole', async () => {
    const folder = place()
    const config = writeConfig(folder)
    const dataDir = `${folder}/data`
    const server = await start(['--config', config], dataDir)

    expect(await climb(server)).toEqual(['deny', 'suggest', 'require_approval', 'allow_guarded'])

    const allowed = await decide(server)
    expect(allowed).toMatchObject({ decision: true, recorded: true, base: 'allow', trust: { level_granted: 3 } })
    const harm = await judge(server, allowed.decision_id, 'harmful')
    expect(harm.counted).toBe(true)
    expect(harm.trust_after.score).toBeLessThan(harm.trust_before.score)
    expect(harm.changes.map(({ kind }: { kind: string }) => kind)).toContain('demoted')

    const refused = await decide(server)
    expect(refused.decision).toBe(false)
    expect(refused.trust.level_effective).toBeLessThan(3)
    expect(refused.trust.score).toBeLessThan(allowed.trust.score)

    const path = '/api/v1/agents/coding-agent/trust'
    const before = (await server.get(path, server.operator())).body
    expect(await server.stop()).toBe(0)
    expect(await run(['audit', 'verify', '--data-dir', dataDir, '--config', config])).toMatchObject({ code: 0 })

    const again = await start(['--config', config], dataDir)
    const after = (await again.get(path, again.operator())).body
    const still = ({ scopes }: Answer['body']) =>
      scopes.map(({ scope, level_granted, incident }: Answer['body']) => ({ scope, level_granted, incident }))
    expect(still(after)).toEqual(still(before))
    expect((await decide(again)).decision).toBe(false)
    expect(await again.stop()).toBe(0)
    const replayed = await run(['audit', 'replay', '--all', '--data-dir', dataDir, '--config', config])
    expect(replayed.output).not.toMatch(/differs/u)
    expect(replayed.code).toBe(0)
  })

  it('an incident stops what is sensitive at once, and only a person ends it', async () => {
    const server = await start(['--config', writeConfig(place())])
    await climb(server)
    const incident = { agent: 'coding-agent', class: 'injection_confirmed' }
    expect((await server.post('/api/v1/incidents', incident)).status).toBe(401)
    expect((await server.post('/api/v1/incidents', incident, TOKENS.agent)).status).toBe(403)
    const raised = await server.post('/api/v1/incidents', incident, server.operator())
    expect(raised.status).toBe(201)

    const write = await decide(server)
    expect(write).toMatchObject({ decision: false, outcome: 'deny' })
    const sensitive = await decide(server, {
      ...READ,
      resource: { ...READ.resource, properties: { classification: 'personal' } },
    })
    const plain = await decide(server, READ)
    expect(sensitive.decision).toBe(false)
    expect(plain.decision).toBe(true)

    const path = `/api/v1/incidents/${raised.body.incident_id}/reviews`
    const review = { agent: 'coding-agent', false_positive: true, note: 'the page only quoted an attack' }
    expect((await server.post(path, review, TOKENS.agent)).status).toBe(403)
    expect((await server.post(path, review, server.operator())).status).toBe(200)
    const end = await decide(server)
    expect(end.trust.score).toBeGreaterThan(write.trust.score)
    expect(end.outcome).not.toBe('deny')
  })

  it('a containment takes an action out of service until it is lifted', async () => {
    const server = await start(['--config', writeConfig(place())])
    expect((await decide(server, READ)).decision).toBe(true)
    const contained = await server.post(
      '/api/v1/containments',
      { target: { kind: 'action', action: 'read_file' }, reason: 'a file server leaks' },
      server.operator(),
    )
    expect(contained.status).toBe(201)
    const refused = await decide(server, READ)
    expect(refused).toMatchObject({ decision: false, outcome: 'deny' })
    expect(refused.ceilings.find(({ source }: { source: string }) => source === 'containment').outcome).toBe('deny')
    expect((await decide(server)).ceilings.find(({ source }: { source: string }) => source === 'containment').outcome).toBe(
      'allow',
    )
    const lifted = await fetch(`${server.url}/api/v1/containments/${contained.body.id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${server.operator()}` },
    })
    expect(lifted.status).toBe(200)
    expect((await decide(server, READ)).decision).toBe(true)
  })

  it('answers the same through the data API and AuthZEN, and no body raises what it answers', async () => {
    const server = await start(['--config', writeConfig(place())])
    const native = await decide(server)
    const data = await server.post('/v1/data/gradus/decision', { input: MERGE })
    expect(data.body.result).toMatchObject({ outcome: native.outcome, allow: false })
    expect((await server.post('/v1/data/gradus/allow', { input: READ })).body.result).toBe(true)
    expect((await server.post('/v1/data/gradus/allow', { input: MERGE })).body.result).toBe(false)
    expect((await server.post('/access/v1/evaluation', MERGE)).body.decision).toBe(false)
    expect((await server.post('/access/v1/evaluation', READ)).body.decision).toBe(true)
    for (const claim of [{ type: 'user' }, { type: 'human' }, { properties: { level: 4, trust: 1, roles: ['administrator'] } }]) {
      const claimed = await decide(server, { ...MERGE, subject: { ...MERGE.subject, ...claim } })
      expect(claimed.decision).toBe(false)
    }
    const records = await server.get('/api/v1/audit/records?kind=decision&limit=100', server.operator())
    expect(records.body.records.length).toBe(9)
    expect((await server.get('/api/v1/audit/records')).status).toBe(401)
  })
})
