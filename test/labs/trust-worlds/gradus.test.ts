import { describe, expect, it } from 'vitest'

import { DAY_MS } from '../../../src/format/time.ts'
import { type Ablation, createGradus } from '../../../src/labs/trust-worlds/gradus.ts'
import type { Label, SimulatedPolicy } from '../../../src/labs/trust-worlds/policy.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../../src/trust/default-constants.ts'

const HOUR_MS = DAY_MS / 24

type Earned = { readonly policy: SimulatedPolicy; readonly atMs: number; readonly next: () => number }

/** An agent with `days` of so many clean low and medium actions each, each seen by every layer. */
function earned(days: number, ablation: Ablation = {}, perDay = 20): Earned {
  const policy = createGradus(DEFAULT_TRUST_CONSTANTS, ablation)
  let action = 0
  const next = (): number => ++action
  for (let at = 0; at < perDay * days; at++) {
    const atMs = Math.round((at * DAY_MS) / perDay)
    policy.advance(atMs)
    for (const band of ['low', 'medium'] as const) report(policy, { action: next(), band, atMs })
  }
  return { policy, atMs: days * DAY_MS, next }
}

type What = Pick<Label, 'action' | 'band' | 'atMs'> & Partial<Label>

function report(policy: SimulatedPolicy, { action, band, atMs, ...more }: What): void {
  const subject = { action, band, stake: 'executed', decidedAtMs: atMs } as const
  const seen = { ...subject, atMs, source: 'deterministic', bad: false } as const
  for (const layer of ['identity', 'behaviour', 'context'] as const) policy.hear({ ...seen, layer, class: 'clean', by: layer })
  policy.hear({ ...seen, layer: 'outcome', class: 'validated', by: `verifier-${action % 3}`, ...more })
}

const alone = (policy: SimulatedPolicy, atMs: number): readonly boolean[] =>
  (['low', 'medium'] as const).map((band) => policy.decide(band, atMs).standing.startsWith('allow'))

describe('the product in the simulation', () => {
  it('grants autonomy to what is proven, never to high risk, and reads from the first day', () => {
    const fresh = createGradus(DEFAULT_TRUST_CONSTANTS)
    expect([fresh.decide('read', 0).outcome, fresh.decide('low', 0).outcome]).toEqual(['allow_guarded', 'deny'])
    const { policy, atMs } = earned(15)
    expect(alone(policy, atMs)).toEqual([true, true])
    expect(policy.decide('high', atMs).outcome).toBe('require_approval')
  })

  it('caps at an injection at once, and gives nothing back before a review and new evidence', () => {
    const { policy, atMs, next } = earned(15)
    policy.injection(atMs)
    policy.injection(atMs)
    expect(alone(policy, atMs)).toEqual([false, false])
    const later = atMs + DAY_MS
    for (let at = 0; at < 100; at++) report(policy, { action: next(), band: 'low', atMs: later + at })
    expect(alone(policy, later + HOUR_MS)).toEqual([false, false])
    policy.reviewed(later + HOUR_MS)
    policy.reviewed(later + HOUR_MS)
    expect(alone(policy, later + HOUR_MS)).toEqual([false, false])
  })

  it('lets one agent heat reach the other scope, and not where that is left out', () => {
    const medium = ({ policy, atMs, next }: Earned): boolean | undefined => {
      for (let at = 0; at < 6; at++)
        report(policy, { action: next(), band: 'low', atMs: atMs + 2 * at * HOUR_MS, class: 'rolled_back', bad: true })
      return alone(policy, atMs + 12 * HOUR_MS)[1]
    }
    expect(medium(earned(15))).toBe(false)
    expect(medium(earned(15, { withoutAgentHeat: true }))).toBe(true)
  })

  it('waits for the e-process before it promotes, and not where that is left out', () => {
    // 8 a day: the third rung's dwell and count are over on day 11, its 97 clean actions only on day 16.
    const proven = earned(13, {}, 8)
    const waived = earned(13, { withoutEvidenceGate: true }, 8)
    expect([alone(proven.policy, proven.atMs)[0], alone(waived.policy, waived.atMs)[0]]).toEqual([false, true])
  })

  it('asks a person while too many of its own actions are open, until they are verified or their time is over', () => {
    const { policy, atMs } = earned(15)
    for (let at = 0; at < 200; at++) policy.ran({ action: 10_000 + at, band: 'low', stake: 'executed', decidedAtMs: atMs })
    policy.ran({ action: 20_000, band: 'read', stake: 'read', decidedAtMs: atMs })
    expect(policy.decide('low', atMs)).toEqual({ standing: 'allow_guarded', outcome: 'require_approval' })
    expect(policy.decide('medium', atMs).outcome).toBe('allow_guarded')
    for (let at = 0; at < 200; at++) report(policy, { action: 10_000 + at, band: 'low', atMs: atMs + 1 })
    expect(policy.decide('low', atMs + 1).outcome).toBe('allow_guarded')
  })

  it('holds autonomy back while fewer than half of its actions are verified', () => {
    const { policy, atMs } = earned(15)
    for (let at = 0; at < 600; at++) policy.ran({ action: 10_000 + at, band: 'low', stake: 'executed', decidedAtMs: atMs })
    policy.advance(atMs + 2 * DAY_MS)
    expect(alone(policy, atMs + 2 * DAY_MS)).toEqual([false, true])
  })

  it('makes failures of one source beyond its hour wait, caps meanwhile, and counts them once a person has looked', () => {
    const { policy, atMs, next } = earned(15)
    for (let at = 0; at < 8; at++)
      report(policy, { action: next(), band: 'low', atMs: atMs + at, class: 'failed', bad: true, by: 'verifier-1' })
    expect(alone(policy, atMs + 10)[0]).toBe(false)
    policy.advance(atMs + 2 * DAY_MS)
    expect(alone(policy, atMs + 2 * DAY_MS)[0]).toBe(false)
  })

  it('believes one complainer little, and a new name knows nothing of the old', () => {
    const { policy, atMs, next } = earned(15)
    for (let at = 0; at < 60; at++)
      report(policy, {
        action: next(),
        band: 'low',
        atMs: atMs + at,
        class: 'dissatisfied',
        bad: true,
        by: 'hater',
        source: 'human',
      })
    policy.advance(atMs + 2 * DAY_MS)
    expect(alone(policy, atMs + 2 * DAY_MS)[0]).toBe(true)
    policy.renamed()
    expect(policy.decide('low', atMs + 2 * DAY_MS).outcome).toBe('deny')
  })
})
