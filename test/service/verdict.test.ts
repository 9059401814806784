import { describe, expect, it } from 'vitest'

import type { Documents, DocumentKey, DocumentKind, Verdicts } from '../../src/model/documents.ts'
import { documentName } from '../../src/model/documents.ts'
import type { Effect } from '../../src/model/effect.ts'
import { OUTCOME_CLASSES, type Gravity, type OutcomeClass } from '../../src/model/outcome-classes.ts'
import { DEFAULT_TRUST_CONSTANTS, type EvidenceSource } from '../../src/model/trust-constants.ts'
import { project, type ProjectionState } from '../../src/service/projection.ts'
import { weigh, type Judged, type Verdict } from '../../src/service/verdict.ts'
import { START_MS } from '../support/test-service.ts'

const constants = DEFAULT_TRUST_CONSTANTS
const judged: Judged = {
  decision_id: 'd',
  agent: 'a',
  scope: 'crm:full',
  stake: 'executed',
  earns: true,
  blast: 1,
  delegators: ['b'],
  decided_at_ms: START_MS,
}
const verdictKey = { kind: 'verdicts', tenant: 'default', id: 'd' } as const

function memory(): ProjectionState & { readonly verdicts: () => Verdicts | undefined } {
  const documents = new Map<string, Documents[DocumentKind]>()
  const document = <K extends DocumentKind>(key: DocumentKey<K>): Documents[K] | undefined =>
    documents.get(documentName(key)) as Documents[K] | undefined
  return {
    document,
    put: (key, value) => void documents.set(documentName(key), value),
    constants: () => constants,
    useConstants: () => undefined,
    verdicts: () => document(verdictKey),
  }
}

type Said = { readonly source: EvidenceSource; readonly class: OutcomeClass; readonly by?: string; readonly atMs?: number }
function verdict({ source, class: of, by, atMs }: Said): Verdict {
  const gravity: Gravity = OUTCOME_CLASSES[of]
  return { layer: 'outcome', class: of, gravity, source, by: by ?? source, event_time_ms: atMs ?? START_MS }
}

/** Weighs verdicts one after the other, each on what the ones before left. */
function hear(verdicts: readonly Said[], about: Judged = judged) {
  const state = memory()
  const effects: Effect[] = []
  for (const [index, said] of verdicts.entries()) {
    const weighed = weigh(about, verdict(said), state.verdicts(), constants)
    project(weighed.effects, START_MS + index, 'default', state)
    effects.push(...weighed.effects)
  }
  return { effects, state, agent: state.document({ kind: 'agent', tenant: 'default', id: 'a' }) }
}

/** What verdicts came to: units of good and bad evidence, and how often the ladder counted. */
function sums(effects: readonly Effect[]) {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const evidence = effects.filter((effect) => effect.kind === 'evidence')
  const weights = (polarity: string): number[] =>
    evidence.filter((each) => each.polarity === polarity).map(({ weight }) => weight)
  const taken = effects.filter((effect) => effect.kind === 'take_back').map(({ weight }) => weight)
  return {
    good: sum(weights('positive')) - sum(taken),
    bad: sum(weights('negative')),
    delegated: sum(effects.filter((effect) => effect.kind === 'delegator').map(({ weight }) => weight)),
    counts: evidence.filter((each) => each.polarity === 'negative' && each.counts).length,
  }
}

const SOURCES = ['deterministic', 'human', 'end_user', 'llm_judge', 'self'] as const
const CLASSES = Object.keys(OUTCOME_CLASSES) as OutcomeClass[]
const KAPPA = { ambiguous: 0.5, minor: 1, moderate: 2, major: 5, critical: 10 } as const
const RHO = { deterministic: 1, human: 0.8, end_user: 0.5, llm_judge: 0.3, self: 0 } as const

/** The rules, slow and obvious: the largest positive unless a fact stands against it, and the largest negative. */
function expected(verdicts: readonly Said[]) {
  let flagged = false
  let good = 0
  let bad = 0
  let fact = false
  for (const { source, class: of } of verdicts) {
    const gravity = OUTCOME_CLASSES[of]
    if (gravity === 'none') continue
    if (gravity === 'positive') {
      if (!fact) good = Math.max(good, RHO[source as keyof typeof RHO])
      continue
    }
    if (source === 'self') {
      flagged = true
      continue
    }
    const kappa = gravity === 'minor' && flagged ? 0.75 : KAPPA[gravity]
    bad = Math.max(bad, Math.max(RHO[source as keyof typeof RHO], 0.5) * kappa)
    if (gravity !== 'ambiguous') {
      fact = true
      good = 0
    }
  }
  return { good, bad, delegated: bad }
}

describe('every pair of verdicts on one decision', () => {
  const all = SOURCES.flatMap((source) => CLASSES.map((of): Said => ({ source, class: of })))

  it('comes to the largest positive, or none beside a fact, and to the largest negative', () => {
    for (const first of all)
      for (const second of all) {
        const pair = [first, { ...second, by: `${second.source}-2` }]
        const { counts, ...found } = sums(hear(pair).effects)
        const want = expected(pair)
        const close = (['good', 'bad', 'delegated'] as const).every((member) => Math.abs(found[member] - want[member]) < 1e-9)
        if (!close) expect({ pair, ...found }).toEqual({ pair, ...want })
        expect(counts).toBe(want.bad > 0 ? 1 : 0)
      }
  })
})

