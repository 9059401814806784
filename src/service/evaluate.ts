import { actorOf, authorize } from './authority.ts'
import { charges, refusals } from './budget.ts'
import { decisionRecord, seenEffects, trustAnswer } from './decision-record.ts'
import { derive, deriveRefused, deriveStopped, type Derivation, type Question, type Timed } from './derive.ts'
import { agentsOf, gatherFacts, type DecisionFacts } from './facts.ts'
import { maskedPointers } from './mask.ts'
import { partiesOf } from './parties.ts'
import type { PolicySet } from './policy-set.ts'
import type { Store, Touches, Transaction } from './ports.ts'
import type { Ask, Observer } from './service.ts'
import { lowerOutcome } from '../lattice/outcome-order.ts'
import type { Caller } from '../model/caller.ts'
import { requestDigest } from '../model/canonical.ts'
import { ServiceError } from '../model/error.ts'
import type { DecisionAnswer } from '../model/wire.ts'

/** How often facts may change under a decision before it is made on the last ones read. */
const ATTEMPTS_MAX = 3

/** What evaluation needs from outside. */
export type EvaluateDeps = {
  readonly store: Store
  readonly policySet: () => PolicySet
  readonly nowMs: () => number
  readonly newId: () => string
  readonly observe: Observer
  /** Seconds on a monotonic clock, for the metrics only. */
  readonly elapsed: () => number
  readonly mask: boolean
}

/** What is answered, apart from whether and where it was recorded. */
type Pending = {
  readonly id: string
  readonly facts: DecisionFacts
  readonly derivation: Derivation
  readonly policySet: PolicySet
  readonly digest: string
  readonly stateVersion: number
}

/**
 * One request, start to end: facts → risk → base → graduation → decide → reserve and record → answer. One policy set, one
 * timestamp and one id hold for the whole of it. A decision that is not recorded is not answered above `suggest`.
 */
export async function evaluate(deps: EvaluateDeps, caller: Caller, ask: Ask): Promise<DecisionAnswer> {
  authorize(caller, 'decide')
  refuseForOthers(caller, ask)
  const policySet = deps.policySet()
  const question: Question = {
    request: ask.request,
    baseInput: ask.baseInput,
    entrypoint: ask.entrypoint ?? policySet.settings.base.entrypoint,
  }
  const id = deps.newId()
  const nowMs = deps.nowMs()
  const digest = requestDigest(ask.request, caller.tenant)
  const touches = touchesOf(caller, ask)
  const timed = timedSteps(deps, ask)

  for (let attempt = 1; ; attempt += 1) {
    const read = await deps.store.read(touches, (view) => ({
      facts: gatherFacts(ask.request, caller, policySet, view, nowMs),
      seen: documentsOf(view, touches),
      stateVersion: view.stateVersion(),
    }))
    const derived = await derive(question, read.facts, policySet, timed)
    ask.onBase?.(derived.base)
    const masked = await maskedPointers(deps.mask ? policySet : undefined, ask, deps.observe)
    let facts = read.facts
    let derivation = derived
    const recordStart = deps.elapsed()
    try {
      const appended = await deps.store.transact(touches, (transaction) => {
        // A demotion or containment may have come in since the facts were read: then they are read again.
        const stale = documentsOf(transaction, touches).some((document, index) => document !== read.seen[index])
        if (stale && attempt < ATTEMPTS_MAX) return undefined
        // At the last attempt trust is what was read last; but what was switched off since is off.
        if (stale) {
          const { containment, kill_switch } = gatherFacts(ask.request, caller, policySet, transaction, nowMs)
          facts = { ...read.facts, containment, kill_switch }
        }
        const stopped = stale ? deriveStopped(derived, facts) : derived
        derivation = deriveRefused(stopped, refusals(stopped.decision, stopped.inputs, facts, transaction))
        const effects = [
          ...seenEffects(ask, caller, facts, derivation),
          ...charges(id, derivation.decision, derivation.inputs, facts, policySet.settings.guardrails.verify_within_hours),
        ]
        const record = decisionRecord({
          id,
          ask,
          caller,
          facts,
          derivation,
          entrypoint: question.entrypoint,
          requestDigest: digest,
          policySetDigest: policySet.digest,
          effects,
        })
        return { ...transaction.append({ record, masked }), stateVersion: transaction.stateVersion() }
      })
      if (appended === undefined) continue
      deps.observe({ kind: 'step', protocol: ask.protocol, step: 'record', seconds: deps.elapsed() - recordStart })
      observeDecision(deps, ask, derivation)
      return answer({ id, facts, policySet, digest, derivation, stateVersion: appended.stateVersion }, appended.leafIndex)
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      deps.observe({ kind: 'degraded', cause: error.code })
      return unrecorded(answer({ id, facts, policySet, digest, derivation, stateVersion: read.stateVersion }, null), error)
    }
  }
}

