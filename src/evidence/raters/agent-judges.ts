import type { Caller } from '../../access/caller.ts'
import { agentsOf } from '../../access/parties.ts'
import { ServiceError } from '../../format/error.ts'
import { ceilingsFor } from '../../ladder/rules/score-ceilings.ts'
import type { View } from '../../ledger/store.ts'
import { newAgentTrust } from '../../trust/stored-trust.ts'
import { scopeView } from '../../trust/trust-view.ts'
import { judgedOf, proposalOf, type RecordedDecision } from '../judged-decision.ts'
import type { Judged } from '../rules/weighing.ts'
import type { EvaluationContext } from './evaluation-context.ts'

/** The level that a judging agent must hold itself, in some scope, for what it says to weigh anything. */
const JUDGE_LEVEL_MIN = 2

/** Roles that can read which decisions are canaries. */
const KNOWS_CANARIES = ['auditor', 'administrator'] as const

/** Whether a caller can read which decisions are canaries. */
export function knowsCanaries({ roles }: Pick<Caller, 'roles'>): boolean {
  return KNOWS_CANARIES.some((role) => roles.includes(role))
}

/**
 * What a caller's verdict on a decision is about. A judging agent may also advise on one that waits for an approval of people, and says
 * nothing of what it asked for itself or was part of. Throws `forbidden` or `conflict`.
 */
export function judgedBy(caller: Caller, decisionId: string, decided: RecordedDecision): Judged {
  if (caller.verifier !== 'llm_judge') return judgedOf(decisionId, decided)
  const { judge } = caller
  if (judge !== undefined && agentsOf(decided.facts.parties).includes(judge))
    throw new ServiceError('forbidden', `"${judge}" is part of decision "${decisionId}", and no agent judges itself`, {
      place: { pointer: '/decision_id' },
      fix: 'let another agent judge it',
    })
  const waits = decided.decision.outcome === 'require_approval'
  return (waits ? proposalOf(decisionId, decided) : null) ?? judgedOf(decisionId, decided)
}

/** How a caller judges: when, which decision, and whether a judging agent's own trust carries what it says. */
export function evaluationContextOf(
  caller: Caller,
  { decisionId, nowMs, newId }: Pick<EvaluationContext, 'decisionId' | 'nowMs' | 'newId'>,
  view: View,
): EvaluationContext {
  return {
    tenant: caller.tenant,
    nowMs,
    decisionId,
    knowsCanaries: knowsCanaries(caller),
    untrustedJudge: caller.judge !== undefined && !isTrusted(caller.tenant, caller.judge, nowMs, view),
    newId,
  }
}

function isTrusted(tenant: string, id: string, nowMs: number, view: View): boolean {
  const constants = view.constants()
  const agent = view.document({ kind: 'agent', tenant, id }) ?? newAgentTrust()
  return Object.keys(agent.scopes).some((scope) => {
    const ceilings = ceilingsFor(view, { tenant, agent: id, scope, nowMs }, constants)
    return scopeView(agent, scope, { nowMs, ceilings }, constants).level_effective >= JUDGE_LEVEL_MIN
  })
}
