import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { DEFAULT_TRUST_CONSTANTS as C } from '../../src/trust/default-constants.ts'
import { parseTrustEvents } from '../../src/trust/history/events.ts'
import { replay } from '../../src/trust/history/replay.ts'
import { failureUpperBound, fusedOpinion, opinionOf } from '../../src/trust/layer/opinion.ts'
import { bandOf, phi, publish } from '../../src/trust/score-scale.ts'
import { replay as referenceReplay } from './reference-model.mjs'

type Static = {
  name: string
  r: number
  s: number
  failure_bound: number
  trust: number
  band: number
  opinion: Record<string, number>
}
type History = { id: string; events: unknown[]; read_at: string; expect: Record<string, unknown> }
const vectors = JSON.parse(readFileSync(new URL('../data/trust-vectors.json', import.meta.url), 'utf8')) as {
  static: Static[]
  sequences: History[]
  histories: History[]
}

describe('the trust vectors', () => {
  it('are all there', () => {
    expect([vectors.static.length, vectors.sequences.length, vectors.histories.length]).toEqual([8, 40, 10])
  })

  it.each(vectors.static)('static: $name', ({ r, s, failure_bound, trust, band, opinion }) => {
    const bound = failureUpperBound(r, s, C.prior_units)
    expect(bound).toBeCloseTo(failure_bound, 14)
    expect(publish(phi(bound, C))).toBe(trust)
    expect(bandOf(publish(phi(bound, C)), C)).toBe(band)
    const found = opinionOf(r, s, C.prior_units)
    for (const part of ['b', 'd', 'u'] as const) expect(found[part]).toBeCloseTo(opinion[part] ?? NaN, 14)
  })

  it.each([...vectors.sequences, ...vectors.histories])(
    '$id replays to the expected object',
    ({ events, read_at, expect: want }) => {
      const got: Record<string, unknown> = replay(parseTrustEvents(events), Date.parse(read_at), C)
      expect(Object.fromEntries(Object.keys(want).map((key) => [key, got[key]]))).toEqual(want)
      expect(JSON.stringify(got)).toBe(JSON.stringify(referenceReplay(events, Date.parse(read_at))))
    },
  )
})

describe('weighted belief fusion', () => {
  it('comes to the published numbers', () => {
    const fused = fusedOpinion([
      { b: 0.1, d: 0.3, u: 0.6 },
      { b: 0.4, d: 0.2, u: 0.4 },
      { b: 0.7, d: 0.1, u: 0.2 },
    ])
    expect([fused.b, fused.d, fused.u].map((each) => Math.round(each * 1_000) / 1_000)).toEqual([0.562, 0.146, 0.292])
  })

  it('knows nothing where nobody knows anything', () => {
    expect(fusedOpinion([opinionOf(0, 0, 3), opinionOf(0, 0, 3)])).toEqual({ b: 0, d: 0, u: 1 })
    expect(fusedOpinion([])).toEqual({ b: 0, d: 0, u: 1 })
  })
})
