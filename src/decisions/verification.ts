import { drawOf, shareDue } from '../evidence/sampling.ts'
import { accountsOfFacts } from '../ledger/accounts.ts'
import { usageOf } from '../ledger/activity.ts'
import type { VerificationDuty } from '../ledger/decision-body.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import { activityKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import { formatScope } from '../model/scope.ts'
import { isCharged } from './budgets.ts'
import type { Derivation } from './derive.ts'

/** The level from which not everything has to be verified. */
const SAMPLED_LEVEL = 4

const HOUR_MS = 3_600_000

/**
 * Whether a decision that lets a proven agent change something has to be verified: everything up to L3; at L4 a share drawn from the
 * decision's id and a secret, larger where little happens, so that a scope has its least number a day. Null: nothing runs, or only a read.
 */
export function verificationOf(
  { id, facts, derivation, verifyWithinHours }: Drawn,
  key: Uint8Array,
  view: Pick<View, 'document' | 'constants'>,
): VerificationDuty | null {
  const account = sampledAccount(facts)
  if (account === null || derivation.mode === 'observe' || !isCharged(derivation.decision, facts)) return null
  const by_ms = facts.at_ms + Math.round(verifyWithinHours * HOUR_MS)
  if ((facts.trust?.level_effective ?? 0) < SAMPLED_LEVEL) return { due: true, by_ms }
  const { tenant } = facts.caller
  const place = { scope: formatScope(facts.action.scope, facts.action.stake), tool: null }
  const used = usageOf(view.document(activityKey(tenant, account)), 'stake', place, facts.at_ms)
  return { due: drawOf(tenant, id, key) < shareDue(used.actions_last_day + 1, view.constants()), by_ms }
}

/** The account in which the slots of a decision are that has to be verified: that of a known, proven agent. */
function sampledAccount(facts: DecisionFacts): string | null {
  const { agent, agent_claimed } = facts.parties
  if (agent === null || agent_claimed || accountsOfFacts(facts).own !== agent.id) return null
  return agent.id
}

/** What the draw depends on. */
export type Drawn = {
  readonly id: string
  readonly facts: DecisionFacts
  readonly derivation: Pick<Derivation, 'decision' | 'mode'>
  readonly verifyWithinHours: number
}
