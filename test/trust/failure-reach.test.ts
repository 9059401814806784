import { readFileSync } from 'node:fs'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { canonicalJson } from '../../src/format/canonical-json.ts'
import { TrustConstants } from '../../src/trust/constants.ts'
import { resolveTrustConstants } from '../../src/trust/default-constants.ts'
import { parseTrustEvents } from '../../src/trust/history/events.ts'
import { replay } from '../../src/trust/history/replay.ts'
import { negativeWeight, reachFactor, severityOf, type ToldFailure } from '../../src/trust/layer/evidence-weight.ts'
import * as reference from './reference-model.mjs'
import { C, DAY, RUNS } from './support.ts'

type Failure = Parameters<typeof reference.failureWeight>[0] & { readonly kappa: number; readonly weight: number }
type History = { id: string; events: unknown[]; read_at: string; expect: Record<string, unknown> }
const vectors = JSON.parse(readFileSync(new URL('../data/trust-vectors.json', import.meta.url), 'utf8')) as {
  readonly failures: readonly Failure[]
  readonly reach: readonly History[]
}
const SEVERITIES = ['ambiguous', 'minor', 'moderate', 'major', 'critical'] as const
const REACHES = [0, 1, 2, 3].flatMap((blast) => [0, 1, 2].map((reversibility) => ({ blast, reversibility })))
type Reach = (typeof REACHES)[number]
const reach = fc.constantFrom(...REACHES)
const told = (severity: ToldFailure['severity'], of: Reach, selfFlagged = false): ToldFailure => ({
  severity,
  reach: of,
  selfFlagged,
})
const isAtLeast = (a: Reach, b: Reach): boolean => a.blast >= b.blast && a.reversibility >= b.reversibility

/** Any table that the schema takes: each factor is at least 1 and those above and to the left of it. */
const anyTable = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 12, maxLength: 12 }).map((steps) => {
  const rows = [0, 1, 2, 3].map(() => [1, 1, 1])
  for (const { blast, reversibility } of REACHES) {
    const least = Math.max(rows[blast - 1]?.[reversibility] ?? 1, rows[blast]![reversibility - 1] ?? 1)
    rows[blast]![reversibility] = Math.min(10, least + steps[blast * 3 + reversibility]!)
  }
  return TrustConstants.parse({ ...C, blast_weights: rows })
})

describe('the reach of a failure', () => {
  it('never makes it lighter, and more of it never weighs less, whatever the table', () => {
    fc.assert(
      fc.property(
        anyTable,
        fc.constantFrom(...SEVERITIES),
        reach,
        reach,
        fc.boolean(),
        (constants, severity, one, other, flagged) => {
          const [a, b] = [one, other].map((each) => severityOf(told(severity, each, flagged), constants)) as [number, number]
          const bare = severityOf(told(severity, { blast: 0, reversibility: 0 }, flagged), {
            ...constants,
            blast_weights: undefined,
          })
          expect(reachFactor(one, constants)).toBeGreaterThanOrEqual(1)
          expect(a).toBeGreaterThanOrEqual(bare)
          if (isAtLeast(one, other)) expect(a).toBeGreaterThanOrEqual(b)
        },
      ),
      { numRuns: RUNS },
    )
  })

  it('makes a minor failure at blast radius 2 weigh at least one and a half times one at 0', () => {
    for (const reversibility of [0, 1, 2])
      for (const before of [0, 1, 2]) {
        const worse = severityOf(told('minor', { blast: 2, reversibility }), C)
        expect(worse).toBeGreaterThanOrEqual(1.5 * severityOf(told('minor', { blast: 0, reversibility: before }), C))
      }
  })

  it('leaves the order of severities: what is told as worse always wins', () => {
    for (const of of REACHES) {
      const ordered = SEVERITIES.map((severity) => severityOf(told(severity, of), C))
      expect(ordered).toEqual(ordered.toSorted((a, b) => a - b))
      expect(new Set(ordered).size).toBe(ordered.length)
    }
  })

  it('says nothing of a complaint that nobody bears out', () => {
    for (const of of REACHES) expect(severityOf(told('ambiguous', of), C)).toBe(0.5)
  })

  it('that is in no table is the worst', () => {
    const outside = { blast: 4, reversibility: 0 }
    expect([outside, { blast: 1, reversibility: 3 }, { blast: NaN, reversibility: NaN }].map((of) => reachFactor(of, C))).toEqual(
      [2, 1.5, 2.5],
    )
  })

  it('counts 1 everywhere in constants of before, which have no table', () => {
    const before = Object.fromEntries(Object.entries(C).filter(([name]) => name !== 'blast_weights'))
    const archived = TrustConstants.parse(before)
    expect(canonicalJson(archived)).toBe(canonicalJson(before))
    for (const of of REACHES) expect([reachFactor(of, archived), severityOf(told('moderate', of), archived)]).toEqual([1, 2])
  })

  it.each([
    [
      'a factor below 1',
      [
        [0.9, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ],
    ],
    [
      'a factor above 10',
      [
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 11],
      ],
    ],
    [
      'a row that falls',
      [
        [1, 1, 1],
        [1, 1.5, 1.2],
        [1, 2, 2],
        [1, 2, 2],
      ],
    ],
    [
      'a column that falls',
      [
        [1, 1, 1],
        [1, 1, 2],
        [1, 1, 1.5],
        [1, 1, 2],
      ],
    ],
    [
      'a row too few',
      [
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ],
    ],
  ])('is not configured with %s', (_, blast_weights) => {
    expect(TrustConstants.safeParse({ ...C, blast_weights }).error?.issues[0]?.path[0]).toBe('blast_weights')
  })

  it('is configured as a whole table', () => {
    const flat = [
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
      [4, 4, 4],
    ] as const
    const constants = resolveTrustConstants({ blast_weights: flat })
    expect(severityOf(told('minor', { blast: 3, reversibility: 0 }), constants)).toBe(4)
  })
})

