import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { AuditRecord } from '../ledger/record.ts'
import { PAGE_RECORDS_MAX } from '../ledger/store.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { formatScope } from '../model/scope.ts'
import type { Decision } from '../pdp/decision-inputs.ts'
import type { ProposalsAnswer } from './wire.ts'

/** Most decisions that are looked through for one page; fewer proposals than asked for are answered then, with where to go on. */
const DECISIONS_READ_MAX = 2 * PAGE_RECORDS_MAX

/** Decisions that did not run but may be judged as proposals, newest first. */
export async function proposals(
  deps: Pick<VerbDeps, 'store'>,
  caller: Caller,
  page: { readonly from?: number; readonly limit: number },
): Promise<ProposalsAnswer> {
  authorize(caller, 'read_proposals')
  const limit = Math.min(PAGE_RECORDS_MAX, Math.max(1, page.limit))
  const found: ProposalsAnswer['proposals'] = []
  let from = page.from
  for (let read = 0; read < DECISIONS_READ_MAX; read += PAGE_RECORDS_MAX) {
    const records = await deps.store.query({
      tenant: caller.tenant,
      kinds: ['decision'],
      newestFirst: true,
      limit: PAGE_RECORDS_MAX,
      ...(from === undefined ? {} : { from }),
    })
    for (const { record, leafIndex } of records) {
      from = leafIndex
      const proposal = proposalIn(record)
      if (proposal !== undefined && found.push(proposal) === limit) return { proposals: found, next: nextOf(from) }
    }
    if (records.length < PAGE_RECORDS_MAX) return { proposals: found, next: null }
  }
  return { proposals: found, next: nextOf(from) }
}

/** Where the next page begins; null where no record is older. */
function nextOf(from: number | undefined): number | null {
  return from === undefined || from === 0 ? null : from
}

/** A decision that may be judged as a proposal; undefined: it may not. */
function proposalIn({ id, at, body }: AuditRecord): ProposalsAnswer['proposals'][number] | undefined {
  const { facts, decision, proposal, request } = body as unknown as {
    readonly facts: DecisionFacts
    readonly decision: Decision
    readonly proposal: boolean
    readonly request?: { readonly resource?: { readonly type?: string; readonly id?: string } }
  }
  if (!proposal || facts.parties.agent === null) return undefined
  return {
    decision_id: id,
    decided_at: at,
    agent: facts.parties.agent.id,
    action: facts.action.name,
    // A mask or an erasure may have taken it out of the record.
    resource: `${request?.resource?.type ?? '*'}/${request?.resource?.id ?? '*'}`,
    outcome: decision.outcome,
    scope: formatScope(facts.action.scope, facts.action.stake),
  }
}
