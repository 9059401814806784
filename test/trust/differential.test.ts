import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { LAYERS } from '../../src/model/layer.ts'
import { parseTrustEvents } from '../../src/trust/history/events.ts'
import { replay } from '../../src/trust/history/replay.ts'
import { donorsOf, priorsFor } from '../../src/trust/layer/borrowed-evidence.ts'
import { addNegative, addPositive, readLayer } from '../../src/trust/layer/layer.ts'
import { failureLowerBound, failureUpperBound } from '../../src/trust/layer/opinion.ts'
import { phi, phiInverse } from '../../src/trust/score-scale.ts'
import * as reference from './reference-model.mjs'
import type { ReferenceLayer } from './reference-model.mjs'
import { anyAgent, C, CRM, DAY, HOUR, layer, NOW, RUNS, spread } from './support.ts'

const START = Date.parse('2026-01-05T00:00:00Z')
const iso = (ms: number) => new Date(ms).toISOString()
const layers = fc.constantFrom(...LAYERS)

/** A part of a history: some hours later, this happens. `lateHours` dates evidence back. */
const part = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      rounds: fc.integer({ min: 1, max: 60 }),
      weight: fc.constantFrom(0.25, 0.5, 1),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('event' as const),
      layer: layers,
      polarity: fc.constantFrom('positive', 'negative', 'negative'),
      weight: fc.constantFrom(0, 0.15, 0.25, 0.35, 0.5, 1, 2, 3, 5, 10),
      kappa: fc.constantFrom(undefined, 0.1, 0.5, 1, 2, 20, 40),
      lateHours: fc.constantFrom(0, 0, 0, 1, 30, 400),
      blast: fc.constantFrom(undefined, 0, 1, 2, 3),
      reversibility: fc.constantFrom(undefined, 0, 1, 2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('incident' as const),
      id: fc.constantFrom('a', 'b', 'c'),
      cap: fc.constantFrom(0, 0.2, 0.4, 0.69, 1),
      review: fc.constantFrom(undefined, true, false),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('review' as const),
      id: fc.constantFrom('a', 'b', 'c'),
      false_positive: fc.constantFrom(undefined, true, false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('composition' as const), change: fc.constantFrom('major', 'minor') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('promote' as const),
      verifiers: fc.constantFrom(undefined, 0, 1, 2, 3),
      human: fc.constantFrom(undefined, true, false),
    }),
  },
)

const history = fc
  .array(fc.tuple(part, fc.constantFrom(0, 0.5, 3, 24, 170, 1500)), { minLength: 1, maxLength: 40 })
  .map((parts) => {
    const events: unknown[] = []
    let at = START
    for (const [one, hours] of parts) {
      at += hours * HOUR
      if (one.kind === 'run') {
        for (let i = 0; i < one.rounds; i++) {
          at += HOUR
          for (const name of LAYERS) events.push({ layer: name, polarity: 'positive', weight: one.weight, event_time: iso(at) })
        }
      } else if (one.kind === 'event') {
        const { layer: name, polarity, weight, kappa, lateHours, blast, reversibility } = one
        const reach = polarity === 'negative' ? { blast, reversibility } : {}
        events.push({ layer: name, polarity, weight, kappa, ...reach, event_time: iso(at - lateHours * HOUR) })
      } else if (one.kind === 'composition') events.push({ type: 'composition', kind: one.change, at: iso(at) })
      else {
        const { kind, ...event } = one
        events.push({ type: kind, ...event, at: iso(at) })
      }
    }
    return { events, endMs: at }
  })

