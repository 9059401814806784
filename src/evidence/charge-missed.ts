import type { Caller } from '../access/caller.ts'
import { systemCaller } from '../access/caller.ts'
import { activityKey, boundsKey } from '../ledger/keys.ts'
import { recordOf } from '../ledger/new-record.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import { missesCharged, overdue } from './sampling.ts'

type TimerDeps = Pick<VerbDeps, 'store' | 'nowMs' | 'newId'>

/** Charges what is overdue of all agents of all tenants, where nothing else is written for them. Returns how many slots. */
export async function chargeMissed(deps: TimerDeps): Promise<number> {
  let charged = 0
  for (const tenant of await deps.store.tenants())
    for (const agent of await deps.store.list('activity', tenant)) charged += await chargeAll(deps, systemCaller(tenant), agent)
  return charged
}

/** As many records as it takes: each holds some slots only. */
async function chargeAll(deps: TimerDeps, caller: Caller, agent: string): Promise<number> {
  let charged = 0
  for (;;) {
    const missed = await chargeAgent(deps, caller, agent)
    if (missed === 0) return charged
    charged += missed
  }
}

async function chargeAgent({ store, nowMs, newId }: TimerDeps, caller: Caller, agent: string): Promise<number> {
  const { tenant } = caller
  const key = activityKey(tenant, agent)
  if (await store.read([key], (view) => overdue(view.document(key), nowMs()).length === 0)) return 0
  return store.transact([key, boundsKey(tenant, agent)], (transaction) => {
    const atMs = nowMs()
    const effects = missesCharged(agent, { tenant, nowMs: atMs }, transaction)
    if (effects.length === 0) return 0
    const missed = effects.filter(({ kind }) => kind === 'release').length
    const body = { verb: 'charge_missed', missed }
    transaction.append({ record: recordOf({ kind: 'budget', id: newId(), caller, atMs, agent, body, effects }) })
    return missed
  })
}
