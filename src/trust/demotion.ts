import type { ScopeKey } from '../model/scope.ts'
import type { TrustConstants } from '../model/trust-constants.ts'
import type { AgentTrust, Ladder, ScopeTrust, TrustChange, TrustWrite } from '../model/trust-state.ts'
import { donorsOf } from './back-off.ts'
import { demoted } from './ladder.ts'
import { publish } from './phi.ts'
import { readScope } from './score.ts'
import { mapScopes } from './state.ts'

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
    const { demotionScore } = readScope(after, key, { nowMs }, constants, donorsAfter)
    const judged = scope === null || scope === key
    if (!judged && publish(demotionScore) >= publish(readScope(before, key, { nowMs }, constants, donorsBefore).demotionScore))
      return trust
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
  return { ...scope, ladder, verifiers: [] }
}
