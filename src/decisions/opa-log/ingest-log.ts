import { authorize } from '../../access/authority.ts'
import type { Caller } from '../../access/caller.ts'
import { giveWayInSteps } from '../../access/give-way.ts'
import { missesFound } from '../../evidence/sampling.ts'
import { canonicalJson, sha256Hex } from '../../format/canonical-json.ts'
import { ServiceError } from '../../format/error.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { DocumentKey, DocumentKind } from '../../ledger/documents/documents.ts'
import { activityKey } from '../../ledger/keys.ts'
import type { View } from '../../ledger/store.ts'
import type { PolicyEvaluation } from '../../model/evaluation.ts'
import type { Request } from '../../model/request.ts'
import { readBaseResult } from '../../pdp/base-result.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { decideAndRecord, type DecisionKind, type EvaluateDeps } from '../decide-and-record.ts'
import { type DecisionContext, decisionContext } from '../decision-context.ts'
import { seenEffects } from '../decision-record.ts'
import type { DecisionRequest } from '../decision-request.ts'
import { gatherFacts } from '../facts.ts'
import { observeDecision } from '../observe-decision.ts'
import { NO_APPROVAL } from '../rules/approval-facts.ts'
import { chargesOf } from '../rules/guardrail-budgets.ts'
import { owedEffects, verificationOf } from '../verification-duty.ts'
import { isDecisionEntry, OpaEntry, requestIn, unreadableBecause } from './opa-entry.ts'
import type { LogAnswer, LogLine, Rejection } from './wire.ts'

/** Entries that are told of one by one, at most; all are counted. */
export const PROBLEMS_MAX = 32
/** The rehearsal that all uploaded decisions share: their budgets and counters are apart from those of decisions made here. */
export const LOG_REHEARSAL = 'opa-log'
/** Characters of an id that stand for the uploader and its own id of the decision. */
const ID_CHARS = 48

type Ingested =
  | { readonly kind: 'recorded' | 'repeated' }
  | { readonly kind: 'rejected'; readonly decisionId: string | null; readonly reason: Rejection; readonly message: string }

/**
 * Ingests the entries of an OPA's decision log: each becomes an observed decision, whose base is what that OPA answered. Nothing here
 * decides anything for anybody, so it is done entry by entry with live decisions in between. `mayGoOn` throws when enough is done;
 * what was ingested stays, and is skipped when it is sent again.
 */
export async function ingestLog(
  deps: EvaluateDeps,
  caller: Caller,
  entries: AsyncIterable<LogLine>,
  mayGoOn: () => void = () => undefined,
): Promise<LogAnswer> {
  authorize(caller, 'upload_log')
  const counts = { received: 0, recorded: 0, repeated: 0, rejected: 0 }
  const problems: LogAnswer['problems'][number][] = []
  const pieceDone = giveWayInSteps()
  for await (const line of entries) {
    const ingested = line.ok ? await ingest(deps, caller, line.value, mayGoOn) : rejected('unreadable', line.message)
    counts[ingested.kind] += 1
    if (ingested.kind === 'rejected' && problems.length < PROBLEMS_MAX) {
      const { decisionId, reason, message } = ingested
      problems.push({ index: counts.received, decision_id: decisionId, reason, message })
    }
    counts.received += 1
    await pieceDone()
  }
  return { ...counts, problems }
}

function rejected(reason: Rejection, message: string, decisionId: string | null = null): Ingested {
  return { kind: 'rejected', decisionId, reason, message }
}

async function ingest(deps: EvaluateDeps, caller: Caller, value: unknown, mayGoOn: () => void): Promise<Ingested> {
  const policySet = deps.policySet()
  const read = readEntry(value, policySet)
  if ('kind' in read) return read
  const { entry, request, answered } = read
  const id = recordIdOf(caller, entry.decision_id)
  if (await deps.store.read([], (view) => view.record(caller.tenant, id) !== undefined)) return { kind: 'repeated' }
  mayGoOn()
  const asked: DecisionRequest = { request, entrypoint: entry.path ?? '', protocol: 'opa-log' }
  const sources = { id, asked, request, caller, policySet, answered, atMs: deps.nowMs(), clockSteady: deps.clockSteady() }
  const context = decisionContext({ ...sources, rehearsal: LOG_REHEARSAL })
  const recorded = await decideAndRecord(deps, context, loggedDecisions(deps, entry)).catch(tooLarge)
  if (recorded instanceof ServiceError) return rejected('too_large', recorded.message, entry.decision_id)
  if (recorded.kind === 'unrecorded') throw recorded.error
  if (recorded.kind === 'recorded') observeDecision(deps, asked, recorded.decided.derivation)
  return { kind: recorded.kind }
}

