import type { Effect } from '../../ledger/effect.ts'
import { claimsAfter } from '../../ledger/fold/verdicts.ts'
import { isSolid } from './solid.ts'
import { claimOf } from './verdict-effects.ts'
import type { CountedLayer, Weighing } from './weighing.ts'

/** What rests on the word of one rater alone: units, and whether the ladder counts them. */
type RaterShare = { readonly rater: string; readonly units: number; readonly count: number }

/** What rests on one rater alone after claims of a success: units beyond everybody else's, and the count if nobody else bears it. */
function shareOf(
  { best, second = 0 }: Pick<CountedLayer, 'best' | 'second'>,
  counted: boolean,
  { judged, constants }: Pick<Weighing, 'judged' | 'constants'>,
): RaterShare | undefined {
  if (best?.rater !== true) return undefined
  const count = counted && !isSolid(second, judged, constants) ? 1 : 0
  return { rater: best.by, units: Math.max(0, best.weight - second), count }
}

/** How a claim of a success changes what rests on one rater alone: it may relieve one, and burden another. */
export function shareEffects(
  weighing: Weighing,
  { claim, counted }: { readonly claim: number; readonly counted: boolean },
): readonly Effect[] {
  const { judged, verdict, layer } = weighing
  if (verdict.layer !== 'outcome') return []
  const after = claimsAfter(layer, { source: verdict.by, ...claimOf(verdict, claim) })
  const shares = changedShares(shareOf(layer, layer.counted, weighing), shareOf(after, counted, weighing))
  return shares.map((share) => ({
    kind: 'rater_share',
    agent: judged.agent,
    scope: judged.scope,
    ...share,
    calibrated: share.rater === verdict.by ? verdict.calibrated === true : null,
    event_time_ms: layer.positive_ms ?? verdict.event_time_ms,
  }))
}

function changedShares(before: RaterShare | undefined, after: RaterShare | undefined): readonly RaterShare[] {
  const raters = [...new Set([before, after].flatMap((share) => share?.rater ?? []))]
  return raters
    .map((rater) => {
      const ofRater = (share: RaterShare | undefined) => (share?.rater === rater ? share : { units: 0, count: 0 })
      const [was, is] = [ofRater(before), ofRater(after)]
      return { rater, units: is.units - was.units, count: is.count - was.count }
    })
    .filter(({ units, count }) => units !== 0 || count !== 0)
}

/** A success that is taken back rests on nobody any more. */
export function shareTakenBack(weighing: Weighing): readonly Effect[] {
  const { judged, verdict, layer } = weighing
  const share = shareOf(layer, layer.counted, weighing)
  if (share === undefined) return []
  const { rater, units, count } = share
  const gone = { units: -units, count: -count, calibrated: null, event_time_ms: layer.positive_ms ?? verdict.event_time_ms }
  return [{ kind: 'rater_share', agent: judged.agent, scope: judged.scope, rater, ...gone }]
}
