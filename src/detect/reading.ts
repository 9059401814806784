import type { Finding, NotLooked } from './finding.ts'

/** What a detector says, before it is known which one and of which action. */
export type Reading = Omit<Finding, 'detector' | 'about'>

/** A detector's next state, and what it says. */
export type Step<State> = { readonly state: State; readonly reading: Reading }

/** The detector did not look; no evidence. */
export function notLooked(why: NotLooked, reason: string): Reading {
  return { looked: false, not_looked: why, verdict: 'learning', score: 0, reason, rules: [], resets: null }
}

/** It looked, and there is nothing; the one reading that is evidence. */
export function clean(score: number, reason: string): Reading {
  return { looked: true, not_looked: null, verdict: 'clean', score: share(score), reason, rules: [], resets: null }
}

/** It looked and cannot say yet. */
export function learning(reason: string, score = 0): Reading {
  return { looked: true, not_looked: null, verdict: 'learning', score: share(score), reason, rules: [], resets: null }
}

/** An alarm, and how the detector comes to rest again. */
export type Alarm = {
  readonly verdict: 'suspicious' | 'anomalous'
  readonly score: number
  readonly reason: string
  readonly resets: string
  readonly rules?: readonly string[]
}

/** It looked, and there is something. */
export function alarm({ verdict, score, reason, resets, rules = [] }: Alarm): Reading {
  return { looked: true, not_looked: null, verdict, score: share(score), reason, rules, resets }
}

/** Within 0–1. */
function share(score: number): number {
  return Math.min(1, Math.max(0, score))
}

/** A number as people read it: at most two decimals. */
export function shown(value: number): string {
  return String(Math.round(value * 100) / 100)
}
