import { authorize } from '../../access/authority.ts'
import type { Caller } from '../../access/caller.ts'
import { ServiceError } from '../../format/error.ts'
import { medianLatencySeconds } from '../../ledger/fold/rater-record.ts'
import { raterKey } from '../../ledger/keys.ts'
import type { Store, View } from '../../ledger/store.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { isCalibrated, isRubberStamp, type RaterRecord, raterWeight } from '../../trust/raters.ts'
import type { RatersAnswer, RaterView } from './wire.ts'

type RaterDeps = { readonly store: Store }

/** Every rater of the tenant with what canaries and verdicts say of them, by name. */
export async function raters({ store }: RaterDeps, caller: Caller): Promise<RatersAnswer> {
  authorize(caller, 'read_raters')
  const names = await store.list('rater', caller.tenant)
  const found = await store.read(
    names.map((name) => raterKey(caller.tenant, name)),
    (view) => names.flatMap((name) => viewOf(name, caller.tenant, view) ?? []),
  )
  return { raters: found }
}

/** One rater. Throws `not_found`. */
export async function rater({ store }: RaterDeps, caller: Caller, name: string): Promise<RaterView> {
  authorize(caller, 'read_raters')
  const found = await store.read([raterKey(caller.tenant, name)], (view) => viewOf(name, caller.tenant, view))
  if (found !== undefined) return found
  throw new ServiceError('not_found', `"${name}" has judged nothing yet`, { fix: 'see GET /api/v1/raters' })
}

function viewOf(name: string, tenant: string, view: View): RaterView | undefined {
  const record = view.document(raterKey(tenant, name))
  return record === undefined ? undefined : raterView(name, record, view.constants())
}

/** A rater as people see them. */
function raterView(rater: string, record: RaterRecord, constants: TrustConstants): RaterView {
  const { approved, rejected, hasty, canaries, units_given } = record
  const verdicts = approved + rejected
  return {
    rater,
    verdicts,
    approve_rate: verdicts === 0 ? null : approved / verdicts,
    median_latency_seconds: medianLatencySeconds(record),
    hasty,
    canaries: { ...canaries, catch_rate: canaries.seen === 0 ? null : canaries.caught / canaries.seen },
    weight: raterWeight(record, constants) ?? constants.source_weights.human,
    calibrated: isCalibrated(record, constants),
    rubber_stamp: isRubberStamp(record, constants),
    units_given,
  }
}
