import { setImmediate } from 'node:timers/promises'

import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { canonicalJson, sha256Hex } from '../format/canonical-json.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { DocumentKey, DocumentKind } from '../ledger/documents/documents.ts'
import { activityKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import { requestDigest } from '../model/request-digest.ts'
import type { Request } from '../model/request.ts'
import { readBaseResult } from '../pdp/base-result.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import { NO_APPROVAL } from './approval-facts.ts'
import type { DecisionRequest } from './ask.ts'
import { decisionRecord, seenEffects } from './decision-record.ts'
import { derive } from './derive.ts'
import { chargesOf, type EvaluateDeps, observeDecision, decisionDocumentKeys, withBudgets } from './evaluate.ts'
import { gatherFacts } from './facts.ts'
import { maskedPointers } from './mask.ts'
import { isDecisionEntry, OpaEntry, requestIn, unreadableBecause } from './opa-entry.ts'
import type { LogAnswer, LogLine, Rejection } from './opa-log-answer.ts'

/** Entries that are told of one by one, at most; all are counted. */
export const PROBLEMS_MAX = 32
/** The rehearsal that all uploaded decisions share: their budgets and counters are apart from those of decisions made here. */
export const LOG_REHEARSAL = 'opa-log'
/** Characters of an id that stand for the uploader and its own id of the decision. */
const ID_CHARS = 48

type Taken =
  | { readonly kind: 'recorded' | 'repeated' }
  | { readonly kind: 'rejected'; readonly decisionId: string | null; readonly reason: Rejection; readonly message: string }

/**
 * Takes the entries of an OPA's decision log: each becomes an observed decision, whose base is what that OPA answered. Nothing here
 * decides anything for anybody, so it is done entry by entry with live decisions in between. `mayGoOn` throws when enough is done;
 * what was taken stays, and is skipped when it is sent again.
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
  for await (const line of entries) {
    const taken = line.ok ? await take(deps, caller, line.value, mayGoOn) : rejected('unreadable', line.message)
    counts[taken.kind] += 1
    if (taken.kind === 'rejected' && problems.length < PROBLEMS_MAX) {
      const { decisionId, reason, message } = taken
      problems.push({ index: counts.received, decision_id: decisionId, reason, message })
    }
    counts.received += 1
    await setImmediate()
  }
  return { ...counts, problems }
}

function rejected(reason: Rejection, message: string, decisionId: string | null = null): Taken {
  return { kind: 'rejected', decisionId, reason, message }
}

async function take(deps: EvaluateDeps, caller: Caller, value: unknown, mayGoOn: () => void): Promise<Taken> {
  const policySet = deps.policySet()
  const read = readEntry(value, policySet)
  if ('kind' in read) return read
  const { entry, request } = read
  const id = recordIdOf(caller, entry.decision_id)
  if (await deps.store.read([], (view) => view.record(caller.tenant, id) !== undefined)) return { kind: 'repeated' }
  mayGoOn()
  const ask: DecisionRequest = { request, entrypoint: entry.path ?? '', protocol: 'opa-log' }
  const digest = requestDigest(request, caller.tenant)
  const touches = decisionDocumentKeys({ request, caller, digest }, policySet, LOG_REHEARSAL)
  const nowMs = deps.nowMs()
  const facts = await deps.store.read(touches, (view) => observedFacts(request, caller, policySet, { view, nowMs }))
  const question = { request, entrypoint: ask.entrypoint ?? '', answered: read.answered }
  const derived = await derive(question, facts, policySet)
  const masked = await maskedPointers(deps.mask ? policySet : undefined, ask, deps.observe)
  const derivation = await deps.store.transact(touches, (transaction) => {
    // The same chunk may have come twice at a time.
    if (transaction.record(caller.tenant, id) !== undefined) return undefined
    const derivation = withBudgets(derived, facts, transaction, LOG_REHEARSAL)
    const seen = seenEffects(ask, caller, facts, derivation).flatMap((effect) =>
      effect.kind === 'seen' ? [{ ...effect, rehearsal: LOG_REHEARSAL }] : [],
    )
    const record = decisionRecord({
      id,
      ask,
      caller,
      facts,
      derivation,
      entrypoint: question.entrypoint,
      requestDigest: digest,
      policySetDigest: policySet.digest,
      rehearsal: LOG_REHEARSAL,
      people: NO_APPROVAL,
      effects: [...seen, ...chargesOf(id, derivation, facts, policySet, LOG_REHEARSAL)],
    })
    transaction.append({ record: { ...record, body: { ...record.body, opa: sourceOf(entry) } }, masked })
    return derivation
  })
  if (derivation === undefined) return { kind: 'repeated' }
  observeDecision(deps, ask, derivation)
  return { kind: 'recorded' }
}

type Read = { readonly entry: OpaEntry; readonly request: Request; readonly answered: PolicyEvaluation }

function readEntry(value: unknown, { settings }: PolicySet): Read | Taken {
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
function observedFacts(
  request: Request,
  caller: Caller,
  policySet: PolicySet,
  { view, nowMs }: { readonly view: View; readonly nowMs: number },
): DecisionFacts {
  const document = <K extends DocumentKind>(key: DocumentKey<K>) =>
    view.document(key.kind === 'activity' ? (activityKey(key.tenant, key.id, LOG_REHEARSAL) as DocumentKey<K>) : key)
  const facts = gatherFacts(request, caller, policySet, { ...view, document }, nowMs)
  return { ...facts, mode: { mode: 'observe', observed_terms: [], observed_rules: [] } }
}

/** Where a decision was made, by that OPA's own word. */
function sourceOf({ decision_id, timestamp, path }: OpaEntry) {
  return { decision_id, timestamp, path: path ?? null }
}