describe('the product against the reference model', () => {
  it('replays random histories to the same object', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: -5, max: 200 }), ({ events, endMs }, days) => {
        const readAtMs = endMs + days * DAY
        expect(replay(parseTrustEvents(JSON.parse(JSON.stringify(events))), readAtMs, C)).toEqual(
          reference.replay(events, readAtMs),
        )
      }),
      { numRuns: RUNS },
    )
  })

  it('values what was proven since an incident at the time of a weightless success, also where it is read before that', () => {
    const outcome = { layer: 'outcome', polarity: 'positive' }
    const at = (days: number) => iso(START + days * DAY)
    const events = [
      { type: 'incident', id: 'a', cap: 0, at: at(0) },
      { ...outcome, weight: 0.5, event_time: at(1) },
      { ...outcome, weight: 0, event_time: at(8) },
    ]
    const capAt = (days: number): unknown => {
      const ours = replay(parseTrustEvents(events), Date.parse(at(days)), C)
      expect(ours).toEqual(reference.replay(events, Date.parse(at(days))))
      return ours.incident_cap
    }
    // Read at day 3, half a unit has faded as far as at day 8: the count stands at the last event.
    expect([capAt(3), capAt(8), capAt(20)]).toEqual([0.0618, 0.0618, 0.0543])
    // One from before the incident is not about it, and one of another layer counts nowhere.
    for (const more of [
      { ...outcome, weight: 0, event_time: at(-1) },
      { ...outcome, layer: 'context', weight: 0, event_time: at(9) },
    ]) {
      const all = [...events, more]
      expect(replay(parseTrustEvents(all), Date.parse(at(3)), C)).toEqual(reference.replay(all, Date.parse(at(3))))
    }
  })

  it('bounds, φ and its inverse are the same numbers', () => {
    const units = spread(1e6)
    fc.assert(
      fc.property(units, units, spread(1.1), (r, s, x) => {
        expect(failureUpperBound(r, s, 3)).toBe(reference.failUpper(r, s))
        expect(failureLowerBound(r, s, 3)).toBe(reference.failLower(r, s))
        expect(phi(x, C)).toBe(reference.phi(x))
        expect(phiInverse(x, C)).toBe(reference.phiInv(x))
      }),
      { numRuns: RUNS },
    )
  })

  it('layers take evidence alike, and read alike with borrowed evidence', () => {
    const event = fc.record({
      positive: fc.boolean(),
      weight: spread(12),
      hours: fc.integer({ min: 0, max: 9000 }),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let ours = layer(0, 0, {}, 0)
        let theirs: ReferenceLayer = reference.newLayer()
        for (const { positive, weight, hours } of events) {
          const at = NOW - hours * HOUR
          ours = positive ? addPositive(ours, { weight, eventTimeMs: at }, C) : addNegative(ours, { weight, eventTimeMs: at }, C)
          theirs = reference.addEvidence(theirs, positive, weight, at)
        }
        const found = readLayer(ours, { r: 3, s: 1, tpMs: NOW - 10 * DAY }, NOW, C)
        const want = reference.layerTrust(theirs, NOW, undefined, { r: 3, s: 1, tp: NOW - 10 * DAY })
        expect([found.trust, found.evidence, found.heat, found.fresh, found.r, found.s]).toEqual([
          want.T,
          want.ev,
          want.heat,
          want.fresh,
          want.r,
          want.s,
        ])
      }),
      { numRuns: RUNS },
    )
  })

  it('a scope borrows what the reference says', () => {
    fc.assert(
      fc.property(anyAgent, (agent) => {
        const own = priorsFor(donorsOf(agent, NOW, C), CRM, C).outcome
        const others = Object.entries(agent.scopes)
          .filter(([key]) => key !== CRM)
          .map(
            ([
              ,
              {
                layers: { outcome: o },
              },
            ]) => ({ r: o.r, s: o.s, q: o.q, t: o.tMs, tp: o.tpMs ?? -Infinity, tn: o.tnMs ?? -Infinity }),
          )
        const want = reference.backoff(others, NOW)
        expect([own.r, own.s, own.tpMs ?? -Infinity]).toEqual([want.r, want.s, want.tp])
      }),
      { numRuns: RUNS },
    )
  })
})
