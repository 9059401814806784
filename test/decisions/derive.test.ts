import { describe, expect, it } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { derive } from '../../src/decisions/derive.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import type { Question } from '../../src/decisions/rules/ask-policies.ts'
import type { Request } from '../../src/model/request.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { classificationOf, isSensitive } from '../../src/risk/classification.ts'
import { anonymous, ask, gateway, inTenant, request, type RequestParts } from '../support/callers.ts'
import { shippedPolicySet, testService } from '../support/test-service.ts'

/** What the base was given for a request. */
async function toldBase(
  asked: Request,
  caller: Caller,
  question: Partial<Question> = {},
  input: 'gradus' | 'request' = 'gradus',
) {
  const shipped = await shippedPolicySet()
  const told: unknown[] = []
  const policySet: PolicySet = {
    ...shipped,
    settings: { ...shipped.settings, base: { ...shipped.settings.base, input } },
    base: {
      ...shipped.base,
      evaluate: (_entrypoint, given) => {
        told.push(given)
        return { kind: 'value', value: true }
      },
    },
  }
  const tested = await testService()
  const facts = await tested.store.read([], (view) =>
    gatherFacts(requestContext({ request: asked, caller: caller, policySet: policySet, atMs: tested.clock.nowMs() }), view),
  )
  await derive({ question: { request: asked, entrypoint: 'rbac/decision', ...question }, facts: facts, policySet })
  return told[0]
}

describe('the classification of what is touched', () => {
  const levels = ['public', 'internal', 'personal', 'confidential', 'restricted'] as const
  const said = [undefined, ...levels, 'top secret', 7, null] as const
  const height = (word: unknown): number =>
    word === undefined ? -1 : Math.max(levels.indexOf(word as never), levels.includes(word as never) ? 0 : 4)

  it('is the highest of what catalogue, resource and context say; a word that is none of ours is the highest of all', () => {
    for (const ofTool of [null, ...levels])
      for (const ofResource of said)
        for (const ofContext of said) {
          const asked = request('a', 'read', {
            resource: {
              type: 'file',
              id: 'f',
              ...(ofResource === undefined ? {} : { properties: { classification: ofResource } }),
            },
            ...(ofContext === undefined ? {} : { context: { classification: ofContext } }),
          })
          const highest = Math.max(height(ofTool ?? 'internal'), height(ofResource), height(ofContext))
          const found = classificationOf(asked, { classification: ofTool })
          expect(found).toBe(levels[highest])
          expect(isSensitive(found)).toBe(highest >= 2)
        }
  })

  it('stated in the context closes data to level 0, as stated for the resource', async () => {
    const { service } = await testService()
    const read = async (parts: RequestParts) =>
      (await service.evaluate(gateway, ask('operations-agent', 'read_metrics', parts))).outcome
    expect(await read({})).toBe('allow_guarded')
    expect(await read({ resource: { type: 'service', id: 's', properties: { classification: 'personal' } } })).toBe('deny')
    expect(await read({ context: { classification: 'personal' } })).toBe('deny')
  })
})

describe('the deviations of a tenant', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('called "%s" are its own or none', async (tenant) => {
    const { service } = await testService()
    const asked = () => ask('support-agent', 'tag_email')
    const plain = await service.evaluate(inTenant(gateway, 'plain'), asked())
    const odd = await service.evaluate(inTenant(gateway, tenant), asked())
    expect({ outcome: odd.outcome, ceilings: odd.ceilings }).toEqual({ outcome: plain.outcome, ceilings: plain.ceilings })
  })
})

describe('the subject that the base is told', () => {
  const person = request('grace', 'read_metrics', { subject: { type: 'user', id: 'grace' } })

  it.each([
    ['proven', gateway, 'user', 'user'],
    ['only claimed', anonymous, 'user', 'agent'],
    ['of a type this caller does not vouch for', gateway, 'employee', 'agent'],
    ['a service', anonymous, 'service', 'service'],
    ['an agent', anonymous, 'agent', 'agent'],
  ])('as a human is one that is %s', async (_how, caller, type, told) => {
    for (const input of ['gradus', 'request'] as const) {
      const asked = request('grace', 'read_metrics', { subject: { type, id: 'grace' } })
      expect(await toldBase(asked, caller, {}, input)).toMatchObject({ subject: { type: told, id: 'grace' } })
    }
  })

  it('of a foreign input is whom that input names: it is passed on as it came', async () => {
    const baseInput = { user: 'grace', method: 'GET' }
    expect(await toldBase(person, anonymous, { baseInput }, 'request')).toEqual(baseInput)
  })
})
