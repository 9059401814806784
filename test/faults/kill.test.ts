import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { MERGE, READ, TOKENS, writeConfig } from '../e2e/organisation.ts'
import { pause, until, workplace, type Parsed, type Running } from '../e2e/server.ts'
import { readLog, verifyWhole, type LogRecord } from './log.ts'
import { random } from './random.ts'

/** How often the server is killed; a hundred times before a release. */
const KILLS = Number(process.env['GRADUS_KILLS'] ?? 10)
const SEED = Number(process.env['GRADUS_SEED'] ?? Date.now() % 1_000_000)
const CLIENTS = 16
const LOAD_MS = { min: 60, max: 700 }
const LOAD_LONGEST_MS = 20_000

const { place, start } = workplace()

type Acknowledged = { readonly id: string; readonly leafIndex: number; readonly content: Readonly<Record<string, unknown>> }

/** Decides and reports until the connection breaks; remembers only what was acknowledged whole. */
async function client(server: Running, number: number, next: () => number, seen: Acknowledged[]): Promise<void> {
  const stamp = `${number}-${Math.floor(next() * 1e9)}`
  try {
    for (let turn = 0; ; turn += 1) {
      const request = next() < 0.5 ? MERGE : READ
      const { body } = await server.post('/api/v1/decisions', {
        ...request,
        context: { ...('context' in request ? request.context : {}), session: `${stamp}-${turn}` },
      })
      expect(body.recorded).toBe(true)
      const { decision_id: id, leaf_index: leafIndex, outcome, request_digest, policy_set } = body
      seen.push({
        id,
        leafIndex,
        content: { kind: 'decision', outcome, request_digest, policy_set, session: `${stamp}-${turn}` },
      })
      if (!body.decision && !body.advice.includes('record_proposal')) continue
      const said = next() < 0.97 ? 'validated' : 'corrected'
      const report = await server.post('/api/v1/outcomes', { decision_id: id, class: said }, TOKENS.verifier)
      expect(report.status).toBe(200)
      seen.push({
        id: report.body.record_id,
        leafIndex: report.body.leaf_index,
        content: { kind: 'outcome', outcome: said, decision_id: id },
      })
    }
  } catch (error) {
    // A broken connection ends the load; a wrong answer must not pass for one.
    if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error
  }
}

function contentOf({ record }: LogRecord): Readonly<Record<string, unknown>> {
  const { kind, outcome, body } = record as { kind: string; outcome: string; body: Parsed }
  if (kind !== 'decision') return { kind, outcome, decision_id: record.decision_id }
  return {
    kind,
    outcome,
    request_digest: body.request_digest,
    policy_set: body.policy_set,
    session: body.request.context.session,
  }
}

/** Everything acknowledged is in the log once, where it was said to be, and says the same. */
function expectKept(dataDir: string, acknowledged: readonly Acknowledged[]): void {
  const log = readLog(dataDir)
  expect(new Set(log.map(({ record }) => record.id)).size).toBe(log.length)
  const byId = new Map(log.map((each) => [each.record.id, each]))
  for (const { id, leafIndex, content } of acknowledged) {
    const kept = byId.get(id)
    expect(kept?.leafIndex, `record ${id} was acknowledged`).toBe(leafIndex)
    expect(contentOf(kept as LogRecord)).toEqual(content)
  }
}

describe('a server that is killed under load', () => {
  it(
    `loses nothing acknowledged, writes nothing twice, and comes back by itself (${KILLS} kills, GRADUS_SEED=${SEED})`,
    async () => {
      const next = random(SEED)
      const config = writeConfig(place())
      const dataDir = join(place(), 'data')
      const acknowledged: Acknowledged[] = []
      for (let kill = 0; kill < KILLS; kill += 1) {
        const server = await start(['--config', config], dataDir)
        const clients = Array.from({ length: CLIENTS }, (_, number) => client(server, number, next, acknowledged))
        await pause(LOAD_MS.min + next() * (LOAD_MS.max - LOAD_MS.min))
        // On a busy machine little may have been answered by now, and then the kill would show little.
        await until(() => acknowledged.length > 11 * (kill + 1), LOAD_LONGEST_MS)
        if (kill % 3 === 1)
          await server.post('/api/v1/agents/coding-agent/scopes/source_control:full/promotions', {}, server.operator())
        server.child.kill('SIGKILL')
        await Promise.all(clients)
        await server.ended
      }
      expect(acknowledged.length).toBeGreaterThan(KILLS * 10)
      const server = await start(['--config', config], dataDir)
      expectKept(dataDir, acknowledged)
      expect((await server.post('/api/v1/decisions', READ)).body).toMatchObject({ recorded: true, decision: true })
      expect(await server.stop()).toBe(0)
      verifyWhole(dataDir)
      expectKept(dataDir, acknowledged)
    },
    60_000 + KILLS * 15_000,
  )
})