describe('the published vectors of failures by reach', () => {
  it('are all there', () => {
    expect([vectors.failures.length, vectors.reach.length]).toEqual([76, 8])
  })

  it.each(vectors.failures)(
    '$severity by $source on $stake, blast $blast, irreversibility $irreversibility',
    ({ kappa, weight, ...failure }) => {
      const {
        severity,
        source,
        stake,
        self_flagged: selfFlagged = false,
        blast,
        irreversibility,
      } = failure as Failure & {
        severity: ToldFailure['severity']
        source: 'human'
        stake: 'executed'
      }
      const found = severityOf({ severity, selfFlagged, reach: { blast, reversibility: irreversibility } }, C)
      expect([found, negativeWeight({ source, stake }, found, C)]).toEqual([kappa, weight])
      expect(reference.failureWeight(failure)).toEqual({ kappa, weight })
    },
  )

  it.each(vectors.reach)('$id replays to the expected object', ({ events, read_at, expect: want }) => {
    expect(replay(parseTrustEvents(events), Date.parse(read_at), C)).toEqual(want)
    expect(reference.replay(events, Date.parse(read_at))).toEqual(want)
  })
})

describe('a history', () => {
  const start = Date.parse('2026-01-05T00:00:00Z')
  const event = fc.record({
    layer: fc.constantFrom('identity', 'behaviour', 'context', 'outcome'),
    failed: fc.constantFrom(true, false, false),
    weight: fc.constantFrom(0.5, 1, 2, 5),
    kappa: fc.constantFrom(undefined, 0.5, 1, 2),
    hours: fc.integer({ min: 0, max: 60 }),
    reach,
    worse: reach,
  })

  it('P26 a failure that reached further, or is harder to undo, never leaves a higher score', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), fc.integer({ min: 0, max: 40 }), (parts, days) => {
        let atMs = start
        const [lighter, heavier] = [[], []] as [unknown[], unknown[]]
        for (let hour = 0; hour < 60; hour++)
          for (const layer of ['identity', 'behaviour', 'context', 'outcome'])
            for (const events of [lighter, heavier])
              events.push({
                layer,
                polarity: 'positive',
                weight: 1,
                event_time: new Date((atMs = start + (hour * DAY) / 24)).toISOString(),
              })
        for (const { layer, failed, weight, kappa, hours, reach: of, worse } of parts) {
          atMs += (hours * DAY) / 24
          const common = {
            layer,
            polarity: failed ? 'negative' : 'positive',
            weight,
            kappa,
            event_time: new Date(atMs).toISOString(),
          }
          const most = { blast: Math.max(of.blast, worse.blast), reversibility: Math.max(of.reversibility, worse.reversibility) }
          lighter.push(failed ? { ...common, ...of } : common)
          heavier.push(failed ? { ...common, ...most } : common)
        }
        const [a, b] = [lighter, heavier].map((events) => replay(parseTrustEvents(events), atMs + days * DAY, C))
        expect(b!.trust).toBeLessThanOrEqual(a!.trust)
        expect(b!.agent_heat_ceiling).toBeLessThanOrEqual(a!.agent_heat_ceiling)
      }),
      { numRuns: RUNS },
    )
  })

  it('says of its failures alone how far they reached', () => {
    const at = '2026-01-05T00:00:00Z'
    const one = { layer: 'outcome', weight: 1, event_time: at }
    expect(() => parseTrustEvents([{ ...one, polarity: 'positive', blast: 1 }])).toThrow('a success has no reach')
    expect(() => parseTrustEvents([{ ...one, polarity: 'positive', reversibility: 1 }])).toThrow('event 0, blast')
    expect(() => parseTrustEvents([{ ...one, polarity: 'negative', blast: 4 }])).toThrow('event 0, blast')
    expect(() => parseTrustEvents([{ ...one, polarity: 'negative', reversibility: 0.5 }])).toThrow('event 0, reversibility')
  })
})
