import { shownName, authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { baseSubjectType } from '../decisions/rules/ask-policies.ts'
import { factKeys, type RequestContext, requestContext } from '../decisions/request-context.ts'
import { detectorDocumentKeys } from '../evidence/detectors/run-detectors.ts'
import { sha256Hex } from '../format/canonical-json.ts'
import { ServiceError } from '../format/error.ts'
import { type LimitName, overLimit } from '../format/limit.ts'
import { consequencesOf, observeChanges } from '../ledger/changes.ts'
import type { Permission, PermissionRequest } from '../ledger/documents/permission-request.ts'
import type { Effect } from '../ledger/effect.ts'
import { asksWithinDay } from '../ledger/fold/permissions.ts'
import { permissionAsksKey, permissionRequestsKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import { sandbox } from '../ledger/sandbox.ts'
import type { DocumentKeys, Transaction } from '../ledger/store.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { repeatedAskEffects } from './repeated-ask.ts'
import type { PermissionAsk, PermissionAskAnswer } from './wire.ts'

/** How often an account may ask within a day, whatever for. */
export const ASKS_PER_DAY_MAX = 64
/** Requests that an account may have open; all agents outside the catalogue are one. */
export const OPEN_PER_ACCOUNT_MAX = 20
/** Requests that a tenant may have open. */
export const OPEN_PER_TENANT_MAX = 1_000

/** An ask that is under way. */
type Asking = {
  readonly id: string
  readonly caller: Caller
  readonly ask: PermissionAsk
  readonly permission: Permission
  readonly permissionDigest: string
  readonly context: RequestContext
}

/**
 * Takes down that an agent asks for a permission, for people to decide. Nothing is granted, and no trust moves; who asks for the same more than three times
 * within a day is an alarm of the behaviour layer. Throws `forbidden` for another agent than the credential's, `rate_limited` beyond what may be asked.
 */
export async function askPermission(deps: VerbDeps, caller: Caller, ask: PermissionAsk): Promise<PermissionAskAnswer> {
  authorize(caller, 'ask_permission')
  refuseOthers(caller, ask)
  const asking = askingOf(deps, caller, ask)
  return deps.store.transact(keysOf(asking), (transaction) => record(deps, asking, transaction))
}

/** An agent asks for itself, whoever passes it on; people have no need to. */
function refuseOthers(caller: Caller, { subject }: PermissionAsk): void {
  if (caller.agent !== undefined && caller.agent !== subject.id)
    throw new ServiceError(
      'forbidden',
      `the credential "${shownName(caller)}" belongs to the agent "${caller.agent}" and cannot ask for "${subject.id}"`,
      { place: { pointer: '/subject/id' }, fix: 'an agent asks for itself' },
    )
  if (caller.human_subject_types.includes(subject.type))
    throw new ServiceError('bad_request', `"${subject.id}" is a person, and only agents ask here`, {
      place: { pointer: '/subject/type' },
      fix: 'let the person talk to whoever owns the policy',
    })
}

function askingOf(deps: VerbDeps, caller: Caller, ask: PermissionAsk): Asking {
  const { subject, action, resource } = ask
  const policySet = deps.policySet()
  const type = baseSubjectType(subject.type, caller.human_subject_types, policySet)
  const permission = { subject: { type, id: subject.id }, action: action.name, resource }
  const parts = [type, subject.id, action.name, resource.type, resource.id]
  return {
    ...{ id: deps.newId(), caller, ask, permission, permissionDigest: sha256Hex(JSON.stringify(parts)) },
    context: requestContext({ request: { subject, action, resource }, caller, policySet, atMs: deps.nowMs() }),
  }
}

function keysOf({ id, context, permission }: Asking): DocumentKeys {
  const { tenant, scope, accounts } = context
  const judged = { agent: permission.subject.id, scope, decision_id: id }
  return [
    permissionRequestsKey(tenant),
    permissionAsksKey(tenant, accounts.own),
    ...factKeys(context),
    ...detectorDocumentKeys(tenant, judged),
  ]
}

function record(deps: VerbDeps, asking: Asking, transaction: Transaction): PermissionAskAnswer {
  const { id, caller, ask, permission, permissionDigest, context } = asking
  const { tenant, accounts } = context
  const nowMs = deps.nowMs()
  const open = transaction.document(permissionRequestsKey(tenant))?.open ?? []
  const before = open.find(({ permission_digest }) => permission_digest === permissionDigest)
  const asks = asksWithinDay(transaction.document(permissionAsksKey(tenant, accounts.own)), nowMs)
  refuseTooMany(asks.length, before, open, accounts.own)
  const askedToday = asks.filter(({ permission_digest }) => permission_digest === permissionDigest).length + 1
  const owner = ownerOf(context, permission.subject.id)
  const request = { id, permission_digest: permissionDigest, permission, account: accounts.own, owner }
  const own: readonly Effect[] = [
    { kind: 'permission_asked', request },
    ...(deps.clockSteady() ? repeatedAskEffects({ id, context, askedToday, newId: deps.newId }, nowMs, transaction) : []),
  ]
  const { changes, named, effects } = consequencesOf(own, nowMs, tenant, sandbox(transaction))
  const opened = before?.id ?? id
  const { reason, expected_use } = ask
  const { leafIndex } = transaction.append({
    record: recordOf({
      kind: 'permission_request',
      ...{ id, caller, atMs: nowMs, agent: permission.subject.id, action: permission.action, outcome: 'open', effects },
      body: { verb: 'ask', request: opened, permission, asked_today: askedToday, detail: { reason, expected_use }, ...named },
    }),
  })
  observeChanges(deps, changes)
  return { id: opened, state: 'open', asked: (before?.asked ?? 0) + 1, asked_today: askedToday, leaf_index: leafIndex }
}

/** Who sends too much is told so, and nothing of it is kept. */
function refuseTooMany(
  asksToday: number,
  before: PermissionRequest | undefined,
  open: readonly PermissionRequest[],
  account: string,
): void {
  const refuse = (limit: LimitName, max: number, who = `"${account}"`): ServiceError =>
    new ServiceError('rate_limited', overLimit(`with this one ${who} would have`, limit, { max, came: max + 1 }), {
      fix: 'wait until people have closed some, or for a day',
    })
  if (asksToday >= ASKS_PER_DAY_MAX) throw refuse('permissions.asks_per_day_max', ASKS_PER_DAY_MAX)
  if (before !== undefined) return
  if (open.filter((each) => each.account === account).length >= OPEN_PER_ACCOUNT_MAX)
    throw refuse('permissions.open_per_account_max', OPEN_PER_ACCOUNT_MAX)
  if (open.length >= OPEN_PER_TENANT_MAX) throw refuse('permissions.open_per_tenant_max', OPEN_PER_TENANT_MAX, 'the tenant')
}

function ownerOf({ policySet }: RequestContext, agent: string): string | null {
  const owners = policySet.catalogue.owners()
  return Object.hasOwn(owners, agent) ? (owners[agent] ?? null) : null
}
