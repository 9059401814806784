import { createPublicKey, verify } from 'node:crypto'

import { authorize } from '../../access/authority.ts'
import type { Caller } from '../../access/caller.ts'
import { sha256Hex } from '../../format/canonical-json.ts'
import { InvariantError, ServiceError } from '../../format/error.ts'
import { overLimit } from '../../format/limit.ts'
import { byCodeUnit } from '../../format/order.ts'
import { consequencesOf, observeChanges } from '../../ledger/changes.ts'
import type { Effect } from '../../ledger/effect.ts'
import { idempotencyKey, idempotencyName } from '../../ledger/idempotency.ts'
import { agentKey } from '../../ledger/keys.ts'
import { recordOf } from '../../ledger/new-record.ts'
import { sandbox } from '../../ledger/sandbox.ts'
import type { StoredRecord, Transaction, View } from '../../ledger/store.ts'
import type { Layer } from '../../model/layer.ts'
import type { ScopeKey } from '../../model/scope.ts'
import { actsInScope, didYouMean } from '../../policy/known-names.ts'
import type { VerbDeps } from '../../policy/operator-verbs.ts'
import { steppedClock } from '../../policy/stepped-clock.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { importedGood } from '../../trust/history/import.ts'
import { decay } from '../../trust/layer/decay.ts'
import { negativeWeight, positiveWeight } from '../../trust/layer/evidence-weight.ts'
import { newAgentTrust, scopeOf, SCOPES_MAX } from '../../trust/stored-trust.ts'
import { changeOf } from '../signals/idempotency.ts'
import type { ImportAnswer, SignedHistory } from '../signals/wire.ts'
import { linesOf, type Placed, refuseWrong, historyOverLimit, type Wrong } from './lines.ts'
import type { ImportKey } from './settings.ts'

/** Longest file, bytes. */
export const IMPORT_BYTES_MAX = 8_388_608
/** Most layers of scopes that one file may speak of, so that its effects fit into one record. */
const IMPORT_LAYERS_MAX = 200

/** What an import needs from outside. */
export type ImportDeps = VerbDeps & { readonly importKeys: readonly ImportKey[] }

/**
 * Takes the history of before: signed by a configured key, own event times, weight of a signed import, and no more good evidence than
 * what stays below the band of L3. One wrong line, and nothing is taken. The same file twice is one.
 */
export async function importHistory(deps: ImportDeps, caller: Caller, file: SignedHistory): Promise<ImportAnswer> {
  authorize(caller, 'import_trust')
  const { tenant } = caller
  const key = signerOf(keysOf(deps.importKeys, tenant), file)
  if (!deps.clockSteady()) throw steppedClock('nothing is imported')
  const nowMs = deps.nowMs()
  const lines = linesOf(file.bytes, nowMs)
  const digest = sha256Hex(file.bytes)
  const received = idempotencyKey(tenant, idempotencyName('import', digest))
  const id = deps.newId()
  const agents = [...new Set(lines.map(({ agent }) => agent))].sort()
  const recordId = await deps.store.transact([received, ...agents.map((agent) => agentKey(tenant, agent))], (transaction) => {
    const before = transaction.document(received)
    if (before !== undefined) return before.record_id
    refuseUnknown(deps, tenant, lines, transaction)
    append(deps, caller, { id, digest, key, lines, nowMs, received: received.id, bytes: file.bytes }, transaction)
    return id
  })
  const stored = await deps.store.read([], (view) => view.record(tenant, recordId))
  if (stored === undefined) throw new InvariantError(`the record "${recordId}" of an import is not in the log`)
  return answerOf(stored, recordId !== id)
}

/** The keys that may sign histories of a tenant's agents. */
function keysOf(keys: readonly ImportKey[], tenant: string): readonly ImportKey[] {
  return keys.filter(({ tenants }) => tenants?.includes(tenant) ?? true)
}

/** The key that signed the file. Throws `bad_request` where none of ours did. */
function signerOf(keys: readonly ImportKey[], { bytes, signature }: SignedHistory): string {
  if (bytes.byteLength > IMPORT_BYTES_MAX)
    throw historyOverLimit('the history has', 'import.bytes_max', { max: IMPORT_BYTES_MAX, came: bytes.byteLength })
  if (keys.length === 0)
    throw new ServiceError('bad_request', 'no key is configured by which a history could be signed', {
      fix: 'add the public key to "trust.import_keys" and restart',
    })
  const signer = keys.find(({ public_key }) => isSigned(public_key, bytes, signature))
  if (signer !== undefined) return signer.id
  throw new ServiceError('bad_request', 'the signature is of none of the configured keys, or the file was changed', {
    fix: 'sign it with "openssl pkeyutl -sign -rawin -inkey KEY -in FILE"; the keys are "trust.import_keys"',
  })
}

function isSigned(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey(publicKey)
    return key.asymmetricKeyType === 'ed25519' && verify(null, bytes, key, signature)
  } catch {
    return false
  }
}

