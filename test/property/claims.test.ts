import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { derive } from '../../src/decisions/derive.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import { Request } from '../../src/model/request.ts'
import type { Decision } from '../../src/pdp/decision-inputs.ts'
import { claimedFacts, claims, type Claims, doing, type Doing, EVERY_DOING, requestOf } from '../support/arbitraries.ts'
import { anonymous, gateway, stranger } from '../support/callers.ts'
import { runs } from '../support/runs.ts'
import { shippedPolicySet, type TestService } from '../support/test-service.ts'
import { scopesAskedFor, worldOf } from '../support/world.ts'

let worlds: readonly TestService[] = []
beforeAll(async () => {
  const known = async (world: TestService): Promise<TestService> => {
    await world.write([{ kind: 'composition', agent: 'finance-agent', composition: { model: 'allow', prompt: 'L4' } }])
    return world
  }
  worlds = [await known(await worldOf()), await known(await worldOf(await scopesAskedFor()))]
})

/** The decision at this moment, of nothing but the request: nothing is written. */
async function decisionOf(world: TestService, who: Caller, request: Request): Promise<Decision> {
  const policySet = await shippedPolicySet()
  const facts = await world.store.read([], (view) =>
    gatherFacts(requestContext({ request: request, caller: who, policySet: policySet, atMs: world.clock.nowMs() }), view),
  )
  const { decision } = await derive({ question: { request, entrypoint: 'rbac/decision' }, facts: facts, policySet })
  return decision
}

const world = fc.integer({ min: 0, max: 1 })
const who = fc.constantFrom(gateway, anonymous, stranger)

async function neverRaises(index: number, caller: Caller, what: Doing, without: Claims, claimed: Claims): Promise<void> {
  const before = await decisionOf(worlds[index]!, caller, requestOf(what, without))
  const after = await decisionOf(worlds[index]!, caller, requestOf(what, claimed))
  if (!outcomeLeq(after.outcome, before.outcome)) expect({ outcome: after.outcome, reasons: after.reasons }).toEqual(before)
}

describe('what only the body claims', () => {
  it('never raises the outcome above that of the request without it', async () => {
    await fc.assert(
      fc.asyncProperty(world, who, doing, claims, async (index, caller, what, claimed) =>
        neverRaises(index, caller, what, {}, claimed),
      ),
      runs(250),
    )
  })

  it('never raises it by facts that the caller may not assert', async () => {
    const plain = { ...gateway, verified_facts: [] }
    const caller = fc.constantFrom<Caller>(plain, anonymous, stranger)
    await fc.assert(
      fc.asyncProperty(world, caller, doing, claimedFacts, async (index, asking, what, facts) =>
        neverRaises(index, asking, what, {}, { context: { facts } }),
      ),
      runs(80),
    )
  })

  it('never raises the outcome of a proven human', async () => {
    const human = fc.constantFrom('carol', 'alice', 'dave', 'grace')
    await fc.assert(
      fc.asyncProperty(human, doing, claims, async (id, what, claimed) => {
        const asked = (more: Claims): Request => {
          const { subject, ...rest } = requestOf(what, more)
          return Request.parse({ ...rest, subject: { ...subject, type: 'user', id } })
        }
        const before = await decisionOf(worlds[1]!, gateway, asked({}))
        const after = await decisionOf(worlds[1]!, gateway, asked({ ...claimed, type: 'user' }))
        if (!outcomeLeq(after.outcome, before.outcome)) expect(after).toEqual(before)
      }),
      runs(120),
    )
  })

  it('never makes a human of one whom nobody vouches for', async () => {
    await fc.assert(
      fc.asyncProperty(doing, fc.constantFrom('user', 'human', 'person'), async (what, type) => {
        const request = requestOf(what, { type })
        const policySet = await shippedPolicySet()
        const facts = await worlds[1]!.store.read([], (view) =>
          gatherFacts(requestContext({ request: request, caller: anonymous, policySet: policySet, atMs: 0 }), view),
        )
        expect(facts.parties).toMatchObject({ agent: { id: what.agent }, human: null })
        expect(facts.trust).not.toBeNull()
      }),
      { ...runs(20), numRuns: 20 },
    )
  })

  it('never raises it above an agent of that name by a subject type that nobody vouches for', async () => {
    const type = fc.constantFrom('user', 'human', 'person', 'employee', 'User')
    const id = fc.constantFrom('grace', 'carol', 'alice', 'finance-agent', 'nobody')
    const asking = fc.constantFrom<Caller>(anonymous, { ...gateway, human_subject_types: ['staff'] })
    await fc.assert(
      fc.asyncProperty(world, asking, doing, id, type, async (index, caller, what, name, claimed) => {
        const asked = (as: string): Request => requestOf({ ...what, agent: name }, { type: as })
        const agent = await decisionOf(worlds[index]!, caller, asked('agent'))
        const person = await decisionOf(worlds[index]!, caller, asked(claimed))
        expect({ outcome: person.outcome, base: person.base }).toEqual({ outcome: agent.outcome, base: agent.base })
      }),
      runs(120),
    )
  })

  it('has something to lower: without it outcomes of every kind come about', async () => {
    const decisions = await Promise.all(EVERY_DOING.map((what) => decisionOf(worlds[0]!, gateway, requestOf(what))))
    expect(new Set(decisions.map(({ outcome }) => outcome))).toEqual(
      new Set(['allow', 'allow_guarded', 'require_approval', 'deny']),
    )
  })
})
