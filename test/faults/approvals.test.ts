import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { MERGE, TOKENS, writeConfig } from '../e2e/organisation.ts'
import { pause, until, workplace, type Parsed, type Running } from '../e2e/server.ts'
import { readLog, verifyWhole } from './log.ts'
import { random } from './random.ts'

/** How often the server is killed; a hundred times before a release. */
const KILLS = Number(process.env['GRADUS_KILLS'] ?? 3)
const SEED = Number(process.env['GRADUS_SEED'] ?? Date.now() % 1_000_000)
const CLIENTS = 8
const LOAD_MS = { min: 100, max: 400 }
const LOAD_LONGEST_MS = 20_000

const { place, start } = workplace()

const BEA = 'token-of-bea'
const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex')
const credentials = [
  { id: 'bea', roles: ['approver'], person: 'bea', token_sha256: sha256(BEA) },
  { id: 'verifier', roles: ['verifier'], verifier: 'deterministic', token_sha256: sha256(TOKENS.verifier) },
  {
    id: 'detectors',
    roles: ['signal_source'],
    layers: ['identity', 'behaviour', 'context'],
    token_sha256: sha256(TOKENS.detectors),
  },
]
const asked = (session: string, approval?: string) => ({
  ...MERGE,
  context: { ...MERGE.context, session, ...(approval === undefined ? {} : { approval }) },
})

/** What was acknowledged of one approval before a kill. */
type Acknowledged = {
  readonly id: string
  readonly session: string
  said: 'nothing' | 'yes' | 'no'
  ran: number
  unsure: boolean
}

/** Lets the agent climb, again where rejections brought it down, until it has to ask people. */
async function climb(server: Running, stamp: string): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) {
    const { body } = await server.post('/api/v1/decisions', asked(`climb-${stamp}-${turn}`))
    if (body.outcome === 'require_approval' && body.trust.level_effective === 2) return
    await server.post('/api/v1/outcomes', { decision_id: body.decision_id, class: 'validated' }, TOKENS.verifier)
    for (const layer of ['identity', 'behaviour', 'context'])
      await server.post('/api/v1/signals', { decision_id: body.decision_id, layer, class: 'clean' }, TOKENS.detectors)
    await server.post('/api/v1/agents/coding-agent/scopes/source_control:full/promotions', {}, server.operator())
  }
  throw new Error('the agent did not come to where it has to ask')
}

/** Asks, decides and retries until the connection breaks; what was under way then is unsure. */
async function client(server: Running, stamp: string, next: () => number, seen: Acknowledged[]): Promise<void> {
  let current: Acknowledged | undefined
  try {
    for (let turn = 0; ; turn += 1) {
      const session = `${stamp}-${turn}`
      const { body } = await server.post('/api/v1/decisions', asked(session))
      // Rejections are evidence: after enough of them the agent is no longer one whom people are asked about.
      if (isDown(body)) return
      expect(body).toMatchObject({ outcome: 'require_approval', approval: { state: 'pending' } })
      current = { id: body.decision_id, session, said: 'nothing', ran: 0, unsure: false }
      seen.push(current)
      const chance = next()
      if (chance < 0.2) continue
      current.unsure = true
      // The first ones are let run: a rejection at once would end the load before it shows anything.
      const report = { verdict: turn < 2 || chance < 0.9 ? 'approve' : 'reject', reason: 'looked at it' }
      const voted = await server.post(`/api/v1/decisions/${current.id}/approvals`, report, BEA)
      // Where enough rejections brought the agent down, what it waits for is paused, and so this load is over.
      if (isPaused(voted)) return
      expect(voted.status).toBe(200)
      current.said = report.verdict === 'approve' ? 'yes' : 'no'
      current.unsure = false
      if (next() < 0.3) continue
      current.unsure = true
      const tries = await Promise.all([1, 2].map(() => server.post('/api/v1/decisions', asked(session, body.decision_id))))
      current.ran = tries.filter(({ body: answer }) => answer.decision).length
      if (tries.some(({ body: answer }) => isDown(answer))) return
      current.unsure = false
      expect(current.ran).toBe(current.said === 'yes' ? 1 : 0)
    }
  } catch (error) {
    // A broken connection ends the load; a wrong answer must not pass for one.
    if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error
  }
}