/** The refusal of a record that is too large, as a value: the entries after it are taken all the same. */
function tooLarge(error: unknown): ServiceError {
  if (error instanceof ServiceError && error.code === 'too_large') return error
  throw error
}

/** Decisions that an OPA made already: only observed, counted apart, and nobody is asked about them. */
function loggedDecisions({ modeKey }: EvaluateDeps, entry: OpaEntry): DecisionKind {
  return {
    factsOf: observedFacts,
    isOutdated: () => false,
    prepare: () => null,
    consequencesOf: (decided, transaction) => {
      const verification = verificationOf(decided, modeKey, transaction)
      const owed = owedEffects(decided, verification)
      return {
        approval: NO_APPROVAL,
        verification,
        changes: [],
        body: {},
        source: sourceOf(entry),
        effects: [
          ...seenEffects(decided).flatMap((effect) => (effect.kind === 'seen' ? [{ ...effect, rehearsal: LOG_REHEARSAL }] : [])),
          ...missesFound(owed, { tenant: decided.context.tenant, nowMs: decided.context.atMs }, transaction),
          ...chargesOf(decided, null),
          ...owed,
        ],
      }
    },
    timed: (_step, work) => work(),
    // The same chunk may have come twice at a time.
    mayRepeat: true,
    isMadeElsewhere: true,
  }
}

type Read = { readonly entry: OpaEntry; readonly request: Request; readonly answered: PolicyEvaluation }

function readEntry(value: unknown, { settings }: PolicySet): Read | Ingested {
  const parsed = OpaEntry.safeParse(value)
  if (!parsed.success || !isDecisionEntry(value)) {
    const [issue] = parsed.error?.issues ?? []
    const place = issue === undefined ? '' : `/${issue.path.map(String).join('/')}: `
    return rejected('no_entry', `${place}${issue?.message ?? 'there is neither path nor query'}`)
  }
  const entry = parsed.data
  const unreadable = unreadableBecause(entry)
  if (unreadable !== undefined) return rejected(unreadable, UNREADABLE[unreadable], entry.decision_id)
  const answered: PolicyEvaluation = entry.result === undefined ? { kind: 'undefined' } : { kind: 'value', value: entry.result }
  const { cause, reason } = readBaseResult(answered)
  if (cause !== undefined && cause !== 'base_undefined') return rejected('no_decision', reason, entry.decision_id)
  const request = requestIn(entry.input, settings.base.mapping)
  if (request !== undefined) return { entry, request, answered }
  return rejected('no_request', 'the input names no subject, action and resource; see base.mapping', entry.decision_id)
}

const UNREADABLE = {
  erased: 'what was asked or answered is erased',
  masked: 'what was asked or answered is masked',
  failed: 'the evaluation failed there, so there is no answer',
} as const

/** The same entry of the same uploader has the same id, so that it is recorded once. */
function recordIdOf(caller: Caller, decisionId: string): string {
  return `opa-${sha256Hex(canonicalJson([caller.credential, decisionId])).slice(0, ID_CHARS)}`
}

/** The facts as they are now, with the counters of uploaded decisions in place of those made here. */
function observedFacts(context: DecisionContext, view: View): DecisionFacts {
  const document = <K extends DocumentKind>(key: DocumentKey<K>) =>
    view.document(key.kind === 'activity' ? (activityKey(key.tenant, key.id, LOG_REHEARSAL) as DocumentKey<K>) : key)
  return { ...gatherFacts(context, { ...view, document }), mode: { mode: 'observe', observed_terms: [], observed_rules: [] } }
}

/** Where a decision was made, by that OPA's own word. */
function sourceOf({ decision_id, timestamp, path }: OpaEntry) {
  return { decision_id, timestamp, path: path ?? null }
}
