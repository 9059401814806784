import type { Observer } from '../model/observation.ts'
import type { Decision } from '../pdp/decision-inputs.ts'
import type { Decided } from './decision-context.ts'
import type { DutyTold } from './tell-duties.ts'
import type { DecisionRequest } from './decision-request.ts'
import type { StepSeconds } from './record-detail.ts'
import type { Timed } from './rules/ask-policies.ts'
import type { Derivation } from './rules/derivation.ts'

/** Microseconds in a second. */
const MICROSECONDS = 1_000_000

/** Tells the metrics of one decision. */
export function observeDecision(
  { observe }: { readonly observe: Observer },
  { protocol }: Pick<DecisionRequest, 'protocol'>,
  { decision, base, graduation, risk, would }: Derivation,
): void {
  observe({ kind: 'decision', protocol, ...labelsOf(decision) })
  if (would !== null) observe({ kind: 'would', protocol, ...labelsOf(would.decision) })
  if (base.kind === 'failed') observe({ kind: 'degraded', cause: `base_${base.cause}` })
  if (graduation.kind !== 'value') observe({ kind: 'degraded', cause: 'graduation' })
  if (risk.unavailable.length > 0) observe({ kind: 'degraded', cause: 'fact_unavailable' })
}

/** Tells the metrics and the log of the duties of a recorded decision to tell somebody. */
export function observeDuties(
  { observe }: { readonly observe: Observer },
  { context }: Decided,
  told: readonly DutyTold[],
): void {
  for (const each of told) observe({ kind: 'duty', ...each, agent: context.parties.agent?.id ?? null, decision: context.id })
}

function labelsOf({ base, outcome, limiting }: Decision) {
  return { base, outcome, limiting: limiting[0] ?? 'none' }
}

/** Tells the metrics how long each step of a decision took, and adds it up in `seconds` for the record. */
export function timedSteps(
  { observe, elapsed }: { readonly observe: Observer; readonly elapsed: () => number },
  { protocol }: Pick<DecisionRequest, 'protocol'>,
  seconds: StepSeconds,
): Timed {
  return (step, work) => {
    const start = elapsed()
    const done = (): void => {
      const took = elapsed() - start
      seconds[step] = Math.round(((seconds[step] ?? 0) + took) * MICROSECONDS) / MICROSECONDS
      observe({ kind: 'step', protocol, step, seconds: took })
    }
    const result = work()
    if (result instanceof Promise) void result.then(done, done)
    else done()
    return result
  }
}
