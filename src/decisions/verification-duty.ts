import { drawOf, shareDue } from '../evidence/sampling.ts'
import { HOUR_MS } from '../format/time.ts'
import { usageOf } from '../ledger/activity.ts'
import { activityKey } from '../ledger/keys.ts'
import type { VerificationDuty } from '../ledger/recorded-decision.ts'
import type { View } from '../ledger/store.ts'
import { constantsOfTier } from '../trust/tier-constants.ts'
import type { Decided, DecisionContext } from './decision-context.ts'
import { isCharged } from './rules/guardrail-budgets.ts'

/** The level from which not everything has to be verified. */
export const SAMPLED_LEVEL = 4

/**
 * Whether a decision that lets a proven agent change something has to be verified: everything up to L3; at L4 a share drawn from the
 * decision's id and a secret, larger where little happens, so that a scope has its least number a day. Null: nothing runs, or only a read.
 */
export function verificationOf(
  { context, facts, derivation }: Decided,
  key: Uint8Array,
  view: Pick<View, 'document' | 'constants'>,
): VerificationDuty | null {
  if (!isSampled(context) || derivation.mode === 'observe' || !isCharged(derivation.decision, facts)) return null
  const { tenant, id, scope, accounts, policySet } = context
  const by_ms = facts.at_ms + Math.round(policySet.settings.guardrails.verify_within_hours * HOUR_MS)
  if ((facts.trust?.level_effective ?? 0) < SAMPLED_LEVEL) return { due: true, by_ms }
  const used = usageOf(view.document(activityKey(tenant, accounts.own)), 'stake', { scope, tool: null }, facts.at_ms)
  return {
    due: drawOf(tenant, id, key) < shareDue(used.actions_last_day + 1, constantsOfTier(view.constants(), facts.agent.tier)),
    by_ms,
  }
}

/** Only decisions of known, proven agents have to be verified: they are charged to an account of their own. */
function isSampled({ parties: { agent, agent_claimed }, accounts }: DecisionContext): boolean {
  return agent !== null && !agent_claimed && accounts.own === agent.id
}
