import { Ceiling, REASON_CHARS_MAX } from '../model/ceiling.ts'
import type { BaseResult } from '../model/decision-inputs.ts'
import { denial } from './term.ts'

/** The static policy's grant as a term. A result that failed, or is not well formed, denies and says why. */
export function baseTerm(base: BaseResult | null): Ceiling {
  if (base === null) return denial('base', 'term_missing:base')
  const term = Ceiling.safeParse({ source: 'base', outcome: base.outcome, reason: reasonOf(base), ...duties(base) })
  if (!term.success) return denial('base', 'base_malformed')
  return base.cause === undefined ? term.data : { ...term.data, outcome: 'deny' }
}

/** Why, in no more characters than a reason has; a policy that says nothing still granted something. */
function reasonOf({ outcome, reason, cause }: BaseResult): string {
  const text = cause === undefined ? reason : `base_failed:${cause}`
  return text === '' ? `base_${outcome}` : text.slice(0, REASON_CHARS_MAX)
}

function duties({ obligations, guardrails }: BaseResult): object {
  return { ...(obligations === undefined ? {} : { obligations }), ...(guardrails === undefined ? {} : { guardrails }) }
}
