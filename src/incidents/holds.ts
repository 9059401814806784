import { authorize, namedPerson, isOneOf } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { weighHeld } from '../evidence/raters/held-reports.ts'
import { ServiceError } from '../format/error.ts'
import { consequencesOf, observeChanges } from '../ledger/changes.ts'
import type { Effect } from '../ledger/effect.ts'
import { agentKey, boundsKey, filingsKey } from '../ledger/keys.ts'
import { sandbox } from '../ledger/sandbox.ts'
import { type VerbDeps, recordOperatorAction } from '../policy/operator-verbs.ts'
import type { HoldAnswer, HoldReport } from './wire.ts'

/**
 * A person resolves what waited about an agent. Accepted, the reports weigh whole, as of their own time; dismissed, they never weigh. Who
 * filed them cannot resolve them. Throws `not_found` or `forbidden`.
 */
export async function resolveHold(
  deps: VerbDeps,
  caller: Caller,
  agent: string,
  { hold: id, report }: { readonly hold: string; readonly report: HoldReport },
): Promise<HoldAnswer> {
  authorize(caller, 'resolve_hold')
  const person = namedPerson(caller)
  const { tenant } = caller
  const documentKeys = [agentKey(tenant, agent), boundsKey(tenant, agent), filingsKey(tenant, agent)]
  return deps.store.transact(documentKeys, (transaction) => {
    const nowMs = deps.nowMs()
    const hold = transaction.document(boundsKey(tenant, agent))?.holds.find((each) => each.id === id)
    if (hold === undefined)
      throw new ServiceError('not_found', `nothing of agent "${agent}" waits under "${id}"`, {
        fix: 'see "holds" in the trust of the agent',
      })
    if (isOneOf(caller, [hold.source]))
      throw new ServiceError('forbidden', `"${person}" filed it, and nobody decides about their own word`, {
        fix: 'let another person decide',
      })
    const waiting = (transaction.document(filingsKey(tenant, agent))?.held ?? []).filter((each) => each.hold === id)
    const accepted = report.resolution === 'accept' ? waiting : []
    const effects: readonly Effect[] = [
      { kind: 'hold_resolved', agent, id },
      ...weighHeld(accepted, [], { tenant, nowMs }, transaction),
    ]
    const { changes, named, effects: all } = consequencesOf(effects, nowMs, tenant, sandbox(transaction))
    const { resolution, note } = report
    const body = { verb: 'resolve_hold', hold, resolution, ...(note === undefined ? {} : { detail: note }), ...named }
    const written = recordOperatorAction(deps, { caller, atMs: nowMs, agent, body, effects: all }, transaction)
    observeChanges(deps, changes)
    return { agent, hold_id: id, resolution, weighed: accepted.length, changes: [...changes], ...written }
  })
}
