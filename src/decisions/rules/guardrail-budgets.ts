import { HOUR_MS } from '../../format/time.ts'
import type { Accounts } from '../../ledger/accounts.ts'
import { type Reach, type Usage, usageOf, type UsagePlace } from '../../ledger/activity.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Effect } from '../../ledger/effect.ts'
import { activityKey } from '../../ledger/keys.ts'
import type { VerificationDuty } from '../../ledger/recorded-decision.ts'
import type { View } from '../../ledger/store.ts'
import { formatScope } from '../../model/scope.ts'
import { decide } from '../../pdp/decide.ts'
import type { BudgetRefusal, Decision, DecisionInputs } from '../../pdp/decision-inputs.ts'
import type { Decided } from '../decision-context.ts'
import { type Derivation, deriveRefused } from './derivation.ts'

const OUTSTANDING = 'outstanding_unverified_max'

/**
 * Guardrails that are budgets: how far each reaches, and what of the use it caps. The prefix says the reach; without one it is all
 * that the agent or person does, but for the bound that follows from trust, which reaches as far as that trust.
 */
const BUDGETS = {
  actions_per_hour_max: ['account', 'actions_last_hour'],
  actions_per_day_max: ['account', 'actions_last_day'],
  amount_per_day_max: ['account', 'amount_last_day'],
  agent_outstanding_unverified_max: ['account', 'outstanding'],
  scope_actions_per_hour_max: ['scope', 'actions_last_hour'],
  scope_actions_per_day_max: ['scope', 'actions_last_day'],
  scope_amount_per_day_max: ['scope', 'amount_last_day'],
  scope_outstanding_unverified_max: ['scope', 'outstanding'],
  [OUTSTANDING]: ['stake', 'outstanding'],
  tool_actions_per_hour_max: ['tool', 'actions_last_hour'],
  tool_actions_per_day_max: ['tool', 'actions_last_day'],
  tool_amount_per_day_max: ['tool', 'amount_last_day'],
  tool_outstanding_unverified_max: ['tool', 'outstanding'],
} as const satisfies Record<string, readonly [Reach, keyof Usage]>

/** What this decision adds to a use. An amount that cannot be read is more than any cap. */
function addedTo(used: keyof Usage, { measures }: DecisionInputs): number {
  if (used !== 'amount_last_day') return 1
  if (measures.amount === 'unknown') return Number.MAX_SAFE_INTEGER
  return boundedAmount(measures.amount ?? 0)
}

/** An amount of which any number can be added up: beyond what is counted exactly, one is as much as another. */
function boundedAmount(amount: number): number {
  return Math.min(amount, Number.MAX_SAFE_INTEGER)
}

function placeOf({ action }: DecisionFacts): UsagePlace {
  return { scope: formatScope(action.scope, action.stake), tool: action.known ? action.name : null }
}

/** Whether a decision takes from budgets at all: only where something may run, and reads are exempt. */
export function isCharged(decision: Decision, facts: DecisionFacts): boolean {
  return decision.decision && facts.action.category !== 'read_only'
}

/** Whose budgets a decision takes from, and what it is about. */
export type BudgetTerms = { readonly facts: DecisionFacts; readonly accounts: Accounts }

/**
 * The budgets that this decision would exceed, of the largest use among the accounts of the chain, the claimed ones too. Empty: it can
 * be reserved. Asked and reserved in one transaction, so that two requests cannot both take the last slot. `rehearsal`: what would
 * have been used in it.
 */
export function refusals(
  { decision, inputs }: Pick<Derivation, 'decision' | 'inputs'>,
  { facts, accounts }: BudgetTerms,
  view: Pick<View, 'document'>,
  rehearsal?: string,
): readonly BudgetRefusal[] {
  if (!isCharged(decision, facts)) return []
  const place = placeOf(facts)
  const { tenant } = facts.caller
  const activities = accounts.watched.map((id) => view.document(activityKey(tenant, id, rehearsal)))
  return Object.entries(BUDGETS).flatMap(([guardrail, [reach, used]]) => {
    const limit = capOf(decision, guardrail)
    if (limit === undefined) return []
    const maxUsage = Math.max(...activities.map((activity) => usageOf(activity, reach, place, facts.at_ms)[used]))
    const have = maxUsage + addedTo(used, inputs)
    return have <= limit ? [] : [{ guardrail, have, limit }]
  })
}

/**
 * The same as if somebody vouched for the caller. A stranger is charged nothing, yet budgets that are used up hold it too: whoever drops
 * the credential gains nothing.
 */
function asVouched<T extends Pick<Derivation, 'decision' | 'inputs'>>(of: T): T {
  const { unvouched, ...inputs } = of.inputs
  return unvouched === undefined ? of : { ...of, inputs, decision: decide(inputs) }
}

/** Decides again under the budgets: those that are really used, and, where something is only observed, the rehearsed ones. */
export function withBudgets(
  derivation: Derivation,
  terms: BudgetTerms,
  view: Pick<View, 'document'>,
  rehearsal: string | undefined,
): Derivation {
  const { would, mode } = derivation
  const refused = mode === 'observe' ? [] : refusals(asVouched(derivation), terms, view)
  const rehearsed = would === null ? [] : refusals(asVouched(would), terms, view, rehearsal)
  return deriveRefused(derivation, refused, rehearsed)
}

/** The cap of this name; undefined where there is none. What is no number denied already (`lattice/guardrails.ts`), and would cap at nothing here. */
function capOf({ guardrails }: Decision, name: string): number | undefined {
  if (!Object.hasOwn(guardrails, name)) return undefined
  const cap = guardrails[name]
  return typeof cap === 'number' && cap >= 0 ? cap : 0
}

/** What the decision uses of its budgets, and what it would have used. Observed actions are no charge: nobody let them run. */
export function chargesOf({ context, facts, derivation }: Decided, verification: VerificationDuty | null): readonly Effect[] {
  const { would, mode } = derivation
  // Only decisions that are charged to the account of their own agent have to be verified.
  const dueFrom = verification?.due === true ? context.accounts.own : null
  return [
    ...(mode === 'observe' ? [] : charges(derivation, { context, facts }, { dueFrom })),
    ...(would === null ? [] : charges(would, { context, facts }, { rehearsal: context.rehearsal })),
  ]
}

/** One charge per account that the credential vouches for. `dueFrom`: the account whose decision has to be verified. */
function charges(
  { decision, inputs }: Pick<Derivation, 'decision' | 'inputs'>,
  { context, facts }: Pick<Decided, 'context' | 'facts'>,
  { rehearsal, dueFrom }: { readonly rehearsal?: string | undefined; readonly dueFrom?: string | null },
): readonly Effect[] {
  if (!isCharged(decision, facts)) return []
  const { amount } = inputs.measures
  const { verify_within_hours: hours } = context.policySet.settings.guardrails
  // Nobody verifies what people do, so their slots are kept only where a guardrail counts them.
  const isTracked = facts.parties.agent !== null || Object.keys(decision.guardrails).some((name) => name.endsWith(OUTSTANDING))
  return context.accounts.charged.map((account) => ({
    kind: 'charge',
    agent: account,
    ...placeOf(facts),
    decision_id: context.id,
    amount: typeof amount === 'number' ? boundedAmount(amount) : 0,
    verify_by_ms: isTracked ? facts.at_ms + Math.round(hours * HOUR_MS) : null,
    ...(account === dueFrom ? { due: true as const } : {}),
    ...(rehearsal === undefined ? {} : { rehearsal }),
  }))
}
