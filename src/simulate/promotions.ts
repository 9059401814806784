import { type DocumentKey, type DocumentKind, documentName, type Documents } from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import { project, type ProjectionState } from '../ledger/fold/fold.ts'
import { isTrustEffect } from '../ledger/fold/trust.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { type Level, LEVELS } from '../model/level.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../trust/default-constants.ts'
import { promoteScope, promotionGates } from '../trust/promotion.ts'
import { type AgentTrust, newAgentTrust } from '../trust/stored-trust.ts'

/** What came of promotions under other constants than the log's. */
export type PromotionCounts = { readonly refused: number; readonly late: number; readonly early: number }

/** Where an agent's trust is earned. */
export type PromotedScope = { readonly tenant: string; readonly id: string; readonly scope: ScopeKey }

/** Promotions as they come under other constants than the log's. */
export type Promotions = {
  /** Tells of every record of the log, as it is. */
  readonly follow: (record: AuditRecord) => void
  /** A promotion that the log has. */
  readonly recorded: (effect: Extract<Effect, { kind: 'promote' }>, atMs: number, tenant: string) => void
  /** What the timer would have done by now. */
  readonly due: (agent: PromotedScope, atMs: number) => void
  readonly counts: () => PromotionCounts
}

/** What promotions depend on. */
export type PromotionDeps = {
  readonly candidate: Pick<PolicySet, 'constants' | 'settings' | 'catalogue'>
  readonly state: ProjectionState
  /** True: a timer evaluates promotions up to the automatic level. */
  readonly isTimed: boolean
}

/**
 * A promotion that the log has is tried at its time; where a gate stands in the way it waits, and is tried again before each
 * decision. The timer also grants what the log's own constants did not yet allow; what they allowed and nobody granted, nobody
 * looked at, and would not have under the candidate either.
 */
export function createPromotions({ candidate, state, isTimed }: PromotionDeps): Promotions {
  const { constants, settings, catalogue } = candidate
  const logged = createLoggedTrust()
  const waiting = new Map<string, { readonly level: number; readonly human: boolean }>()
  const counts = { refused: 0, late: 0, early: 0 }
  const agentOf = (key: DocumentKey<'agent'>): AgentTrust => state.document(key) ?? newAgentTrust()
  const attempt = (key: DocumentKey<'agent'>, scope: ScopeKey, human: boolean, nowMs: number): boolean => {
    const promotion = promoteScope(agentOf(key), scope, { nowMs, human }, constants)
    if (promotion.kind === 'refused') return false
    state.put(key, promotion.agent)
    return true
  }
  const mayComeEarly = (key: DocumentKey<'agent'>, scope: ScopeKey, nowMs: number): boolean => {
    const level = levelIn(agentOf(key), scope)
    const to = LEVELS[level + 1]
    if (!isTimed || to === undefined || to > settings.automatic_level_max || !catalogue.agent(key.id).known) return false
    return state.document(key) !== undefined && !logged.couldRise(key, { scope, level, nowMs })
  }
  return {
    follow: logged.follow,
    recorded: (effect, atMs, tenant) => {
      const key = { kind: 'agent', tenant, id: effect.agent } as const
      if (levelIn(agentOf(key), effect.scope) >= effect.level || attempt(key, effect.scope, effect.human, atMs)) return
      counts.refused += 1
      waiting.set(`${documentName(key)} ${effect.scope}`, { level: effect.level, human: effect.human })
    },
    due: ({ tenant, id, scope }, atMs) => {
      const key = { kind: 'agent', tenant, id } as const
      const name = `${documentName(key)} ${scope}`
      const late = waiting.get(name)
      if (late !== undefined && levelIn(agentOf(key), scope) < late.level) {
        if (attempt(key, scope, late.human, atMs)) counts.late += 1
        return
      }
      waiting.delete(name)
      if (mayComeEarly(key, scope, atMs) && attempt(key, scope, false, atMs)) counts.early += 1
    },
    counts: () => ({ ...counts }),
  }
}

function levelIn(agent: AgentTrust, scope: ScopeKey): Level {
  return agent.scopes[scope]?.ladder.level ?? 0
}

/** What trust is made of, and the constants it is weighed by. */
function isOfTrust(effect: Effect): boolean {
  return effect.kind === 'constants' || isTrustEffect(effect)
}

type LoggedTrust = {
  readonly follow: (record: AuditRecord) => void
  /** Whether, at this level, the log's own constants would have let the agent rise. */
  readonly couldRise: (
    key: DocumentKey<'agent'>,
    at: { readonly scope: ScopeKey; readonly level: Level; readonly nowMs: number },
  ) => boolean
}

/** Trust as the log has it, under the constants that were in force. */
function createLoggedTrust(): LoggedTrust {
  const documents = new Map<string, Documents[DocumentKind]>()
  let constants: TrustConstants = DEFAULT_TRUST_CONSTANTS
  const find = <K extends DocumentKind>(key: DocumentKey<K>): Documents[K] | undefined =>
    documents.get(documentName(key)) as Documents[K] | undefined
  const state: ProjectionState = {
    document: find,
    put: (key, document) => void documents.set(documentName(key), document),
    constants: () => constants,
    useConstants: (next) => {
      constants = next
    },
  }
  return {
    follow: ({ effects, at, tenant }) => {
      const ofTrust = effects.filter(isOfTrust)
      if (ofTrust.length > 0) project(ofTrust, Date.parse(at), tenant, state)
    },
    couldRise: (key, { scope, level, nowMs }) => {
      const agent = find(key)
      if (agent === undefined || levelIn(agent, scope) !== level) return false
      return promotionGates(agent, scope, { nowMs, human: false }, constants).every(({ passed }) => passed)
    },
  }
}
