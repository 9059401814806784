import { describe, expect, it } from 'vitest'

import { addIncident } from '../../src/trust/incidents.ts'
import { promoteScope, type PromotionRequest } from '../../src/trust/promotion.ts'
import { type Ladder, scopeOf, withScope } from '../../src/trust/stored-trust.ts'
import { agentAt, C, DAY, MAIL, NOW } from './support.ts'

const READY: Partial<Ladder> = { k: 1000, e: 5, sinceMs: NOW - 30 * DAY }
const REQUEST: PromotionRequest = { nowMs: NOW, verifiers: 3, human: true }
const OPEN = { id: 'i', class: 'other', reach: 'agent', cap: 1, review: true, atMs: NOW } as const

/** Everything that L4 asks for, but for what is said. */
function tried(more: {
  readonly ladder?: Partial<Ladder>
  readonly request?: Partial<PromotionRequest>
  readonly r?: number
  readonly open?: boolean
}): readonly string[] {
  const solid = agentAt(3, more.r ?? 1000)
  const troubled = more.open === true ? addIncident(solid, OPEN, C).agent : solid
  const scope = scopeOf(troubled, MAIL)
  const agent = withScope(troubled, MAIL, { ...scope, ladder: { ...scope.ladder, ...READY, ...more.ladder } })
  const promotion = promoteScope(agent, MAIL, { ...REQUEST, ...more.request }, C)
  return promotion.kind === 'promoted' ? ['promoted'] : promotion.failed.map(({ gate }) => gate)
}

describe('one gate that is not passed keeps the rung closed', () => {
  it('where all are passed the rung is given', () => {
    expect(tried({})).toEqual(['promoted'])
  })

  it.each([
    ['incident', { open: true }],
    ['score', { request: { ceilings: [{ source: 'posture', value: 0.89 }] } }],
    ['conflict', { request: { conflict: 0.31 } }],
    ['verifiers', { request: { verifiers: 2 } }],
    ['count', { ladder: { k: 999 } }],
    ['evidence', { ladder: { e: 4.6 } }],
    ['dwell', { ladder: { sinceMs: NOW - 30 * DAY + 1 } }],
    ['human', { request: { human: false } }],
  ])('the gate "%s" alone', (gate, more) => {
    expect(tried(more)).toEqual([gate])
  })

  it('a layer under the threshold fails consensus and score together', () => {
    expect(tried({ r: 200 })).toEqual(['score', 'consensus'])
  })

  it.each([
    ['one strike: the score has to be higher', { ladder: { strikes: 1, struckAtMs: NOW - DAY, e: 9 }, r: 320 }, ['score']],
    ['one strike: the evidence has to be stronger', { ladder: { strikes: 1, struckAtMs: NOW - DAY } }, ['evidence']],
    ['a second strike: the count doubles', { ladder: { strikes: 2, struckAtMs: NOW - DAY, e: 9 } }, ['count']],
    ['what earned the level before is asked again', { ladder: { kGrant: [0, 5, 20, 50, 1200] } }, ['count']],
    ['strikes are forgotten after 180 days', { ladder: { strikes: 3, struckAtMs: NOW - 181 * DAY } }, ['promoted']],
  ] as const)('%s', (_, more, failed) => {
    expect(tried(more)).toEqual(failed)
  })
})
