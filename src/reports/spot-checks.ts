import { personActor } from '../access/actor-name.ts'
import { actorOf, authorize, namedPerson } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { sha256Hex } from '../format/canonical-json.ts'
import { ServiceError } from '../format/error.ts'
import { HOUR_MS } from '../format/time.ts'
import type { SpotCheck } from '../ledger/documents/spot-check.ts'
import { spotChecksKey } from '../ledger/keys.ts'
import type { View } from '../ledger/store.ts'
import { recordOperatorAction } from '../policy/operator-verbs.ts'
import { type AlertDeps, raiseAlert } from './monitoring/raise-alert.ts'
import type { Raised } from './monitoring/rule-fold.ts'
import type { SpotCheckAnswer, SpotCheckReport, SpotChecksAnswer, SpotCheckView } from './wire.ts'

/** What spot checks need from outside. */
export type SpotCheckDeps = AlertDeps & { readonly newId: () => string }

const VERB = 'review_decision'

/** The decisions of the caller's tenant that somebody has to look at, the first due first. */
export async function spotChecks(deps: SpotCheckDeps, caller: Caller): Promise<SpotChecksAnswer> {
  authorize(caller, VERB)
  const nowMs = deps.nowMs()
  const open = await deps.store.read([spotChecksKey(caller.tenant)], (view) => openOf(view, caller.tenant))
  return { reviews: open.toSorted((a, b) => a.due_ms - b.due_ms).map((check) => viewOf(check, nowMs)) }
}

/** Records what a person found when they looked at a decision; it leaves the list. Whoever it acted for cannot be the one who looks. */
export async function reviewDecision(deps: SpotCheckDeps, caller: Caller, report: SpotCheckReport): Promise<SpotCheckAnswer> {
  authorize(caller, VERB)
  const person = namedPerson(caller)
  const { decision_id, finding, notes } = report
  const { tenant } = caller
  return deps.store.transact([spotChecksKey(tenant)], (transaction) => {
    const check = openOf(transaction, tenant).find((each) => each.decision_id === decision_id)
    if (check === undefined)
      throw new ServiceError('not_found', `no review of the decision "${decision_id}" is open`, {
        place: { pointer: '/decision_id' },
        fix: 'gradus reviews list shows those that are',
      })
    const user = transaction.record(tenant, decision_id)?.record.user ?? null
    if (user !== null && personActor(user) === person)
      throw new ServiceError('forbidden', `"${person}" is who the agent acted for, and cannot review it`, {
        fix: 'let somebody else look',
      })
    const atMs = deps.nowMs()
    const { leaf_index } = recordOperatorAction(
      deps,
      {
        caller,
        atMs,
        agent: check.agent,
        action: VERB,
        outcome: finding,
        decisionId: decision_id,
        body: { verb: VERB, by: actorOf(caller), detail: { causes: check.causes, late: atMs > check.due_ms, notes } },
        effects: [{ kind: 'spot_checked', decision_id }],
      },
      transaction,
    )
    return { ...viewOf(check, atMs), finding, leaf_index }
  })
}

/** Writes one alert for each owner who is late; another one only when the review that was due first is done and others are late. Returns how many are new. */
export async function alertOverdueSpotChecks(deps: SpotCheckDeps): Promise<number> {
  let written = 0
  for (const tenant of await deps.store.tenants()) {
    const nowMs = deps.nowMs()
    const open = await deps.store.read([spotChecksKey(tenant)], (view) => openOf(view, tenant))
    const late = open.filter(({ due_ms }) => nowMs > due_ms).toSorted((a, b) => a.due_ms - b.due_ms)
    for (const [first, ...others] of Map.groupBy(late, ({ owner }) => owner).values()) {
      if (first !== undefined && (await raiseAlert(deps, overdueAlert(tenant, first, others.length + 1, nowMs)))) written += 1
    }
  }
  return written
}

function overdueAlert(tenant: string, first: SpotCheck, found: number, nowMs: number): Raised {
  const { decision_id, owner, due_ms, at_ms } = first
  const due = new Date(due_ms).toISOString()
  return {
    id: `alert-${sha256Hex(JSON.stringify(['spot_check', owner, decision_id])).slice(0, 40)}`,
    tenant,
    at_ms: nowMs,
    alert: {
      rule: 'spot-checks',
      kind: 'spot_check',
      severity: 'warning',
      group: owner,
      found,
      bound: { above: 0 },
      from: new Date(at_ms).toISOString(),
      until: due,
      message: `${found} decisions that ${owner ?? 'nobody in particular'} has to review are overdue, the first since ${due}`,
      record_id: decision_id,
    },
  }
}

function openOf(view: Pick<View, 'document'>, tenant: string): readonly SpotCheck[] {
  return view.document(spotChecksKey(tenant))?.open ?? []
}

function viewOf({ at_ms, due_ms, ...check }: SpotCheck, nowMs: number): SpotCheckView {
  const overdue = nowMs > due_ms
  const hours_left = Math.max(0, Math.floor((due_ms - nowMs) / HOUR_MS))
  return { ...check, at: new Date(at_ms).toISOString(), due: new Date(due_ms).toISOString(), overdue, hours_left }
}