/** Refuses lines about agents and scopes that are nowhere: history must not grow out of typing errors. */
function refuseUnknown(deps: ImportDeps, tenant: string, lines: readonly Placed[], view: View): void {
  const policySet = deps.policySet()
  const { catalogue } = policySet
  const checked = new Map<string, string | undefined>()
  const problem = (agent: string, scope: ScopeKey): string | undefined => {
    const trust = view.document(agentKey(tenant, agent))
    if (trust === undefined && !catalogue.agent(agent).known)
      return `there is no agent "${agent}"; ${didYouMean(agent, catalogue.agents, 'list it under "agents" in the catalogue')}`
    return Object.hasOwn(trust?.scopes ?? {}, scope) || actsInScope(policySet, scope)
      ? undefined
      : `no action has the scope "${scope}"`
  }
  const wrong = lines.flatMap(({ agent, scope, line }): Wrong[] => {
    const name = `${scope} ${agent}`
    if (!checked.has(name)) checked.set(name, problem(agent, scope))
    const message = checked.get(name)
    return message === undefined ? [] : [{ line, message }]
  })
  refuseWrong(wrong)
  const scopes = new Map<string, Set<string>>()
  for (const { agent, scope } of lines) scopes.set(agent, (scopes.get(agent) ?? new Set()).add(scope))
  for (const [agent, added] of scopes) {
    const all = new Set([...added, ...Object.keys(view.document(agentKey(tenant, agent))?.scopes ?? {})])
    if (all.size > SCOPES_MAX)
      throw new ServiceError(
        'bad_request',
        overLimit(`the agent "${agent}" would have`, 'agent.scopes_max', { max: SCOPES_MAX, came: all.size }),
        { fix: 'leave out scopes in which it does not act' },
      )
  }
}

type Units = {
  readonly agent: string
  readonly scope: ScopeKey
  readonly layer: Layer
  readonly good: number
  readonly bad: number
}

/** Units by agent, scope and layer, each decayed by its own age; identity is the agent's, and goes by its first scope. */
function unitsOf(lines: readonly Placed[], nowMs: number, constants: TrustConstants): readonly Units[] {
  const all = new Map<string, Units>()
  for (const { agent, scope, layer, polarity, severity = 'minor', stake, atMs } of lines) {
    const name = layer === 'identity' ? `${layer} ${agent}` : `${layer} ${scope} ${agent}`
    const before = all.get(name) ?? { agent, scope, layer, good: 0, bad: 0 }
    const weight =
      polarity === 'positive'
        ? positiveWeight({ source: 'signed_import', stake }, constants) * decay(nowMs - atMs, constants.half_life_positive_days)
        : negativeWeight({ source: 'signed_import', stake }, constants.severity_weights[severity], constants) *
          decay(nowMs - atMs, constants.half_life_negative_days)
    all.set(name, polarity === 'positive' ? { ...before, good: before.good + weight } : { ...before, bad: before.bad + weight })
  }
  if (all.size > IMPORT_LAYERS_MAX)
    throw historyOverLimit('the history speaks of', 'import.layers_max', { max: IMPORT_LAYERS_MAX, came: all.size })
  return [...all].sort(([a], [b]) => byCodeUnit(a, b)).map(([, units]) => units)
}

type Draft = {
  readonly id: string
  readonly digest: string
  readonly key: string
  readonly lines: readonly Placed[]
  readonly nowMs: number
  readonly received: string
  readonly bytes: Uint8Array
}

function append(deps: ImportDeps, caller: Caller, draft: Draft, transaction: Transaction): void {
  const { id, digest, key, lines, nowMs, received } = draft
  const constants = transaction.constants()
  const units = unitsOf(lines, nowMs, constants)
  const totals = units.map(({ agent, scope, layer, good, bad }) => {
    const trust = transaction.document(agentKey(caller.tenant, agent)) ?? newAgentTrust()
    const state = layer === 'identity' ? trust.identity : scopeOf(trust, scope).layers[layer]
    return {
      agent,
      scope,
      layer,
      good: importedGood(state, { good, atMs: Math.max(nowMs, state.tMs) }, constants),
      bad,
      good_given: good,
    }
  })
  const own: readonly Effect[] = [
    ...units.map((each): Effect => ({ kind: 'import', ...each, at_ms: nowMs })),
    { kind: 'received', key: received, digest, record_id: id },
  ]
  const { changes, named, effects } = consequencesOf(own, nowMs, caller.tenant, sandbox(transaction))
  observeChanges(deps, changes)
  const detail = new TextDecoder().decode(draft.bytes)
  transaction.append({
    record: recordOf({
      kind: 'operator',
      id,
      caller,
      atMs: nowMs,
      body: { verb: 'import_trust', digest, key, lines: lines.length, totals, detail, ...named },
      effects,
    }),
  })
}

function answerOf({ record, leafIndex }: StoredRecord, duplicate: boolean): ImportAnswer {
  const {
    digest,
    key,
    lines,
    totals,
    changes = [],
  } = record.body as unknown as Pick<ImportAnswer, 'digest' | 'key' | 'lines' | 'totals'> & {
    readonly changes?: readonly (ImportAnswer['changes'][number] & { readonly agent: string })[]
  }
  return {
    record_id: record.id,
    leaf_index: leafIndex,
    state_version: leafIndex + 1,
    digest,
    key,
    lines,
    totals,
    changes: changes.map(changeOf),
    duplicate,
  }
}
