import { personActor } from '../access/actor-name.ts'
import { authorize, namedPerson, requesterOf } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { EvidenceDeps } from '../evidence/evidence-deps.ts'
import { ServiceError } from '../format/error.ts'
import { accountsOfFacts } from '../ledger/accounts.ts'
import type { Pause } from '../ledger/documents/pause.ts'
import type { Effect } from '../ledger/effect.ts'
import { approvalState } from '../ledger/fold/approvals.ts'
import { type Pausable, resumedBy } from '../ledger/fold/pauses.ts'
import type { Moment } from '../ledger/fold/state.ts'
import { activityKey, agentKey, approvalKey, tenantKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import { decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { StoredRecord, Transaction, View } from '../ledger/store.ts'
import { refuseSteppedClock } from '../policy/stepped-clock.ts'
import { approvalIsOver, locateApproval } from './record-approval.ts'
import { openReservations, reservedWork } from './reservations.ts'
import { pausesToResume } from './resumption-checks.ts'
import { pausableApproval, pausesKeysOf } from './rules/pauses.ts'
import type { ResumptionAnswer, ResumptionReport } from './wire.ts'

/** What is resumed: an approval, or a reservation in the accounts that were charged for it; and who asked for it. */
type Resumable = {
  readonly of: ResumptionAnswer['of']
  readonly thing: Pausable
  readonly behind: readonly string[]
  readonly requestDigest: string | null
  readonly accounts: readonly string[]
}

/** What one person says about it, and the pauses that they say it about. */
type Word = {
  readonly person: string
  readonly pauses: readonly Pause[]
  readonly report: ResumptionReport
  readonly nowMs: number
}

/**
 * A named person says that an approval or a reservation goes on although something paused it. As many people have to say so as have to
 * approve it, and none who asked. Throws `conflict` while what paused it still stands, where nothing did, or something that was not seen.
 */
export async function resumeDecision(
  deps: EvidenceDeps,
  caller: Caller,
  decisionId: string,
  report: ResumptionReport,
): Promise<ResumptionAnswer> {
  authorize(caller, 'resume')
  const person = namedPerson(caller)
  refuseSteppedClock(deps, 'nothing that ends by itself goes on')
  const { tenant } = caller
  const { stored, key } = await locateApproval(deps, caller, decisionId)
  const { facts } = decisionBodyOf(stored.record)
  const agents = [
    ...(facts.parties.agent === null ? [] : [facts.parties.agent.id]),
    ...facts.parties.links.map(({ party }) => party.id),
  ]
  const documentKeys = [
    key,
    tenantKey(tenant),
    ...agents.map((agent) => agentKey(tenant, agent)),
    ...accountsOfFacts(facts).charged.map((account) => activityKey(tenant, account)),
    ...pausesKeysOf(tenant, agents),
  ]
  return deps.store.transact(documentKeys, (transaction) => {
    // The time is read here: what was recorded in the meantime came before it.
    const nowMs = deps.nowMs()
    const resumable = resumableOf(deps, { stored, tenant, nowMs, digest: key.id }, transaction)
    const pauses = pausesToResume(caller, { decisionId, ...resumable }, transaction)
    refuseUnseen(pauses, report.pauses)
    return recordResumption(deps, { caller, stored, resumable, word: { person, pauses, report, nowMs } }, transaction)
  })
}

/** The decision of a record as something that can go on. Throws `not_found`, or `conflict` where it is over. */
function resumableOf(
  deps: EvidenceDeps,
  { stored: { record }, tenant, nowMs, digest }: Moment & { readonly stored: StoredRecord; readonly digest: string },
  view: View,
): Resumable {
  const approval = view.document(approvalKey(tenant, digest))
  if (approval?.id === record.id) {
    const state = approvalState(approval, nowMs)
    if (state !== 'pending' && state !== 'approved') throw approvalIsOver(record.id, state)
    const thing = pausableApproval(approval)
    return { of: 'approval', thing, behind: approval.not_by, requestDigest: digest, accounts: [] }
  }
  const body = decisionBodyOf(record)
  const accounts = accountsOfFacts(body.facts).charged
  const reserved = accounts.flatMap((account) =>
    openReservations(view, { tenant, nowMs }, account).filter((each) => each.decision_id === record.id),
  )
  const [first] = reserved
  if (first === undefined)
    throw new ServiceError('not_found', `decision "${record.id}" neither waits for people nor is outstanding`, {
      fix: 'see GET /api/v1/approvals and GET /api/v1/agents/{agent}/reservations',
    })
  const { agent, human, links } = body.facts.parties
  const named = [agent, human, ...links.map(({ party }) => party)].flatMap((party) => party?.id ?? [])
  const person = record.user === null ? [] : [personActor(record.user)]
  const behind = [record.actor, ...person, requesterOf(body.facts.caller), ...named]
  const thing = reservedWork(body, first, deps.policySet().settings.approvals.approvers)
  return { of: 'reservation', thing, behind, requestDigest: null, accounts }
}

/** Nobody resumes what they did not look at: a pause that came after it was shown. Throws `conflict`. */
function refuseUnseen(pauses: readonly Pause[], seen: ResumptionReport['pauses']): void {
  const unseen = seen === undefined ? undefined : pauses.find(({ id }) => !seen.includes(id))
  if (unseen !== undefined)
    throw new ServiceError('conflict', `since it was looked at, the ${unseen.cause} "${unseen.id}" paused it as well`, {
      fix: 'look at it again, then resume',
    })
}

type Resuming = { readonly caller: Caller; readonly stored: StoredRecord; readonly resumable: Resumable; readonly word: Word }

function recordResumption(
  deps: EvidenceDeps,
  { caller, stored: { record }, resumable, word }: Resuming,
  transaction: Transaction,
): ResumptionAnswer {
  const { of, thing, requestDigest: request_digest, accounts } = resumable
  const { person, pauses, report, nowMs } = word
  const ids = pauses.map(({ id }) => id)
  const resumption = { person, pauses: ids }
  const effect: Effect = { kind: 'resumed', decision_id: record.id, resumption, request_digest, accounts: [...accounts] }
  // Whoever said so about some of it only has to say it again about the rest; each pause takes as many people as are needed.
  const before = thing.resumptions.filter((each) => ids.every((pause) => each.pauses.includes(pause)))
  const people = [...new Set([...before.map((each) => each.person), person])]
  const resumed = ids.every((pause) => new Set([...resumedBy(pause, thing), person]).size >= thing.approvers_needed)
  const id = deps.newId()
  const { leafIndex } = transaction.append({
    record: recordOf({
      kind: 'operator',
      id,
      caller,
      atMs: nowMs,
      agent: record.agent,
      action: record.action,
      outcome: resumed ? 'resumed' : 'paused',
      decisionId: record.id,
      body: { verb: 'resume', of, reason: report.reason, pauses, people, people_needed: thing.approvers_needed },
      effects: [effect],
    }),
  })
  const place = { record_id: id, leaf_index: leafIndex, state_version: transaction.stateVersion() }
  return { decision_id: record.id, of, resumed, people, people_needed: thing.approvers_needed, ...place }
}