/** An agent's own credential asks for itself only. */
function refuseForOthers(caller: Caller, ask: Ask): void {
  if (caller.agent !== undefined && caller.agent !== ask.request.subject.id)
    throw new ServiceError(
      'forbidden',
      `the credential "${actorOf(caller)}" belongs to the agent "${caller.agent}" and cannot ask for "${ask.request.subject.id}"`,
      {
        place: { pointer: '/subject/id' },
      },
    )
}

/** Every document that facts, budgets and effects of this request read or write. Activity counters may move under it; trust may not. */
function touchesOf(caller: Caller, ask: Ask): Touches {
  const { tenant } = caller
  const agents = agentsOf(partiesOf(ask.request, caller))
  return [
    { kind: 'tenant', tenant, id: '' },
    ...agents.map((id) => ({ kind: 'agent' as const, tenant, id })),
    ...agents.map((id) => ({ kind: 'activity' as const, tenant, id })),
  ]
}

/** The documents whose change makes facts stale. Engines give back the same object while a document is unchanged. */
function documentsOf(view: Pick<Transaction, 'document'>, touches: Touches): readonly unknown[] {
  return touches.filter(({ kind }) => kind !== 'activity').map((key) => view.document(key))
}

function timedSteps(deps: EvaluateDeps, ask: Ask): Timed {
  return (step, work) => {
    const start = deps.elapsed()
    const done = (): void => deps.observe({ kind: 'step', protocol: ask.protocol, step, seconds: deps.elapsed() - start })
    const result = work()
    if (result instanceof Promise) void result.then(done, done)
    else done()
    return result
  }
}

function observeDecision(deps: EvaluateDeps, ask: Ask, { decision, base, graduation, risk }: Derivation): void {
  deps.observe({
    kind: 'decision',
    protocol: ask.protocol,
    base: decision.base,
    outcome: decision.outcome,
    limiting: decision.limiting[0] ?? 'none',
  })
  if (base.kind === 'failed') deps.observe({ kind: 'degraded', cause: `base_${base.cause}` })
  if (graduation.kind !== 'value') deps.observe({ kind: 'degraded', cause: 'graduation' })
  if (risk.unavailable.length > 0) deps.observe({ kind: 'degraded', cause: 'fact_unavailable' })
}

function answer({ id, facts, derivation, policySet, digest, stateVersion }: Pending, leafIndex: number | null): DecisionAnswer {
  const { decision, risk } = derivation
  return {
    decision_id: id,
    decided_at: new Date(facts.at_ms).toISOString(),
    valid_until: new Date(facts.at_ms + policySet.settings.answer_valid_ms).toISOString(),
    request_digest: digest,
    state_version: stateVersion,
    recorded: leafIndex !== null,
    outcome: decision.outcome,
    decision: decision.decision,
    base: decision.base,
    ceilings: [...decision.ceilings],
    obligations: [...decision.obligations],
    guardrails: decision.guardrails,
    advice: [...decision.advice],
    risk: { points: risk.points, band: risk.band, rules: [...risk.rules], unavailable: [...risk.unavailable] },
    trust: trustAnswer(facts.trust, facts),
    policy_set: policySet.digest,
    leaf_index: leafIndex,
    reasons: [...decision.reasons],
  }
}

/** What may be answered when the log cannot be written: nothing above `suggest`, and it says so. */
function unrecorded(decided: DecisionAnswer, error: ServiceError): DecisionAnswer {
  return {
    ...decided,
    recorded: false,
    outcome: lowerOutcome(decided.outcome, 'suggest'),
    decision: false,
    advice: [],
    reasons: [`not_recorded: ${error.message}`, ...decided.reasons],
  }
}
