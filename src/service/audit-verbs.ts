import { actorOf, authorize } from './authority.ts'
import { seenBy } from './canaries.ts'
import type { RecordQuery, Store, StoredRecord } from './ports.ts'
import { recordOf } from './records.ts'
import type { Caller } from '../model/caller.ts'
import type { Decision } from '../model/decision-inputs.ts'
import { ServiceError } from '../model/error.ts'
import { formatScope } from '../model/scope.ts'
import type { ProofAnswer, ProposalsAnswer } from '../model/wire.ts'
import type { DecisionFacts } from './facts.ts'

/** Most records one page holds. */
export const PAGE_RECORDS_MAX = 1_000

/** What reading the log needs from outside. */
export type AuditDeps = {
  readonly store: Store
  readonly nowMs: () => number
  readonly newId: () => string
  /** Writes a proof in the text form `c2sp.org/tlog-proof@v1`. */
  readonly formatProof: (proof: {
    readonly leafIndex: number
    readonly path: readonly string[]
    readonly checkpoint: string
  }) => string
}

/** Records of the caller's tenant. Reading is itself recorded: who read, and what they asked for. */
export async function records(deps: AuditDeps, caller: Caller, query: RecordQuery): Promise<readonly StoredRecord[]> {
  authorize(caller, 'read_audit')
  if (!(query.limit >= 1 && query.limit <= PAGE_RECORDS_MAX))
    throw new ServiceError('bad_request', `limit must be 1 to ${PAGE_RECORDS_MAX}`, { place: { pointer: '/limit' } })
  const found = await seen(deps, caller, query)
  await noteRead(deps, caller, { verb: 'read_records', query, found: found.length })
  return found
}

/** A page of what the caller may see; a shorter one is the last, so what is hidden is made up for from behind it. */
async function seen({ store }: AuditDeps, caller: Caller, query: RecordQuery): Promise<readonly StoredRecord[]> {
  const { limit, newestFirst = false } = query
  const found: StoredRecord[] = []
  for (let { from } = query; ;) {
    const page = await store.query({
      ...query,
      ...(from === undefined ? {} : { from }),
      tenant: caller.tenant,
      limit: limit - found.length,
    })
    found.push(...page.flatMap((stored) => seenBy(caller, stored) ?? []))
    const last = page.at(-1)
    if (found.length >= limit || last === undefined) return found
    from = last.leafIndex + (newestFirst ? 0 : 1)
  }
}

/** One record of the caller's tenant. */
export async function record(deps: AuditDeps, caller: Caller, id: string): Promise<StoredRecord> {
  authorize(caller, 'read_audit')
  const found = await find(deps, caller, id)
  await noteRead(deps, caller, { verb: 'read_record', record: id })
  return found
}

/** Proof that a record is in the log, under a signed tree head. */
export async function proof(deps: AuditDeps, caller: Caller, id: string): Promise<ProofAnswer> {
  authorize(caller, 'read_audit')
  const { leafIndex } = await find(deps, caller, id)
  const found = await deps.store.proof(leafIndex)
  if (found === undefined)
    throw new ServiceError('not_ready', `record "${id}" is not under a signed tree head yet`, { fix: 'ask again in a moment' })
  return { record_id: id, leaf_index: leafIndex, leaf_hash: found.leafHash, proof: deps.formatProof(found) }
}

/** The newest signed tree head. */
export async function checkpoint(deps: AuditDeps, caller: Caller): Promise<string> {
  authorize(caller, 'read_audit')
  return deps.store.checkpoint()
}

/** Decisions that did not run but may be judged as proposals, newest first. */
export async function proposals(
  deps: AuditDeps,
  caller: Caller,
  page: { readonly from?: number; readonly limit: number },
): Promise<ProposalsAnswer> {
  authorize(caller, 'read_proposals')
  const limit = Math.min(PAGE_RECORDS_MAX, Math.max(1, page.limit))
  const found = await deps.store.query({
    tenant: caller.tenant,
    kinds: ['decision'],
    newestFirst: true,
    limit,
    ...(page.from === undefined ? {} : { from: page.from }),
  })
  const last = found.at(-1)
  return {
    proposals: found.flatMap(({ record: { id, at, body } }) => {
      const { facts, decision, proposal, request } = body as unknown as {
        readonly facts: DecisionFacts
        readonly decision: Decision
        readonly proposal: boolean
        readonly request?: { readonly resource?: { readonly type?: string; readonly id?: string } }
      }
      if (!proposal || facts.parties.agent === null) return []
      const scope = formatScope(facts.action.scope, facts.action.stake)
      return [
        {
          decision_id: id,
          decided_at: at,
          agent: facts.parties.agent.id,
          action: facts.action.name,
          // A mask or an erasure may have taken it out of the record.
          resource: `${request?.resource?.type ?? '*'}/${request?.resource?.id ?? '*'}`,
          outcome: decision.outcome,
          scope,
        },
      ]
    }),
    next: found.length === limit && last !== undefined && last.leafIndex > 0 ? last.leafIndex : null,
  }
}

async function find(deps: AuditDeps, caller: Caller, id: string): Promise<StoredRecord> {
  const stored = await deps.store.read([], (view) => view.record(caller.tenant, id))
  const found = stored === undefined ? undefined : seenBy(caller, stored)
  if (found === undefined) throw new ServiceError('not_found', `there is no record "${id}"`, { fix: 'query the log for ids' })
  return found
}

async function noteRead(deps: AuditDeps, caller: Caller, detail: Readonly<Record<string, unknown>>): Promise<void> {
  const entry = recordOf({
    kind: 'operator',
    id: deps.newId(),
    caller,
    atMs: deps.nowMs(),
    body: { verb: 'read_audit', by: actorOf(caller), detail },
    effects: [],
  })
  await deps.store.transact([], (transaction) => transaction.append({ record: entry }))
}