describe('one verdict', () => {
  it.each([
    ['a success by a check', { source: 'deterministic', class: 'validated' }, { good: 1, bad: 0 }],
    ['a success by a person', { source: 'human', class: 'approved' }, { good: 0.8, bad: 0 }],
    ['a success by a judge', { source: 'llm_judge', class: 'succeeded' }, { good: 0.3, bad: 0 }],
    ["the agent's own success", { source: 'self', class: 'validated' }, { good: 0, bad: 0 }],
    ['silence', { source: 'deterministic', class: 'no_feedback' }, { good: 0, bad: 0 }],
    ['a complaint', { source: 'end_user', class: 'dissatisfied' }, { good: 0, bad: 0.25 }],
    ['a correction', { source: 'human', class: 'corrected' }, { good: 0, bad: 0.8 }],
    ['a rollback', { source: 'deterministic', class: 'rolled_back' }, { good: 0, bad: 2 }],
    ['harm', { source: 'deterministic', class: 'harmful' }, { good: 0, bad: 5 }],
    ['critical harm', { source: 'llm_judge', class: 'critical_harm' }, { good: 0, bad: 5 }],
    ["the agent's own failure", { source: 'self', class: 'failed' }, { good: 0, bad: 0 }],
  ] as const)('%s', (_what, said, want) => {
    expect(sums(hear([said]).effects)).toMatchObject(want)
  })

  it('of an action that the catalogue does not know never earns, and still costs', () => {
    const unknown = { ...judged, earns: false }
    expect(sums(hear([{ source: 'deterministic', class: 'validated' }], unknown).effects)).toMatchObject({ good: 0 })
    expect(sums(hear([{ source: 'deterministic', class: 'failed' }], unknown).effects)).toMatchObject({ bad: 1 })
  })

  it.each([
    ['read', 0.25],
    ['proposal', 0.5],
    ['executed', 1],
  ] as const)('about a %s weighs %d', (stake, weight) => {
    expect(sums(hear([{ source: 'deterministic', class: 'validated' }], { ...judged, stake }).effects)).toMatchObject({
      good: weight,
    })
  })
})

describe('the same source', () => {
  it('is heard once per class', () => {
    const twice: Said[] = [
      { source: 'deterministic', class: 'failed' },
      { source: 'deterministic', class: 'failed' },
    ]
    expect(sums(hear(twice).effects)).toEqual(sums(hear(twice.slice(1)).effects))
  })

  it('may say worse later', () => {
    const worse: Said[] = [
      { source: 'deterministic', class: 'validated' },
      { source: 'deterministic', class: 'rolled_back' },
    ]
    expect(sums(hear(worse).effects)).toMatchObject({ good: 0, bad: 2 })
  })
})

describe('the ladder', () => {
  const ladder = (verdicts: readonly Said[]) => hear(verdicts).agent?.scopes['crm:full']?.ladder

  it('counts a decision once, however many vouch for it', () => {
    const said: Said[] = [
      { source: 'end_user', class: 'satisfied' },
      { source: 'human', class: 'approved' },
      { source: 'deterministic', class: 'validated' },
    ]
    expect(ladder(said)?.k).toBe(1)
  })

  it('counts a decision that was first judged too lightly, once it is judged with weight', () => {
    expect(ladder([{ source: 'llm_judge', class: 'succeeded' }])?.k).toBe(0)
    const said: Said[] = [
      { source: 'llm_judge', class: 'succeeded' },
      { source: 'deterministic', class: 'validated' },
    ]
    expect(ladder(said)?.k).toBe(1)
  })

  it('takes the count back with the positive', () => {
    const said: Said[] = [
      { source: 'deterministic', class: 'validated' },
      { source: 'human', class: 'corrected' },
    ]
    expect(ladder(said)).toMatchObject({ k: 0 })
    expect(ladder(said)?.e).toBeLessThan(0)
  })
})

describe('grave verdicts', () => {
  it.each([
    ['a check', 'deterministic'],
    ['a person', 'human'],
    ['a judge', 'llm_judge'],
  ] as const)('harm seen by %s raises an incident of the scope', (_who, source) => {
    const { agent } = hear([{ source, class: 'harmful' }])
    expect(agent?.scopes['crm:full']?.incidents).toMatchObject([{ class: 'major_outcome_failure', review: 'none' }])
  })

  it('harm that was first taken for a small failure raises it too', () => {
    const { agent } = hear([
      { source: 'human', class: 'corrected' },
      { source: 'deterministic', class: 'harmful' },
    ])
    expect(agent?.scopes['crm:full']?.incidents).toHaveLength(1)
  })

  it('critical harm raises an incident of the agent that a person must review', () => {
    const { agent } = hear([{ source: 'deterministic', class: 'critical_harm' }])
    expect(agent?.incidents).toMatchObject([{ id: 'critical-d', class: 'exfiltration', cap: 0.2, review: 'required' }])
  })

  it('charges those it acted for with their share', () => {
    const { state } = hear([{ source: 'deterministic', class: 'rolled_back' }])
    const delegator = state.document({ kind: 'agent', tenant: 'default', id: 'b' })
    expect(delegator?.scopes['crm:full']?.layers.outcome.s).toBe(1)
    expect(delegator?.scopes['crm:full']?.ladder.k).toBe(0)
  })
})

describe('a positive that is taken back', () => {
  it('goes as it came, whenever the failure is said to have been', () => {
    const day = 86_400_000
    const said: Said[] = [
      { source: 'deterministic', class: 'validated', atMs: START_MS },
      { source: 'human', class: 'corrected', atMs: START_MS - 6 * day },
    ]
    expect(hear(said).agent?.scopes['crm:full']?.layers.outcome.r).toBe(0)
  })

  it('is not earned again by another source', () => {
    const said: Said[] = [
      { source: 'deterministic', class: 'validated' },
      { source: 'human', class: 'corrected' },
      { source: 'end_user', class: 'satisfied' },
    ]
    expect(sums(hear(said).effects)).toMatchObject({ good: 0 })
  })
})
