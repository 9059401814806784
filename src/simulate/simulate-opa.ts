import type { Caller } from '../access/caller.ts'
import { seenEffects } from '../decisions/decision-record.ts'
import { derive } from '../decisions/derive.ts'
import { gatherFacts } from '../decisions/facts.ts'
import { entrypointFor, type OpaEntry, requestIn, unreadableBecause } from '../decisions/opa-log/opa-entry.ts'
import { requestContext } from '../decisions/request-context.ts'
import { deriveRefused } from '../decisions/rules/derivation.ts'
import { refusals } from '../decisions/rules/guardrail-budgets.ts'
import { canonicalJson } from '../format/canonical-json.ts'
import { valueInside } from '../format/value-inside.ts'
import { mayRun } from '../lattice/outcome-order.ts'
import type { Scratch } from '../ledger/scratch.ts'
import type { Store } from '../ledger/store.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { Request } from '../model/request.ts'
import { readBaseResult } from '../pdp/base-result.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { constantsIn, type WalkRecords } from './constants-history.ts'
import { createPast, type Past } from './past.ts'
import type { PromotionCounts } from './promotions.ts'
import { answeredOf } from './recorded.ts'
import { createTally, type SimulationTally, type TallyReport } from './tally.ts'
import { createTimeline } from './timeline.ts'

/** What a simulation over an OPA decision log needs. */
export type SimulateOpaDeps = {
  readonly entries: AsyncIterable<OpaEntry>
  /** The source of trust at each entry's time. Absent: no agent is known. */
  readonly store: Pick<Store, 'query'> | undefined
  readonly walk: WalkRecords
  readonly scratch: Scratch
  readonly candidate: PolicySet
  readonly promotes: boolean
  /** The caller of every entry: whoever reaches the listener, as if its owner vouched for it. */
  readonly caller: Caller
  /** Entries before this time are skipped. */
  readonly sinceMs: number
}

/** The report of a simulation over an OPA decision log. */
export type OpaSimulation = {
  /** The answer of the candidate's base compared with the answer in the log. */
  readonly changes: TallyReport
  /** The graduated decision compared with the answer in the log. */
  readonly would: TallyReport
  /** How promotions differ; null if trust was not derived again. */
  readonly promotions: PromotionCounts | null
}

/**
 * Asks the candidate's base every question of an OPA decision log and compares the answers. It also compares the graduated
 * decision. Entries come in the order of the log; memory does not grow with it.
 */
export async function simulateOpa(deps: SimulateOpaDeps): Promise<OpaSimulation> {
  const { store, walk, candidate, scratch, promotes } = deps
  const history = store === undefined ? { all: [candidate.constants] } : await constantsIn(store, walk)
  const past = createPast({ candidate, history, scratch, promotes })
  const timeline = createTimeline(store === undefined ? undefined : walk(store, {}))
  const changes = createTally()
  const would = createTally()
  for await (const entry of deps.entries) {
    const atMs = Date.parse(entry.timestamp)
    for await (const stored of timeline.until(atMs)) past.apply(stored)
    await compareEntry({ ...deps, past, changes, would }, entry, atMs)
  }
  return { changes: changes.report(), would: would.report(), promotions: past.promotions() }
}

type Comparing = SimulateOpaDeps & { readonly past: Past; readonly changes: SimulationTally; readonly would: SimulationTally }

async function compareEntry(comparing: Comparing, entry: OpaEntry, atMs: number): Promise<void> {
  if (atMs < comparing.sinceMs) return
  const { candidate, changes, would } = comparing
  const target = entrypointFor(entry, candidate.base.entrypoints)
  const unknown = unreadableBecause(entry) ?? (target === undefined ? 'other_path' : undefined)
  if (unknown !== undefined || target === undefined) {
    for (const tally of [changes, would]) tally.unknown(unknown ?? 'other_path', atMs)
    return
  }
  const request = requestIn(entry.input, candidate.settings.base.mapping)
  const compared = {
    decisionId: entry.decision_id,
    atMs,
    agent: request?.subject.id ?? '(unknown)',
    action: request?.action.name ?? '(unknown)',
    before: baseAnswer(evaluationOf(entry.result)),
  }
  const base = candidate.base.evaluate(target.entrypoint, entry.input)
  const after = base.kind === 'value' ? evaluationOf(valueInside(base.value, target.inside)) : base
  changes.add({ ...compared, after: baseAnswer(after) })
  if (request === undefined) would.unknown('no_request', atMs)
  else {
    const decision = await wouldDecide(comparing, { entry, request, entrypoint: target.entrypoint, base: after, atMs })
    would.add({ ...compared, after: answeredOf(decision) })
  }
}

function evaluationOf(value: unknown): PolicyEvaluation {
  return value === undefined ? { kind: 'undefined' } : { kind: 'value', value }
}

/** A base answer in comparable form. The whole answer stands as `duties`, so that any difference shows. */
function baseAnswer(evaluation: PolicyEvaluation) {
  const { outcome } = readBaseResult(evaluation)
  const duties = evaluation.kind === 'value' ? textOf(evaluation.value) : evaluation.kind
  return { outcome, limiting: outcome === 'allow' ? [] : ['base'], conceded: { base: outcome }, duties }
}

/** Canonical JSON; plain JSON for values that have no canonical form (lone surrogates, extreme depth). */
function textOf(value: unknown): string {
  try {
    return canonicalJson(value)
  } catch {
    return JSON.stringify(value)
  }
}

type OpaQuestion = {
  readonly entry: OpaEntry
  readonly request: Request
  readonly entrypoint: string
  readonly base: PolicyEvaluation
  readonly atMs: number
}

/** The graduated decision. An action that the base allowed counts as run, so that later entries see its traces. */
async function wouldDecide({ candidate, caller, past }: Comparing, { entry, request, entrypoint, base, atMs }: OpaQuestion) {
  const context = requestContext({ request, caller, policySet: candidate, atMs })
  const facts = gatherFacts(context, past.view)
  const raw = candidate.settings.base.input === 'request'
  // A base with raw input was already asked with the logged input.
  const policySet = raw ? { ...candidate, base: { ...candidate.base, evaluate: () => base } } : candidate
  const question = { request, entrypoint, baseInput: entry.input, reading: context.reading }
  const first = await derive({ question, facts, policySet })
  const derivation = deriveRefused(first, refusals(first, { facts, accounts: context.accounts }, past.view))
  const { outcome } = readBaseResult(evaluationOf(entry.result))
  const ran = { ...derivation, decision: { ...derivation.decision, base: outcome, decision: mayRun(outcome) } }
  past.add(seenEffects({ context, facts, derivation: ran }), atMs, caller.tenant)
  return derivation.decision
}
