import { type DocumentKey, type DocumentKind, documentName, type Documents } from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import { project, type ProjectionState } from '../ledger/fold/fold.ts'
import { isTrustEffect } from '../ledger/fold/trust.ts'
import type { AuditRecord } from '../ledger/record.ts'
import type { ConsequenceTier } from '../model/consequence-tier.ts'
import { type Level, LEVELS } from '../model/level.ts'
import type { ScopeKey } from '../model/scope.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../trust/default-constants.ts'
import { promoteScope, promotionGates } from '../trust/promotion.ts'
import { type AgentTrust, newAgentTrust } from '../trust/stored-trust.ts'
import { constantsOfTier } from '../trust/tier-constants.ts'

/** How promotions differ under other constants than the log's. */
export type PromotionCounts = { readonly refused: number; readonly late: number; readonly early: number }

/** A scope of one agent. */
export type PromotedScope = { readonly tenant: string; readonly id: string; readonly scope: ScopeKey }

/** Promotions under other constants than the log's. */
export type Promotions = {
  /** Takes every record of the log, unchanged. */
  readonly follow: (record: AuditRecord) => void
  /** Takes a promotion of the log. */
  readonly recorded: (effect: Extract<Effect, { kind: 'promote' }>, atMs: number, tenant: string) => void
  /** Grants what the timer would have granted by now. */
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
 * A promotion of the log is tried at its own time. If a gate refuses it, it waits and is tried again before each decision. The
 * timer also grants promotions that the log's constants did not allow yet. A promotion that they allowed but nobody granted is
 * not granted here either.
 */
export function createPromotions({ candidate, state, isTimed }: PromotionDeps): Promotions {
  const { settings, catalogue } = candidate
  const logged = createLoggedTrust((id) => catalogue.agent(id).tier)
  const waiting = new Map<string, { readonly level: number; readonly human: boolean }>()
  const counts = { refused: 0, late: 0, early: 0 }
  const agentOf = (key: DocumentKey<'agent'>): AgentTrust => state.document(key) ?? newAgentTrust()
  const attempt = (key: DocumentKey<'agent'>, scope: ScopeKey, human: boolean, nowMs: number): boolean => {
    const promotion = promoteScope(agentOf(key), scope, { nowMs, human }, constantsFor(candidate, key.id))
    if (promotion.kind === 'refused') return false
    state.put(key, promotion.agent)
    return true
  }
  const mayComeEarly = (key: DocumentKey<'agent'>, scope: ScopeKey, nowMs: number): boolean => {
    const level = levelIn(agentOf(key), scope)
    const to = LEVELS[level + 1]
    if (!isTimed || to === undefined || to > settings.automatic_level_max || !catalogue.agent(key.id).known) return false
    return state.document(key) !== undefined && !logged.wasAllowed(key, { scope, level, nowMs })
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

/** Whether an effect changes trust or the constants that weigh it. */
function changesTrust(effect: Effect): boolean {
  return effect.kind === 'constants' || isTrustEffect(effect)
}

type LoggedTrust = {
  readonly follow: (record: AuditRecord) => void
  /** Whether the log's constants would have allowed a promotion from this level. */
  readonly wasAllowed: (
    key: DocumentKey<'agent'>,
    at: { readonly scope: ScopeKey; readonly level: Level; readonly nowMs: number },
  ) => boolean
}

/** The constants of a candidate for an agent, by its tier. */
function constantsFor({ constants, catalogue }: PromotionDeps['candidate'], agent: string): TrustConstants {
  return constantsOfTier(constants, catalogue.agent(agent).tier)
}

/** The tier of an agent; the log does not hold it, so it is the candidate's. */
type TierOf = (agent: string) => ConsequenceTier

/** Trust as in the log, under the constants that were in force. */
function createLoggedTrust(tierOf: TierOf): LoggedTrust {
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
      const trustEffects = effects.filter(changesTrust)
      if (trustEffects.length > 0) project(trustEffects, Date.parse(at), tenant, state)
    },
    wasAllowed: (key, { scope, level, nowMs }) => {
      const agent = find(key)
      if (agent === undefined || levelIn(agent, scope) !== level) return false
      return promotionGates(agent, scope, { nowMs, human: false }, constantsOfTier(constants, tierOf(key.id))).every(
        ({ passed }) => passed,
      )
    },
  }
}
