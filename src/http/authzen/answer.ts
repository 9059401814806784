import type { Caller, Role } from '../../access/caller.ts'
import type { DecisionAnswer } from '../../decisions/wire.ts'
import type { Obligation } from '../../model/ceiling.ts'
import type { Outcome } from '../../model/outcome.ts'
import type { AuthzenDecision } from './schema.ts'

/** Why an answer is `false`, by its outcome. An `allow_guarded` is false where the enforcement point lacks a duty. */
const REASONS = {
  deny: 'policy_denied',
  suggest: 'suggest_only',
  require_approval: 'approval_required',
  allow_guarded: 'obligation_unsupported',
  allow: 'policy_denied',
} as const satisfies Record<Outcome, string>

const USER_TEXTS = {
  policy_denied: 'This action is not allowed.',
  suggest_only: 'This action may be proposed, but not carried out.',
  approval_required: 'A person has to approve this action.',
  obligation_unsupported: 'This action is not allowed here.',
  contained: 'This action is out of service.',
} as const

/** Roles that may read why in full. */
const ADMIN_ROLES: readonly Role[] = ['operator', 'auditor', 'administrator']
/** The obligation types that AuthZEN names; any other duty is `custom`. */
const OBLIGATION_TYPES: readonly string[] = ['step-up', 'notification', 'session_termination']

/** A decision as AuthZEN answers it: `true` only where the action may run now, everything graded in the context. */
export function authzenDecision(answer: DecisionAnswer, caller: Caller, withContext: boolean): AuthzenDecision {
  if (!withContext) return { decision: answer.decision }
  const identity = {
    evaluation_id: answer.decision_id,
    evaluated_at: answer.decided_at,
    valid_until: answer.valid_until,
    outcome: answer.outcome,
  }
  return {
    decision: answer.decision,
    context: { ...identity, ...(answer.decision ? permitted(answer) : refused(answer, caller)) },
  }
}

type Context = Readonly<Record<string, unknown>>

function permitted(answer: DecisionAnswer): Context {
  const guarded = Object.keys(answer.guardrails).length > 0
  return { ...obligationsOf(answer.obligations), ...(guarded ? { guardrails: answer.guardrails } : {}) }
}

function refused(answer: DecisionAnswer, caller: Caller): Context {
  const contained = answer.ceilings.some(({ source, outcome }) => source === 'containment' && outcome === 'deny')
  const reason = contained ? 'contained' : REASONS[answer.outcome]
  const stop = { id: 'session_termination', performer: 'pep' as const, properties: { subject: 'agent' } }
  const mayReadAll = caller.roles.some((role) => ADMIN_ROLES.includes(role))
  return {
    reason,
    reason_user: { '403': USER_TEXTS[reason] },
    ...(mayReadAll ? { reason_admin: { '403': answer.reasons.join('; ') } } : {}),
    ...obligationsOf(contained ? [...answer.obligations, stop] : answer.obligations),
    ...stepUpOf(answer.obligations),
  }
}

/** The duties of the enforcement point in the form of AuthZEN's obligations profile. */
function obligationsOf(obligations: readonly Obligation[]): Context {
  const theirs = obligations.filter(({ performer }) => performer === 'pep')
  if (theirs.length === 0) return {}
  return {
    obligations: theirs.map(({ id, properties }) => ({
      id,
      type: OBLIGATION_TYPES.includes(id) ? id : 'custom',
      properties: properties ?? {},
    })),
  }
}

/** Step-up as the core specification's example spells it, beside the obligation. */
function stepUpOf(obligations: readonly Obligation[]): Context {
  const properties = obligations.find(({ id }) => id === 'step-up')?.properties
  const { acr_value: acr, amr_values: amr } = properties ?? {}
  return { ...(acr === undefined ? {} : { acr_values: acr }), ...(amr === undefined ? {} : { amr_values: amr }) }
}
