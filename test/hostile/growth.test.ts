import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { DOCUMENT_KINDS } from '../../src/ledger/documents/documents.ts'
import type { Store } from '../../src/ledger/store.ts'
import { stateOf } from '../evidence/server.ts'
import { anonymous, ask, stranger } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

const WATCHED = { config: { detectors: { layers: ['identity', 'behaviour', 'context'] } } }

/** Everything but the agent is new each time. */
const madeUp = (agent: string, at: number) =>
  ask(agent, at % 2 === 0 ? `tool-${at}` : 'read_file', {
    arguments: { to: `someone@domain-${at}.example`, url: `https://domain-${at}.example/`, path: `${at}.md` },
    context: { session: `session-${at}`, purpose: `purpose ${at}` },
  })

/** Documents of the tenant but verdicts, of which decisions that are drawn to be verified leave one each, and what they are long. */
async function kept(store: Store): Promise<{ readonly documents: number; readonly chars: number }> {
  const kinds = DOCUMENT_KINDS.filter((kind) => kind !== 'verdicts')
  const lists = await Promise.all(kinds.map((kind) => store.list(kind, 'default')))
  const lines = (await stateOf(store)).split('\n').filter((line) => !line.startsWith('verdicts'))
  return { documents: lists.flat().length, chars: lines.join('').length }
}

/** What is kept after so many requests of a caller, and after many more. */
async function grown(who: Caller, agentOf: (at: number) => string, [few, many]: readonly [number, number]) {
  const { service, store } = await testService(WATCHED)
  const send = async (from: number, to: number) => {
    for (let at = from; at < to; at += 1) await service.evaluate(who, madeUp(agentOf(at), at))
  }
  const begun = await stateOf(store)
  await send(0, few)
  const afterFew = await kept(store)
  await send(few, many)
  return { begun, ended: await stateOf(store), afterFew, afterMany: await kept(store) }
}

describe('agents, sessions, domains and tools that somebody makes up', () => {
  it('leave nothing at all of a caller for whom nobody vouches', async () => {
    const { begun, ended } = await grown(stranger, (at) => `made-up-${at}`, [1_000, 3_000])
    expect(ended).toBe(begun)
  }, 120_000)

  it('are one account, where the owner vouches for the caller', async () => {
    const { afterFew, afterMany } = await grown(anonymous, (at) => `made-up-${at}`, [100, 1_000])
    expect(afterMany.documents).toBe(afterFew.documents)
    expect(afterMany.chars).toBeLessThan(afterFew.chars + 100)
  }, 120_000)

  it('do not make what is kept of a known agent longer and longer', async () => {
    const { afterFew, afterMany } = await grown(anonymous, () => 'coding-agent', [300, 1_000])
    expect(afterMany.documents).toBe(afterFew.documents)
    expect(afterMany.chars).toBeLessThan(2 * afterFew.chars)
  }, 120_000)
})
