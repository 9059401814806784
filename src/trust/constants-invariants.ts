import type { z } from 'zod'

import type { TRUST_CONSTANTS_SHAPE } from './constants-schema.ts'

type Checked = z.infer<z.ZodObject<typeof TRUST_CONSTANTS_SHAPE>>
const rising = (numbers: readonly number[]): boolean => numbers.every((x, i) => i === 0 || x >= Number(numbers[i - 1]))
const strictlyRising = (numbers: readonly number[]): boolean => numbers.every((x, i) => i === 0 || x > Number(numbers[i - 1]))
const falling = (numbers: readonly number[]): boolean => rising(numbers.map((x) => -x))

/** Each invariant between constants: the member to blame, what must hold, and the test. */
export const TRUST_INVARIANTS: readonly {
  readonly path: keyof Checked
  readonly message: string
  readonly holds: (c: Checked) => boolean
}[] = [
  {
    path: 'half_life_positive_days',
    message: 'must be at most half_life_negative_days, or silence would raise trust',
    holds: (c) => c.half_life_positive_days <= c.half_life_negative_days,
  },
  {
    path: 'anchors',
    message:
      'must start at {failure_bound: 1, trust: 0}, fall strictly in failure_bound, rise strictly in trust and end at trust 1',
    holds: ({ anchors }) =>
      anchors[0]?.failure_bound === 1 &&
      anchors[0].trust === 0 &&
      strictlyRising(anchors.map((a) => -a.failure_bound)) &&
      strictlyRising(anchors.map((a) => a.trust)) &&
      anchors.at(-1)?.trust === 1,
  },
  {
    path: 'freshness',
    message: 'must rise strictly in age_days, never rise in ceiling, and end at ceiling 0',
    holds: ({ freshness }) =>
      strictlyRising(freshness.map((p) => p.age_days)) &&
      falling(freshness.map((p) => p.ceiling)) &&
      freshness.at(-1)?.ceiling === 0,
  },
  {
    path: 'thresholds',
    message: 'must start at 0 and rise strictly',
    holds: ({ thresholds }) => thresholds[0] === 0 && strictlyRising(thresholds),
  },
  {
    path: 'count_min',
    message: 'must not fall with the level',
    holds: (c) => rising(c.count_min),
  },
  {
    path: 'dwell_days',
    message: 'must not fall with the level',
    holds: (c) => rising(c.dwell_days),
  },
  {
    path: 'verifiers_min',
    message: 'must not fall with the level',
    holds: (c) => rising(c.verifiers_min),
  },
  {
    path: 'rate_limit',
    message: 'must fall strictly with the level and be below 1 from level 1 on',
    holds: (c) => strictlyRising(c.rate_limit.map((p) => -p)) && c.rate_limit[1] < 1,
  },
  {
    path: 'severity_bounds',
    message: 'min must be at most max, and at least count_weight_min (a failure may not count less than a success)',
    holds: (c) => c.severity_bounds.min <= c.severity_bounds.max && c.severity_bounds.min >= c.count_weight_min,
  },
  {
    path: 'composition_keep',
    message: 'major must be at most minor',
    holds: ({ composition_keep: keep }) => keep.major <= keep.minor,
  },
  {
    path: 'live_layers',
    message: 'must not name a layer twice',
    holds: (c) => new Set(c.live_layers).size === c.live_layers.length,
  },
  {
    path: 'instrumentation',
    message: 'must not fall from blind over two and three to four',
    holds: ({ instrumentation: i }) => rising([i.blind, i.two, i.three, i.four]),
  },
  {
    path: 'major_caps',
    message: 'must not rise above the band: each cap must be below the threshold of its level (level 0: of level 1)',
    holds: (c) => c.major_caps.every((cap, band) => cap < Number(c.thresholds[Math.max(1, band)])),
  },
  {
    path: 'source_weights',
    message: "an agent's own word (self) and silence must weigh 0",
    holds: ({ source_weights: rho }) => rho.self === 0 && rho.silence === 0,
  },
  {
    path: 'posture',
    message: 'credential_age must rise strictly in age_days and never rise in ceiling, or time would raise trust',
    holds: ({ posture: { credential_age: points } }) =>
      strictlyRising(points.map((p) => p.age_days)) && falling(points.map((p) => p.ceiling)),
  },
  {
    path: 'incident_rules',
    message: 'major_outcome_failure must reach the scope only, and every other class must have a cap',
    holds: ({ incident_rules: rules }) =>
      Object.entries(rules).every(([name, rule]) =>
        name === 'major_outcome_failure' ? rule.reach === 'scope' : rule.cap !== null,
      ),
  },
  {
    path: 'severity_weights',
    message: 'must rise from ambiguous to critical',
    holds: ({ severity_weights: k }) => rising([k.ambiguous, k.minor, k.moderate, k.major, k.critical]),
  },
  {
    path: 'blast_weights',
    message: 'must not fall along a row or down a column: worse harm must not weigh less',
    holds: ({ blast_weights: rows = [] }) =>
      rows.every(rising) && [0, 1, 2].every((column) => rising(rows.map((row) => Number(row[column])))),
  },
]
