import type { PolicyEvaluation } from '../model/evaluation.ts'
import { OUTCOMES } from '../model/outcome.ts'
import type { BaseResult } from './decision-inputs.ts'

type Fields = Readonly<Record<string, unknown>>

function denied(cause: string, reason: string): BaseResult {
  return { outcome: 'deny', reason, cause }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

/** Reads an own property only: `{}` has no `allow`, whatever its prototype says. */
function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

function reasonIn(fields: Fields, otherwise: string): string {
  const reason = field(fields, 'reason')
  return typeof reason === 'string' && reason !== '' ? reason : otherwise
}

/** Duties and bounds of our own form; what other policies call so is theirs. They are checked when they become the base term. */
function extras(fields: Fields): Pick<BaseResult, 'obligations' | 'guardrails'> {
  const obligations = field(fields, 'obligations')
  const guardrails = field(fields, 'guardrails')
  return { ...(obligations === undefined ? {} : { obligations }), ...(guardrails === undefined ? {} : { guardrails }) } as Pick<
    BaseResult,
    'obligations' | 'guardrails'
  >
}

function readOutcome(fields: Fields): BaseResult {
  const outcome = OUTCOMES.find((known) => known === field(fields, 'outcome'))
  if (outcome === undefined) return denied('base_outcome_unknown', `the policy's outcome is none of ${OUTCOMES.join(', ')}`)
  const verdicts = verdictsOf(fields)
  if (verdicts.length > 0 && !verdicts.every((verdict) => verdict === true)) {
    return { ...denied('base_contradiction', 'the policy gives an outcome and an allow that is not true'), ...extras(fields) }
  }
  const reason = field(fields, 'reason')
  if (reason !== undefined && typeof reason !== 'string') return denied('base_malformed', "the policy's reason is not a string")
  return { outcome, reason: reasonIn(fields, `the policy answers ${outcome}`), ...extras(fields) }
}

function verdictsOf(fields: Fields): readonly unknown[] {
  return ['allow', 'allowed'].filter((name) => Object.hasOwn(fields, name)).map((name) => fields[name])
}

function readObject(fields: Fields): BaseResult {
  if (Object.hasOwn(fields, 'outcome')) return readOutcome(fields)
  const verdicts = verdictsOf(fields)
  if (verdicts.length === 0) return denied('base_malformed', 'the policy answers an object without allow, allowed or outcome')
  if (!verdicts.every((verdict) => typeof verdict === 'boolean')) {
    return denied('base_malformed', 'allow and allowed must be booleans')
  }
  const allow = verdicts.every((verdict) => verdict)
  return {
    outcome: allow ? 'allow' : 'deny',
    reason: reasonIn(fields, allow ? 'the policy allows' : 'the policy does not allow'),
  }
}

/**
 * Reads the answer of a base entrypoint, failing closed. Accepted: `true` and `false`; objects with `allow` or `allowed`
 * (strict booleans, both present: AND; Envoy's other fields are ignored here); Gradus' own `{outcome, reason?, obligations?,
 * guardrails?}`. Anything else, undefined and every failure is deny with the cause.
 */
export function readBaseResult(evaluation: PolicyEvaluation): BaseResult {
  if (evaluation.kind === 'undefined') return denied('base_undefined', 'the policy has no answer')
  if (evaluation.kind === 'failed') return denied(`base_${evaluation.cause}`, evaluation.message)
  if (evaluation.value === true) return { outcome: 'allow', reason: 'the policy allows' }
  if (evaluation.value === false) return { outcome: 'deny', reason: 'the policy does not allow' }
  const fields = fieldsOf(evaluation.value)
  if (fields !== undefined) return readObject(fields)
  const type = evaluation.value === null ? 'null' : Array.isArray(evaluation.value) ? 'an array' : `a ${typeof evaluation.value}`
  return denied('base_malformed', `the policy answers ${type}, not a boolean or an object`)
}
