import { z } from 'zod'

import { ID_CHARS_MAX } from '../model/request.ts'
import { ScopeKey } from '../model/scope.ts'
import { DetectRuleId } from './sequence-rules.ts'

/** The detectors that look at a decision; the others look at what came of the action. */
export const DECIDED_DETECTORS = [
  'call_rate',
  'destructive_rate',
  'unseen_tool',
  'unseen_transition',
  'argument_novelty',
  'base_denials',
  'sequence',
  'injection_arguments',
  'topic_drift',
] as const
/** A detector that looks at a decision. */
export type DecidedDetector = (typeof DECIDED_DETECTORS)[number]

/** The detectors that look at what came of an action. */
export const FINISHED_DETECTORS = ['failure_rate', 'token_usage', 'output_entropy', 'injection_output'] as const
/** A detector that looks at what came of an action. */
export type FinishedDetector = (typeof FINISHED_DETECTORS)[number]

/** Every detector, in the order in which findings are given. */
export const DETECTORS = [...DECIDED_DETECTORS, ...FINISHED_DETECTORS] as const
/** A streaming detector. */
export const Detector = z.enum(DETECTORS)
export type Detector = z.infer<typeof Detector>

/** `learning`: no baseline yet, or not looked; it is no evidence. Only `clean` of a detector that looked is. */
export const FindingVerdict = z.enum(['clean', 'learning', 'suspicious', 'anomalous'])
export type FindingVerdict = z.infer<typeof FindingVerdict>

/** Why a detector did not look: switched off, nothing of its kind in this action, or something it needs is missing or unreadable (degraded). */
export const NotLooked = z.enum(['off', 'not_applicable', 'cannot_tell'])
export type NotLooked = z.infer<typeof NotLooked>

/** What one detector says of one action. `looked` false always goes with verdict `learning` and a `not_looked`; `looked` true with null. */
export const Finding = z
  .strictObject({
    detector: Detector,
    looked: z.boolean(),
    not_looked: NotLooked.nullable(),
    verdict: FindingVerdict,
    /** 0–1: how near the alarm; 1 is the alarm. For the injection detectors the confidence. 0 where it did not look. */
    score: z.number().min(0).max(1),
    reason: z.string(),
    /** The action that was looked at. */
    about: z
      .strictObject({ action: z.string().max(ID_CHARS_MAX), scope: ScopeKey, session: z.string().max(ID_CHARS_MAX).nullable() })
      .readonly(),
    /** Rules that hit (sequence, injection). */
    rules: z.array(DetectRuleId).readonly(),
    /** After an alarm: how the detector comes to rest again; null without one. */
    resets: z.string().nullable(),
  })
  .readonly()
export type Finding = z.infer<typeof Finding>

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

/** A number as people read it: at most two decimals. */
export function shown(value: number): string {
  return String(Math.round(value * 100) / 100)
}

/** Within 0–1. */
function share(score: number): number {
  return Math.min(1, Math.max(0, score))
}
