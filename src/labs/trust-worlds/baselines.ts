import { HOUR_MS } from '../../format/time.ts'
import type { Level } from '../../model/level.ts'
import type { Outcome, RiskBand } from '../../model/outcome.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../trust/default-constants.ts'
import { decay } from '../../trust/layer/decay.ts'
import { bandOf } from '../../trust/score-scale.ts'
import { concededAt } from './matrix.ts'
import type { SimulatedPolicy } from './policy.ts'

/** A score in 0–1 with its rules. All scores start new, hear the same labels, and take an injection alarm as one bad label. */
type Score = {
  readonly value: (atMs: number) => number
  readonly good: (atMs: number) => void
  readonly bad: (atMs: number) => void
  readonly reset: () => void
}

const nothing = (): void => undefined

/** The same answer whatever happens. */
function constant(outcome: Outcome): SimulatedPolicy {
  const answer = { standing: outcome, outcome }
  return {
    decide: () => answer,
    ran: nothing,
    hear: nothing,
    injection: nothing,
    reviewed: nothing,
    advance: nothing,
    renamed: nothing,
  }
}

/** A score whose level stands in the product's own matrix, so that only the score differs. */
function scored(score: Score, levelOf: (value: number) => Level): SimulatedPolicy {
  return {
    decide: (band: RiskBand, atMs) => {
      const outcome = concededAt(levelOf(score.value(atMs)), band)
      return { standing: outcome, outcome }
    },
    ran: nothing,
    hear: ({ layer, bad, atMs }) => {
      if (layer === 'outcome') (bad ? score.bad : score.good)(atMs)
    },
    injection: score.bad,
    reviewed: nothing,
    advance: nothing,
    renamed: score.reset,
  }
}

/** The product's own thresholds .3/.5/.7/.9, for scores that come without any. */
const byThresholds = (value: number): Level => bandOf(value, DEFAULT_TRUST_CONSTANTS)

const START = 0.5

/** Exponentially weighted moving average of good (1) and bad (0). */
function ewma(alpha: number): Score {
  let value = START
  const towards = (x: number): void => void (value += alpha * (x - value))
  return { value: () => value, good: () => towards(1), bad: () => towards(0), reset: () => void (value = START) }
}

/** So much up for good, so much down for bad. */
function linear(up: number, down: number): Score {
  let value = START
  return {
    value: () => value,
    good: () => void (value = Math.min(1, value + up)),
    bad: () => void (value = Math.max(0, value - down)),
    reset: () => void (value = START),
  }
}

/** Mean of a Beta distribution from Beta(2, 2), with forgetting. */
function betaMean(halfLifeDays: number): Score {
  let counts = { r: 0, s: 0, atMs: 0 }
  const until = (atMs: number) => {
    const left = decay(atMs - counts.atMs, halfLifeDays)
    return { r: counts.r * left, s: counts.s * left, atMs: Math.max(atMs, counts.atMs) }
  }
  return {
    value: (atMs) => {
      const { r, s } = until(atMs)
      return (2 + r) / (4 + r + s)
    },
    good: (atMs) => {
      const now = until(atMs)
      counts = { ...now, r: now.r + 1 }
    },
    bad: (atMs) => {
      const now = until(atMs)
      counts = { ...now, s: now.s + 1 }
    },
    reset: () => void (counts = { r: 0, s: 0, atMs: 0 }),
  }
}

/** Linear steps, and 5 % lost for each whole hour without a look or a label; three thresholds make four tiers. */
function tiered(): Score {
  let value = START
  let atMs: number | undefined
  const until = (nowMs: number): void => {
    const hours = Math.floor((nowMs - (atMs ?? nowMs)) / HOUR_MS)
    if (hours >= 1) value *= Math.pow(0.95, hours)
    if (hours >= 1 || atMs === undefined) atMs = nowMs
  }
  const move = (by: number, nowMs: number): void => {
    until(nowMs)
    value = Math.min(1, Math.max(0, value + by))
    atMs = nowMs
  }
  return {
    value: (nowMs) => {
      until(nowMs)
      return value
    },
    good: (nowMs) => move(0.05, nowMs),
    bad: (nowMs) => move(-0.1, nowMs),
    reset: () => {
      value = START
      atMs = undefined
    },
  }
}

/** The tiers untrusted, provisional (from .3), trusted (.6), verified (.85) as levels: nothing, with approval, by itself, by itself. */
function byTiers(value: number): Level {
  if (value >= 0.85) return 4
  if (value >= 0.6) return 3
  return value >= 0.3 ? 2 : 0
}

/** A policy to compare with: what it does, in words with its parameters and where they come from, and a new life under it. */
export type BaselinePolicy = { readonly title: string; readonly source: string; readonly create: () => SimulatedPolicy }

/** Every baseline by its name. */
export const BASELINES = {
  rbac: {
    title: 'static RBAC',
    source: 'the role allows every action from the first day; nothing moves it',
    create: () => constant('allow'),
  },
  approve_all: {
    title: 'approve all',
    source: 'a person decides every action, for ever',
    create: () => constant('require_approval'),
  },
  ewma: {
    title: 'EWMA .1',
    source:
      'moving average of good and bad, α = .1 from .5 (Roberts 1959; α as the EWMA charts of Lucas and Saccucci 1990 use it)',
    create: () => scored(ewma(0.1), byThresholds),
  },
  linear_fast: {
    title: '+.05/−.1',
    source: 'reward .05, penalty .1 from .5: the default steps of trust scores in agent frameworks (Agent Governance Toolkit)',
    create: () => scored(linear(0.05, 0.1), byThresholds),
  },
  linear_slow: {
    title: '+.01/−.05',
    source: 'the same with small steps and five times the penalty: what is reached for when the first is too generous',
    create: () => scored(linear(0.01, 0.05), byThresholds),
  },
  beta_mean: {
    title: 'Beta mean',
    source: 'mean of Beta(2 + good, 2 + bad), half-life 90 days (Jøsang and Ismail 2002)',
    create: () => scored(betaMean(90), byThresholds),
  },
  tiers: {
    title: 'tiers .3/.6/.85',
    source:
      'threshold tiers .3/.6/.85 over +.05/−.1 from .5, ×.95 per whole idle hour: the defaults of the Agent Governance Toolkit for TypeScript; its tiers as levels 0, 2, 3, 4 are our reading',
    create: () => scored(tiered(), byTiers),
  },
} as const satisfies Readonly<Record<string, BaselinePolicy>>
