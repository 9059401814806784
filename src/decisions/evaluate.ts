import { actorOf, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { agentsOf, partiesOf } from '../access/parties.ts'
import { sessionOf } from '../access/session.ts'
import { classifyAction, type ExternalClassifiers } from '../evidence/detectors/external-classifiers.ts'
import { detectorDocumentKeys } from '../evidence/detectors/run-detectors.ts'
import { missesFound } from '../evidence/sampling.ts'
import { ServiceError } from '../format/error.ts'
import { scoreCeilingKeys } from '../ladder/score-ceilings.ts'
import { accountsOf } from '../ledger/accounts.ts'
import { observeChanges } from '../ledger/changes.ts'
import type { VerificationDuty } from '../ledger/decision-body.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { DocumentKind } from '../ledger/documents/documents.ts'
import type { Effect } from '../ledger/effect.ts'
import { detectorStateKeys } from '../ledger/fold/detector-state.ts'
import { activityKey, approvalKey, DETECTORS_KEY, inboxKey, sessionKey, TOOLS_KEY } from '../ledger/keys.ts'
import type { Store, DocumentKeys, Transaction, View } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import { requestDigest } from '../model/request-digest.ts'
import { modeOfFacts } from '../policy/modes.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { TrustChange } from '../trust/trust-change.ts'
import { approvalOutcome, type Asked, NO_APPROVAL, withApprovalFacts } from './approval-facts.ts'
import type { DecisionRequest } from './ask.ts'
import { charges, refusals } from './budgets.ts'
import { decisionAnswer, unrecorded } from './decision-answer.ts'
import { decisionRecord, seenEffects } from './decision-record.ts'
import { type Derivation, derive, deriveFresh, deriveRefused, type Question, type Timed } from './derive.ts'
import { detectOnDecision } from './detect-on-decision.ts'
import { freshFacts, gatherFacts } from './facts.ts'
import { maskedPointers } from './mask.ts'
import { holdNewAgent, newAgentOwner } from './new-agent-hold.ts'
import { verificationOf } from './verification.ts'
import type { DecisionAnswer } from './wire.ts'

/** How often a decision is made anew because facts changed under it; the last time it takes what came in since, and denies where trust fell. */
export const ATTEMPTS_MAX = 8

/** What evaluation needs from outside. */
export type EvaluateDeps = {
  readonly store: Store
  readonly policySet: () => PolicySet
  readonly nowMs: () => number
  /** False: the clock stepped; then nothing that ends by itself lifts a decision. */
  readonly clockSteady: () => boolean
  readonly newId: () => string
  readonly observe: Observer
  /** Models that are asked about a request before its facts are read. */
  readonly outside: ExternalClassifiers
  /** Seconds on a monotonic clock, for the metrics only. */
  readonly elapsed: () => number
  readonly mask: boolean
  /** Deals sessions to the sides of a percentage (`modes`); secret, or callers could choose theirs. */
  readonly modeKey: Uint8Array
  /** Where would-be use of budgets is kept under the modes in force; undefined where everything is enforced. */
  readonly rehearsal: () => string | undefined
}

/**
 * One request, start to end: what models outside say of it → facts → risk → base → graduation → decide → reserve and record → answer. One policy set, one
 * timestamp and one id hold for the whole of it. A decision that is not recorded is not answered above `suggest`.
 */
export async function evaluate(deps: EvaluateDeps, caller: Caller, ask: DecisionRequest): Promise<DecisionAnswer> {
  authorize(caller, 'decide')
  refuseForOthers(caller, ask)
  const outside = await classifyAction(deps, { request: ask.request, caller }, deps.policySet())
  const policySet = deps.policySet()
  const question: Question = {
    request: ask.request,
    baseInput: ask.baseInput,
    entrypoint: ask.entrypoint ?? policySet.settings.base.entrypoint,
  }
  const id = deps.newId()
  const nowMs = deps.nowMs()
  const digest = requestDigest(ask.request, caller.tenant)
  const asked: Asked = {
    request: ask.request,
    caller,
    digest,
    mapped: ask.baseInput !== undefined,
    clockSteady: deps.clockSteady(),
  }
  const rehearsal = deps.rehearsal()
  const timed = timedSteps(deps, ask)
  const factsIn = (view: View): DecisionFacts => {
    const facts = withApprovalFacts(gatherFacts(ask.request, caller, policySet, view, nowMs, outside), asked, view)
    return { ...facts, mode: modeOfFacts(policySet.settings.modes, facts, ask.request, deps.modeKey) }
  }

  for (let attempt = 1; ; attempt += 1) {
    const touches = [
      ...decisionDocumentKeys(asked, policySet, rehearsal, await usedInSession(deps.store, asked)),
      ...judgedByDetectors(id, asked, policySet),
    ]
    const read = await deps.store.read(touches, (view) => {
      const facts = factsIn(view)
      return {
        facts,
        newcomersOwner: newAgentOwner(facts, view),
        seen: documentsOf(view, touches),
        stateVersion: view.stateVersion(),
      }
    })
    if (attempt === 1 && read.newcomersOwner !== null) {
      const agent = read.facts.agent.id
      if (await heldBack(deps, { tenant: caller.tenant, agent, owner: read.newcomersOwner })) continue
    }
    const derived = await derive(question, read.facts, policySet, timed)
    ask.onBase?.(derived.base)
    const masked = await maskedPointers(deps.mask ? policySet : undefined, ask, deps.observe)
    let facts = read.facts
    let derivation = derived
    let people = NO_APPROVAL
    let changes: readonly TrustChange[] = []
    const pending = () => ({ id, facts, policySet, digest, derivation, people })
    const recordStart = deps.elapsed()
    try {
      const appended = await deps.store.transact(touches, (transaction) => {
        // A demotion or containment may have come in since the facts were read: then they are read again.
        const { approval: word } = withApprovalFacts(read.facts, asked, transaction)
        const stale =
          word?.problem !== read.facts.approval?.problem ||
          documentsOf(transaction, touches).some((document, index) => document !== read.seen[index])
        if (stale && attempt < ATTEMPTS_MAX) return undefined
        if (stale) facts = freshFacts(read.facts, factsIn(transaction))
        const decided = stale ? deriveFresh(derived, facts, policySet) : derived
        derivation = withBudgets(decided, facts, transaction, rehearsal)
        const approved = approvalOutcome({ id, asked, facts, derivation }, policySet, transaction)
        people = approved
        const watched = detectOnDecision({ id, ask, facts, derivation, newId: deps.newId }, policySet, transaction)
        const verifyWithinHours = policySet.settings.guardrails.verify_within_hours
        const verification = verificationOf({ id, facts, derivation, verifyWithinHours }, deps.modeKey, transaction)
        const charged = chargesOf(id, derivation, facts, policySet, rehearsal, verification)
        const effects = [
          ...seenEffects(ask, caller, facts, derivation),
          ...missesFound(charged, { tenant: caller.tenant, nowMs: facts.at_ms }, transaction),
          ...charged,
          ...approved.effects,
          ...watched.effects,
        ]
        changes = watched.changes
        const record = decisionRecord({
          id,
          ask,
          caller,
          facts,
          derivation,
          entrypoint: question.entrypoint,
          requestDigest: digest,
          policySetDigest: policySet.digest,
          rehearsal,
          people: approved,
          watch: watched.body,
          verification,
          effects,
        })
        return { ...transaction.append({ record, masked }), stateVersion: transaction.stateVersion() }
      })
      if (appended === undefined) continue
      deps.observe({ kind: 'step', protocol: ask.protocol, step: 'record', seconds: deps.elapsed() - recordStart })
      observeDecision(deps, ask, derivation)
      observeChanges(deps, changes)
      return decisionAnswer({ ...pending(), stateVersion: appended.stateVersion }, appended.leafIndex)
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      deps.observe({ kind: 'degraded', cause: error.code })
      people = NO_APPROVAL
      return unrecorded(decisionAnswer({ ...pending(), stateVersion: read.stateVersion }, null), error)
    }
  }
}

/** Whether a newcomer was held back. Where that cannot be recorded, neither can the decision, which is lowered for it. */
async function heldBack(deps: EvaluateDeps, newcomer: Parameters<typeof holdNewAgent>[1]): Promise<boolean> {
  try {
    return await holdNewAgent(deps, newcomer)
  } catch (error) {
    if (error instanceof ServiceError) return false
    throw error
  }
}

/** An agent's own credential asks for itself only. */
function refuseForOthers(caller: Caller, ask: DecisionRequest): void {
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
export function decisionDocumentKeys(
  { caller, request, digest }: Pick<Asked, 'caller' | 'request' | 'digest'>,
  { catalogue }: PolicySet,
  rehearsal: string | undefined,
  used: readonly string[] = [],
): DocumentKeys {
  const { tenant } = caller
  const parties = partiesOf(request, caller)
  const agents = agentsOf(parties)
  const session = sessionOf(request)
  const { watched } = accountsOf(parties, (id) => catalogue.agent(id).known)
  return [
    { kind: 'tenant', tenant, id: '' },
    ...agents.map((id) => ({ kind: 'agent' as const, tenant, id })),
    ...scoreCeilingKeys(tenant, agents, used),
    TOOLS_KEY,
    DETECTORS_KEY,
    ...(parties.agent === null ? [] : detectorStateKeys(tenant, parties.agent.id, catalogue.place(request.action.name))),
    ...(session === undefined ? [] : agents.map((id) => sessionKey(tenant, id, session))),
    ...watched.map((id) => activityKey(tenant, id)),
    ...(rehearsal === undefined ? [] : watched.map((id) => activityKey(tenant, id, rehearsal))),
    approvalKey(tenant, digest),
    inboxKey(tenant),
  ]
}

/** What alarms at this decision read and write; nothing where no detector looks. */
function judgedByDetectors(id: string, { request, caller }: Asked, { settings, catalogue }: PolicySet): DocumentKeys {
  const { agent } = partiesOf(request, caller)
  if (settings.detectors.layers.length === 0 || agent === null) return []
  const judged = { agent: agent.id, scope: catalogue.place(request.action.name), decision_id: id }
  return detectorDocumentKeys(caller.tenant, judged)
}

/** Agents whose output the session of a request has used: their trust bounds it. */
async function usedInSession(store: Store, { request, caller }: Asked): Promise<readonly string[]> {
  const session = sessionOf(request)
  if (session === undefined) return []
  const keys = agentsOf(partiesOf(request, caller)).map((id) => sessionKey(caller.tenant, id, session))
  return store.read(keys, (view) => [...new Set(keys.flatMap((key) => view.document(key)?.used ?? []))])
}

/** Kinds that judging by detectors reads; they count, and no fact is read from them. */
const JUDGING: readonly DocumentKind[] = ['verdicts', 'tally', 'filings', 'rater']

/** Kinds that move under decisions without making their facts stale: counters, and what approvals check for themselves. */
const MOVING: readonly DocumentKind[] = ['activity', 'rehearsal', 'approval', 'inbox', 'watch', 'watch_scope', ...JUDGING]

/**
 * The documents whose change makes facts stale. Engines give back the same object while a document is unchanged; those of sessions are
 * read anew each time, so they are compared as text.
 */
function documentsOf(view: Pick<Transaction, 'document'>, touches: DocumentKeys): readonly unknown[] {
  return touches
    .filter(({ kind }) => !MOVING.includes(kind))
    .map((key) => (key.kind === 'session' ? JSON.stringify(view.document(key)) : view.document(key)))
}

function timedSteps(deps: EvaluateDeps, ask: DecisionRequest): Timed {
  return (step, work) => {
    const start = deps.elapsed()
    const done = (): void => deps.observe({ kind: 'step', protocol: ask.protocol, step, seconds: deps.elapsed() - start })
    const result = work()
    if (result instanceof Promise) void result.then(done, done)
    else done()
    return result
  }
}

/** Decides again under the budgets: those that are really used, and, where something is only observed, the rehearsed ones. */
export function withBudgets(derivation: Derivation, facts: DecisionFacts, view: View, rehearsal: string | undefined): Derivation {
  const { decision, inputs, would, mode } = derivation
  const refused = mode === 'observe' ? [] : refusals(decision, inputs, facts, view)
  const rehearsed = would === null ? [] : refusals(would.decision, would.inputs, facts, view, rehearsal)
  return deriveRefused(derivation, refused, rehearsed)
}

/** What the decision uses of its budgets, and what it would have used. Observed actions are no charge: nobody let them run. */
export function chargesOf(
  id: string,
  { decision, inputs, would, mode }: Derivation,
  facts: DecisionFacts,
  { settings }: PolicySet,
  rehearsal: string | undefined,
  verification: VerificationDuty | null = null,
): readonly Effect[] {
  const hours = settings.guardrails.verify_within_hours
  const dueFrom = verification?.due === true ? (facts.parties.agent?.id ?? null) : null
  return [
    ...(mode === 'observe' ? [] : charges(id, decision, inputs, facts, hours, { dueFrom })),
    ...(would === null ? [] : charges(id, would.decision, would.inputs, facts, hours, { rehearsal })),
  ]
}

/** Tells the metrics of one decision. */
export function observeDecision(
  deps: Pick<EvaluateDeps, 'observe'>,
  ask: Pick<DecisionRequest, 'protocol'>,
  { decision, base, graduation, risk, would }: Derivation,
): void {
  deps.observe({
    kind: 'decision',
    protocol: ask.protocol,
    base: decision.base,
    outcome: decision.outcome,
    limiting: decision.limiting[0] ?? 'none',
  })
  if (would !== null)
    deps.observe({
      kind: 'would',
      protocol: ask.protocol,
      base: would.decision.base,
      outcome: would.decision.outcome,
      limiting: would.decision.limiting[0] ?? 'none',
    })
  if (base.kind === 'failed') deps.observe({ kind: 'degraded', cause: `base_${base.cause}` })
  if (graduation.kind !== 'value') deps.observe({ kind: 'degraded', cause: 'graduation' })
  if (risk.unavailable.length > 0) deps.observe({ kind: 'degraded', cause: 'fact_unavailable' })
}
