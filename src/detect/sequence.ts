import { type Classification, CLASSIFICATIONS } from '../catalogue/catalogue-file.ts'
import { matchesGlob } from '../format/glob.ts'
import { SECOND_MS } from '../format/time.ts'
import { hash32 } from './argument-shapes.ts'
import { alarm, clean, notLooked, type Reading, type Step } from './finding.ts'
import type { DecidedDigest } from './observation.ts'
import type { SequenceRule, SequenceRules, SequenceStep } from './sequence-rules.ts'
import { OPEN_MATCHES_MAX, type OpenMatch } from './state.ts'

const OVERFLOW =
  'more sequences are under way than are remembered; the oldest was given up, so that this action cannot be called clean'

/** A sequence's standing after an action: under way, or complete with this action. */
type Advanced = { readonly rule: SequenceRule; readonly match: OpenMatch }

/**
 * Whether this action completes a sequence. One match is kept per rule, steps done and session: the latest, which outlives every other. A match
 * stays when it is advanced, so that each further last step within the time is told again.
 */
export function matchSequences(
  open: readonly OpenMatch[],
  digest: DecidedDigest,
  rules: SequenceRules,
): Step<readonly OpenMatch[]> {
  if (rules.length === 0) return { state: open, reading: notLooked('not_applicable', 'there are no sequence rules') }
  const session = digest.session === null ? null : hash32(digest.session)
  const alive = open.filter((match) => isAlive(match, rules, digest.at_ms))
  const advanced = rules.flatMap((rule) => advance(rule, alive, digest, session))
  const complete = advanced.filter(({ rule, match }) => match.done === rule.steps.length).map(({ rule }) => rule)
  const underWay = advanced.filter(({ rule, match }) => match.done < rule.steps.length).map(({ match }) => match)
  const all = latestOf([...alive, ...underWay])
  const kept = [...all].sort((a, b) => a.last_ms - b.last_ms).slice(-OPEN_MATCHES_MAX)
  return { state: kept, reading: read(complete, rules, kept.length < all.length) }
}

/** The rule is still there, is that long, and its time is not over. Time that runs backwards ends nothing. */
function isAlive(match: OpenMatch, rules: SequenceRules, atMs: number): boolean {
  const rule = rules.find(({ id }) => id === match.rule)
  return rule !== undefined && match.done < rule.steps.length && atMs - match.first_ms <= rule.within_seconds * SECOND_MS
}

/** What the action begins and carries on of one rule. */
function advance(
  rule: SequenceRule,
  alive: readonly OpenMatch[],
  digest: DecidedDigest,
  session: number | null,
): readonly Advanced[] {
  const own = rule.reach === 'agent' ? null : session
  const candidates = alive.filter(
    (match) => match.rule === rule.id && (match.session === null || own === null || match.session === own),
  )
  const carriedOn = candidates
    .filter((match) => isStep(rule.steps[match.done] as SequenceStep, digest))
    .map((match) => ({ ...match, done: match.done + 1, session: match.session ?? own, last_ms: digest.at_ms }))
  const begun = { rule: rule.id, done: 1, session: own, first_ms: digest.at_ms, last_ms: digest.at_ms }
  const all = isStep(rule.steps[0] as SequenceStep, digest) ? [...carriedOn, begun] : carriedOn
  return all.map((match) => ({ rule, match }))
}

/** One match per rule, steps done and session: that whose first step is latest. */
function latestOf(matches: readonly OpenMatch[]): readonly OpenMatch[] {
  const latest = new Map<string, OpenMatch>()
  for (const match of matches) {
    const key = `${match.rule} ${match.done} ${String(match.session)}`
    const other = latest.get(key)
    if (other === undefined || match.first_ms >= other.first_ms) latest.set(key, match)
  }
  return [...latest.values()]
}

/** Whether the action is what the step asks for. */
function isStep(step: SequenceStep, digest: DecidedDigest): boolean {
  return (
    (step.category?.includes(digest.category) ?? true) &&
    (step.scope?.includes(digest.scope) ?? true) &&
    (step.action === undefined || matchesGlob(step.action, digest.action)) &&
    (step.classification_at_least === undefined ||
      isAtLeast(digest.classification, step.classification_at_least, step.or_unclassified)) &&
    (step.external ?? digest.external) === digest.external &&
    (step.destructive ?? digest.destructive) === digest.destructive &&
    (step.ran ?? digest.ran) === digest.ran
  )
}

function isAtLeast(classification: Classification | null, least: Classification, orUnclassified = false): boolean {
  if (classification === null) return orUnclassified
  return CLASSIFICATIONS.indexOf(classification) >= CLASSIFICATIONS.indexOf(least)
}

function read(complete: readonly SequenceRule[], rules: SequenceRules, overflowed: boolean): Reading {
  const first = complete.find(({ verdict }) => verdict === 'anomalous') ?? complete[0]
  if (first !== undefined)
    return alarm({
      verdict: first.verdict,
      score: 1,
      reason: `completes ${first.id}: ${first.meaning}`,
      rules: [...new Set(complete.map(({ id }) => id))],
      resets: `${first.within_seconds} s after its first step; each further last step until then is told again`,
    })
  return overflowed ? notLooked('cannot_tell', OVERFLOW) : clean(0, `completes none of ${rules.length} sequence rules`)
}
