import type { Level } from '../model/level.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from './constants.ts'
import { demoted, restarted } from './ladder.ts'
import { donorsOf } from './layer/borrowed-evidence.ts'
import { sharesStartedOver } from './raters.ts'
import { publish } from './score-scale.ts'
import { readScope } from './score.ts'
import { type AgentTrust, type Ladder, mapScopes, scopeOf, type ScopeTrust, withScope } from './stored-trust.ts'
import type { TrustChange, TrustWrite } from './trust-change.ts'

/** What happened to the agent: the state before and after, when, and the scope it happened in (null: the agent itself). */
export type Offence = {
  readonly before: AgentTrust
  readonly after: AgentTrust
  readonly scope: ScopeKey | null
  readonly nowMs: number
}

/**
 * Demotion in the same write as its cause. The scope it happened in is judged as it stands; every other scope only if this write
 * lowered its demotion score (agent heat, borrowed evidence), so that an idle scope is not struck for what time did.
 */
export function settle({ before, after, scope, nowMs }: Offence, constants: TrustConstants): TrustWrite {
  const changes: TrustChange[] = []
  if (Object.values(after.scopes).every(({ ladder }) => ladder.level === 0)) return { agent: after, changes }
  const donorsBefore = donorsOf(before, nowMs, constants)
  const donorsAfter = donorsOf(after, nowMs, constants)
  const agent = mapScopes(after, (trust, key) => {
    if (trust.ladder.level === 0) return trust
    const { demotionScore } = readScope(after, key, { nowMs, donors: donorsAfter }, constants)
    const judged = scope === null || scope === key
    const scoreBefore = (): number => readScope(before, key, { nowMs, donors: donorsBefore }, constants).demotionScore
    if (!judged && publish(demotionScore) >= publish(scoreBefore())) return trust
    const ladder = demoted(trust.ladder, demotionScore, nowMs, constants)
    if (ladder === trust.ladder) return trust
    changes.push({
      kind: 'demoted',
      scope: key,
      from: trust.ladder.level,
      to: ladder.level,
      demotion_score: publish(demotionScore),
    })
    return startedOver(trust, ladder)
  })
  return { agent, changes }
}

/** The scope on a new rung: verifiers are collected anew. */
export function startedOver(scope: ScopeTrust, ladder: Ladder): ScopeTrust {
  return { ...scope, ladder, verifiers: [], uncalibrated: [], raters: sharesStartedOver(scope.raters) }
}

/** A person takes rungs away: where, the highest level that stays, and when. */
export type Demotion = { readonly scope: ScopeKey; readonly level: Level; readonly nowMs: number }

/**
 * Takes the rungs above a level away because a person says so. It is no offence, so there is no strike; k and e start over, which has to
 * be paid for as every start-over. What an incident took above that level is given back no more. Nothing above it: nothing changes.
 */
export function demoteScope(agent: AgentTrust, { scope: key, level, nowMs }: Demotion, constants: TrustConstants): TrustWrite {
  const scope = scopeOf(agent, key)
  const lowered = (ladder: Ladder): Ladder => (ladder.level > level ? restarted(ladder, level, nowMs) : ladder)
  const ladder = lowered(scope.ladder)
  const undo = scope.undo.map((one) => ({ ...one, before: lowered(one.before) }))
  if (undo.every(({ before }, at) => before === scope.undo[at]?.before) && ladder === scope.ladder) return { agent, changes: [] }
  const demotionScore = publish(readScope(agent, key, { nowMs }, constants).demotionScore)
  const after = ladder === scope.ladder ? { ...scope, undo } : { ...startedOver(scope, ladder), undo }
  const { level: from } = scope.ladder
  const change: TrustChange = { kind: 'demoted', scope: key, from, to: ladder.level, demotion_score: demotionScore, by: 'person' }
  return { agent: withScope(agent, key, after), changes: from === ladder.level ? [] : [change] }
}
