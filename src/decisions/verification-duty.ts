import { drawOf, shareDue } from '../evidence/sampling.ts'
import { HOUR_MS } from '../format/time.ts'
import { type Usage, usageOf } from '../ledger/activity.ts'
import { OWED_MAX } from '../ledger/documents/activity.ts'
import type { Effect } from '../ledger/effect.ts'
import { activityKey } from '../ledger/keys.ts'
import type { VerificationDuty } from '../ledger/recorded-decision.ts'
import type { View } from '../ledger/store.ts'
import { constantsOfTier } from '../trust/tier-constants.ts'
import type { Decided, DecisionContext } from './decision-context.ts'
import { isCharged } from './rules/guardrail-budgets.ts'

/** The level from which not everything has to be verified. */
export const SAMPLED_LEVEL = 4

/**
 * Whether a decision about a change by a proven agent has to be verified: everything up to L3; at L4 a share drawn from the
 * decision's id and a secret, larger where little happens, so that a scope has its least number a day. What observe mode lets run and
 * what is proposed is drawn alike, as far as there is room (`OWED_MAX`). Null: nothing runs or is proposed, or only a read.
 */
export function verificationOf(
  decided: Decided,
  key: Uint8Array,
  view: Pick<View, 'document' | 'constants'>,
): VerificationDuty | null {
  const { context, facts } = decided
  if (!isSampled(context) || !(isCharged(decided.derivation.decision, facts) || isProposed(decided))) return null
  const by_ms = facts.at_ms + Math.round(context.policySet.settings.guardrails.verify_within_hours * HOUR_MS)
  const hasRoom =
    !isOwed(decided) || (view.document(activityKey(context.tenant, context.accounts.own))?.owed ?? []).length < OWED_MAX
  return { due: hasRoom && isDrawn(decided, key, view), by_ms }
}

function isDrawn({ context, facts, derivation }: Decided, key: Uint8Array, view: Pick<View, 'document' | 'constants'>): boolean {
  const { tenant, id } = context
  if ((facts.trust?.level_effective ?? 0) < SAMPLED_LEVEL) return true
  const used = usedIn(context, facts.at_ms, derivation.mode === 'observe' ? context.rehearsal : undefined, view)
  return drawOf(tenant, id, key) < shareDue(used.actions_last_day + 1, constantsOfTier(view.constants(), facts.agent.tier))
}

/** What the agent did where its trust is earned: really, or, of what is only observed, in the rehearsal that counts it. */
function usedIn(
  { tenant, accounts, scope }: DecisionContext,
  atMs: number,
  rehearsal: string | undefined,
  view: Pick<View, 'document'>,
): Usage {
  return usageOf(view.document(activityKey(tenant, accounts.own, rehearsal)), 'stake', { scope, tool: null }, atMs)
}

/** What has to be verified and charges no budget; nothing where the charge keeps it, or nothing is due. */
export function owedEffects(decided: Decided, verification: VerificationDuty | null): readonly Effect[] {
  if (verification?.due !== true || !isOwed(decided)) return []
  const { id, scope, accounts } = decided.context
  return [{ kind: 'owe', agent: accounts.own, scope, decision_id: id, verify_by_ms: verification.by_ms }]
}

/** Whether no budget is charged for it: it did not run, or it was only observed. */
function isOwed({ derivation: { mode, decision } }: Decided): boolean {
  return mode === 'observe' || !decision.decision
}

/** It did not run, but may be judged; a read that is only proposed is none to be verified. */
function isProposed({ facts, derivation }: Decided): boolean {
  return derivation.decision.advice.includes('record_proposal') && facts.action.category !== 'read_only'
}

/** Only decisions of known, proven agents have to be verified: they are charged to an account of their own. */
function isSampled({ parties: { agent, agent_claimed }, accounts }: DecisionContext): boolean {
  return agent !== null && !agent_claimed && accounts.own === agent.id
}
