import type { TrustConstants } from '../../trust/constants.ts'
import { solidUnits } from '../../trust/layer/decay.ts'
import { readScale } from '../../trust/layer/evidence-weight.ts'
import type { Judged } from './weighing.ts'

/** Whether a success of so many units is heavy enough to count: in the ladder, and for its source as a verifier. */
export function isSolid(units: number, { only_reads }: Judged, constants: TrustConstants): boolean {
  return solidUnits({ weight: units, scale: readScale(only_reads, constants) }) >= constants.count_weight_min
}
