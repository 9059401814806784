import { describe, expect, it } from 'vitest'

import { drawScope } from '../../src/cli/trust/draw.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { scopeTrust } from '../../src/trust/scope-trust-answer.ts'
import { newAgentTrust, scopeOf, type ScopeTrust, withScope } from '../../src/trust/stored-trust.ts'

const SCOPE = 'communication:full'

/** What is drawn of the record of a scope. */
function recordOf(track: ScopeTrust['track']): readonly string[] {
  const agent = newAgentTrust()
  const trusted = withScope(agent, SCOPE, { ...scopeOf(agent, SCOPE), track })
  const view = scopeTrust(trusted, SCOPE, { nowMs: 0 }, DEFAULT_TRUST_CONSTANTS)
  const lines = drawScope({ ...view, days: [] }, (_, text) => text, DEFAULT_TRUST_CONSTANTS.thresholds).split('\n')
  return lines.map((line) => line.trim()).filter((line) => /^(record|noticed|blast) /u.test(line))
}

describe('the track record of a scope', () => {
  it('is drawn as the file of an agent writes it, with failures noticed and how far they reached', () => {
    expect(recordOf({ good: 23, bad: 5, selfFlagged: 2, failuresByBlastRadius: [1, 3, 0, 1] })).toEqual([
      'record      23/28 correct (82.1%)',
      'noticed     40 % of its failures it reported itself',
      'blast       failures that reached: 1 nothing else, 3 one record, 1 the organisation or money',
    ])
  })
  it('says of no failures only that there was none', () => {
    expect(recordOf({ good: 5, bad: 0, selfFlagged: 0, failuresByBlastRadius: [0, 0, 0, 0] })).toEqual([
      'record      5/5 correct (100.0%)',
    ])
  })
  it('is insufficient data where nothing was verified', () => {
    expect(recordOf({ good: 0, bad: 0, selfFlagged: 0, failuresByBlastRadius: [0, 0, 0, 0] })).toEqual([
      'record      insufficient_data',
    ])
  })
})

it('a score is coloured by the thresholds in force', () => {
  const agent = newAgentTrust()
  const view = { ...scopeTrust(agent, SCOPE, { nowMs: 0 }, DEFAULT_TRUST_CONSTANTS), score: 0.6, days: [] }
  const [first] = drawScope(view, (style, text) => `${style}:${text}`, [0, 0.3, 0.5, 0.7, 0.9]).split('\n')
  const [other] = drawScope(view, (style, text) => `${style}:${text}`, [0, 0.3, 0.5, 0.6, 0.9]).split('\n')
  expect([first, other]).toEqual([expect.stringContaining('yellow:0.6000'), expect.stringContaining('green:0.6000')])
})
