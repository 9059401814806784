import type { ExternalClassifiers } from '../evidence/detectors/external-classifiers.ts'
import { ServiceError } from '../format/error.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { DocumentKind } from '../ledger/documents/documents.ts'
import type { DocumentKeys, Store, Transaction, View } from '../ledger/store.ts'
import type { Observer } from '../model/observation.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { type Decided, type DecisionContext, documentKeysOf } from './decision-context.ts'
import { type Consequences, decisionRecord } from './decision-record.ts'
import { derive } from './derive.ts'
import { freshFacts } from './facts.ts'
import { type Masked, maskedValues, withMasked } from './mask.ts'
import { withMeasureMask } from './record-detail.ts'
import type { Timed } from './rules/ask-policies.ts'
import { type Derivation, deriveFresh } from './rules/derivation.ts'
import { withBudgets } from './rules/guardrail-budgets.ts'
import type { RecordDetailSettings } from './settings.ts'

/** How often a decision is made anew because facts changed under it; the last time it takes what came in since, and denies where trust fell. */
export const ATTEMPTS_MAX = 8

/** What deciding and recording needs from outside. */
export type DecideDeps = {
  readonly store: Store
  readonly observe: Observer
  /** Seconds on a monotonic clock, for the metrics only. */
  readonly elapsed: () => number
  /** Apply the policy set's mask rule to what is stored. */
  readonly mask: boolean
  /** Beyond the limit on masks, everything sensitive is masked instead of the request being refused. */
  readonly maskAllBeyondLimit?: boolean
  /** What records hold beside what decides. */
  readonly detail: RecordDetailSettings
}

/** What evaluation needs from outside. */
export type EvaluateDeps = DecideDeps & {
  readonly policySet: () => PolicySet
  readonly nowMs: () => number
  /** False: the clock stepped; then nothing that ends by itself lifts a decision. */
  readonly clockSteady: () => boolean
  readonly newId: () => string
  /** Classifiers that are asked about a request before its facts are read. */
  readonly outside: ExternalClassifiers
  /** Deals sessions to the sides of a percentage (`modes`); secret, or callers could choose theirs. */
  readonly modeKey: Uint8Array
  /** Where would-be use of budgets is kept under the modes in force; undefined where everything is enforced. */
  readonly rehearsal: () => string | undefined
}

/** What differs between the decisions that are recorded: those of live requests, and those of an OPA's decision log. */
export type DecisionKind = {
  readonly factsOf: (context: DecisionContext, view: View) => DecisionFacts
  /** Whether something beside the documents changed that the facts were read from. */
  readonly isOutdated: (context: DecisionContext, facts: DecisionFacts, view: View) => boolean
  /** What has to be written before the first decision is made; true: something was, and the facts are read anew. */
  readonly prepare: (context: DecisionContext, view: View) => (() => Promise<boolean>) | null
  /** What the decision does besides being recorded. */
  readonly consequencesOf: (decided: Decided, transaction: Transaction) => Consequences
  readonly timed: Timed
  /** True: a record of this id may be there already, and then nothing is decided again. */
  readonly mayRepeat: boolean
  /** It was made elsewhere already, so it is recorded as far as it may be instead of being refused. */
  readonly isMadeElsewhere?: true
}

/** A decision that is in the log. */
type InLog = {
  readonly kind: 'recorded'
  readonly decided: Decided
  readonly consequences: Consequences
  readonly leafIndex: number
  readonly stateVersion: number
}
type Written = InLog | { readonly kind: 'repeated' }

/** What came of a decision: recorded at a place, not recorded and why, or recorded before. `seconds`: how long the write took. */
export type Recorded =
  | (InLog & { readonly seconds: number })
  | { readonly kind: 'unrecorded'; readonly decided: Decided; readonly error: ServiceError; readonly stateVersion: number }
  | { readonly kind: 'repeated' }

/** Facts as they were read, and the documents they were read from. */
type FactsRead = { readonly facts: DecisionFacts; readonly documents: readonly unknown[]; readonly stateVersion: number }

/**
 * Facts → risk → base → graduation → decide → reserve and record, for every decision that is recorded. A demotion or containment that
 * comes in meanwhile makes the decision anew, so that none is recorded on facts that an acknowledged write had already changed.
 */