/** Whether rejections brought the agent below where people are asked, or paused what it waited for. */
function isDown({ trust, reasons }: Parsed): boolean {
  return trust.level_effective < 2 || reasons.includes('approval_refused:paused')
}

/** Whether a vote was refused because a demotion paused the approval. */
function isPaused({ status, body }: { readonly status: number; readonly body: Parsed }): boolean {
  return status === 409 && String(body.detail).includes('is paused by the demotion')
}

/** How many approved retries were answered and ran. */
function ranIn(seen: readonly Acknowledged[]): number {
  return seen.filter(({ ran }) => ran === 1).length
}

/** How often each approval was used, and by whom it was given, by the log. */
function byLog(dataDir: string) {
  const log = readLog(dataDir).map(({ record }) => record as unknown as Parsed)
  const used = new Map<string, number>()
  for (const { kind, body } of log)
    if (kind === 'decision' && body.approval.redeemed !== null)
      used.set(body.approval.redeemed, (used.get(body.approval.redeemed) ?? 0) + 1)
  const said = new Map<string, string>(
    log.flatMap(({ kind, decision_id, body }) => (kind === 'approval' ? [[decision_id, body.verb] as const] : [])),
  )
  return { used, said }
}

describe('a server that is killed while people decide', () => {
  it(
    `loses no approval and grants none (${KILLS} kills, GRADUS_SEED=${SEED})`,
    async () => {
      const next = random(SEED)
      const config = writeConfig(place(), {
        credentials,
        approvals: { open_per_agent_max: 10_000, open_per_tenant_max: 10_000 },
      })
      const dataDir = join(place(), 'data')
      const first = await start(['--config', config], dataDir)
      await climb(first, 'first')
      expect(await first.stop()).toBe(0)
      const seen: Acknowledged[] = []
      for (let kill = 0; kill < KILLS; kill += 1) {
        const server = await start(['--config', config], dataDir)
        await climb(server, String(kill))
        const clients = Promise.all(
          Array.from({ length: CLIENTS }, (_, number) => client(server, `${kill}-${number}`, next, seen)),
        )
        await pause(LOAD_MS.min + next() * (LOAD_MS.max - LOAD_MS.min))
        // On a busy machine nothing may have run by now, and then the kill would show nothing.
        await Promise.race([clients, until(() => ranIn(seen) > 2 * (kill + 1), LOAD_LONGEST_MS)])
        server.child.kill('SIGKILL')
        await clients
        await server.ended
      }
      expect(ranIn(seen)).toBeGreaterThan(KILLS)
      const server = await start(['--config', config], dataDir)
      const before = byLog(dataDir)
      for (const { id, session, said, ran, unsure } of seen) {
        const { status, body } = await server.get(`/api/v1/decisions/${id}/approvals`, BEA)
        const isSaid = { nothing: undefined, yes: 'approve', no: 'reject' }[said]
        if (!unsure || isSaid !== undefined) expect(before.said.get(id)).toBe(isSaid)
        expect(before.used.get(id) ?? 0).toBeGreaterThanOrEqual(ran)
        expect(before.used.get(id) ?? 0).toBeLessThanOrEqual(1)
        const isGood = before.said.get(id) === 'approve' && !before.used.has(id)
        // Where it was over and the same was asked again, a new approval stands in its place.
        if (status === 404) expect(before.used.has(id) || before.said.get(id) === 'reject', `${id} was acknowledged`).toBe(true)
        else expect(body.state).toBe(isGood ? 'approved' : before.used.has(id) ? 'redeemed' : isSaidNo(before.said.get(id)))
        if (next() < 0.7) continue
        const again = (await server.post('/api/v1/decisions', asked(session, id))).body
        expect(again.decision, `${id}, ${body.state}`).toBe(isGood && !isDown(again))
        expect((await server.post('/api/v1/decisions', asked(session, id))).body.decision).toBe(false)
      }
      expect(await server.stop()).toBe(0)
      expect(Math.max(...byLog(dataDir).used.values())).toBe(1)
      verifyWhole(dataDir)
    },
    60_000 + KILLS * 15_000,
  )
})

function isSaidNo(said: string | undefined): string {
  return said === 'reject' ? 'rejected' : 'pending'
}