export async function decideAndRecord(deps: DecideDeps, context: DecisionContext, kind: DecisionKind): Promise<Recorded> {
  for (let attempt = 1; ; attempt += 1) {
    const keys = await documentKeysOf(context, deps.store)
    const { read, prepare } = await deps.store.read(keys, (view) => ({
      read: factsRead(context, kind, keys, view),
      prepare: attempt === 1 ? kind.prepare(context, view) : null,
    }))
    if (prepare !== null && (await prepare())) continue
    const { question, policySet } = context
    const derivation = await derive({ question, facts: read.facts, policySet, timed: kind.timed })
    context.asked.onBase?.(derivation.base)
    const masked = maskedValues(
      deps.mask ? policySet : undefined,
      { ...context.asked, claims: context.caller.claims },
      deps.observe,
      kind.isMadeElsewhere !== true && deps.maskAllBeyondLimit !== true,
    )
    const recorded = await record(deps, { context, kind, keys, read, derivation, masked, isLast: attempt === ATTEMPTS_MAX })
    if (recorded !== undefined) return recorded
  }
}

function factsRead(context: DecisionContext, kind: DecisionKind, keys: DocumentKeys, view: View): FactsRead {
  return { facts: kind.factsOf(context, view), documents: documentsOf(view, keys), stateVersion: view.stateVersion() }
}

type Recording = {
  readonly context: DecisionContext
  readonly kind: DecisionKind
  readonly keys: DocumentKeys
  readonly read: FactsRead
  readonly derivation: Derivation
  readonly masked: Masked
  /** True: it is taken with what came in since, and not made anew. */
  readonly isLast: boolean
}

/** Reserves budgets and appends the record in one transaction; undefined: the facts changed, and it has to be decided anew. */
async function record(deps: DecideDeps, recording: Recording): Promise<Recorded | undefined> {
  const { context, kind, keys, read, derivation } = recording
  const start = deps.elapsed()
  const first: Decided = { context, facts: read.facts, derivation }
  const written = await lastKnown(first, (known) =>
    deps.store.transact(keys, (transaction): Written | undefined => {
      if (kind.mayRepeat && transaction.record(context.tenant, context.id) !== undefined) return { kind: 'repeated' }
      const decided = decidedNow(recording, transaction)
      if (decided === undefined) return undefined
      known(decided)
      const consequences = kind.consequencesOf(decided, transaction)
      const { leafIndex } = transaction.append({
        record: withMasked(decisionRecord(decided, consequences, deps.detail), recording.masked),
        masked: withMeasureMask(recording.masked.pointers),
      })
      return { kind: 'recorded', decided, consequences, leafIndex, stateVersion: transaction.stateVersion() }
    }),
  )
  if (!written.ok) {
    // What can never be recorded is refused, not answered unrecorded: the next like it would be the same.
    if (!(written.error instanceof ServiceError) || written.error.code === 'too_large') throw written.error
    return { kind: 'unrecorded', decided: written.known, error: written.error, stateVersion: read.stateVersion }
  }
  return written.value?.kind === 'recorded' ? { ...written.value, seconds: deps.elapsed() - start } : written.value
}

/** The decision under the budgets and facts of the transaction; undefined: the facts changed, and there is another attempt. */
function decidedNow({ context, kind, keys, read, derivation, isLast }: Recording, transaction: Transaction): Decided | undefined {
  const { documents } = read
  const isStale =
    kind.isOutdated(context, read.facts, transaction) ||
    documentsOf(transaction, keys).some((document, index) => document !== documents[index])
  if (isStale && !isLast) return undefined
  const facts = isStale ? freshFacts(read.facts, kind.factsOf(context, transaction)) : read.facts
  const fresh = isStale ? deriveFresh(derivation, facts, context.policySet) : derivation
  const { accounts, rehearsal } = context
  return { context, facts, derivation: withBudgets(fresh, { facts, accounts }, transaction, rehearsal) }
}

/** Runs work that says on its way what it came to so far, which is known then even where it fails. */
async function lastKnown<K, T>(
  first: K,
  work: (known: (value: K) => void) => Promise<T>,
): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown; readonly known: K }> {
  let known = first
  try {
    return { ok: true, value: await work((value) => void (known = value)) }
  } catch (error) {
    return { ok: false, error, known }
  }
}

/** Kinds that judging by detectors reads; they count, and no fact is read from them. */
const JUDGING: readonly DocumentKind[] = ['verdicts', 'tally', 'filings', 'rater']

/** Kinds that move under decisions without making their facts stale: counters, and what approvals check for themselves. */
const MOVING: readonly DocumentKind[] = [
  'activity',
  'rehearsal',
  'approval',
  'inbox',
  'spot_checks',
  'pauses',
  'watch',
  'watch_scope',
  ...JUDGING,
]

/**
 * The documents whose change makes facts stale. Engines give back the same object while a document is unchanged; those of sessions are
 * read anew each time, so they are compared as text.
 */
function documentsOf(view: Pick<Transaction, 'document'>, keys: DocumentKeys): readonly unknown[] {
  return keys
    .filter(({ kind }) => !MOVING.includes(kind))
    .map((key) => (key.kind === 'session' ? JSON.stringify(view.document(key)) : view.document(key)))
}
