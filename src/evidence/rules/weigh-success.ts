import { positiveWeight } from '../../trust/layer/evidence-weight.ts'
import { isRater } from '../../trust/raters.ts'
import type { Effect } from '../../ledger/effect.ts'
import { shareEffects } from './rater-share.ts'
import { isSolid } from './solid.ts'
import { claimOf, evidenceEffect, recordWithoutWeight, verdictEffect } from './verdict-effects.ts'
import type { Weighed, Weighing } from './weighing.ts'

/** What a success weighs: what its source and stake are worth, as far as that is more than what counted already. */
export function weighSuccess(weighing: Weighing): Weighed {
  const { judged, verdict, layer, constants } = weighing
  const whole =
    positiveWeight({ source: verdict.source, stake: judged.stake, rho: verdict.rho }, constants) * (verdict.share ?? 1)
  if (whole === 0) return recordWithoutWeight(judged, verdict, 'the source weighs nothing')
  if (!judged.earns) return recordWithoutWeight(judged, verdict, 'an action outside the catalogue never earns')
  if (layer.factual) return recordWithoutWeight(judged, verdict, 'a failure of this decision is already on record')
  const claim = Math.min(whole, verdict.room ?? whole)
  const added = Math.min(whole - layer.positive, claim)
  if (added <= 0) {
    const reason =
      whole > layer.positive ? 'a budget of successes is used up' : 'a verdict of at least this weight already counted'
    const shares = shareEffects(weighing, { claim, counted: layer.counted })
    const effects = [...shares, ...anotherVerifier(weighing, claim), verdictEffect(judged, verdict, claimOf(verdict, claim))]
    return { effects, counted: false, reason }
  }
  return successAdded(weighing, { whole, claim, added })
}

/** Units of a success: by its source and stake, within the budgets, and on top of what counted already. */
type SuccessUnits = { readonly whole: number; readonly claim: number; readonly added: number }

function successAdded(weighing: Weighing, units: SuccessUnits): Weighed {
  const { judged, verdict, layer, constants } = weighing
  const { claim, added } = units
  const total = layer.positive + added
  // Verdicts too light for the ladder leave the decision to be counted with the one that makes it heavy enough.
  const counts = verdict.layer === 'outcome' && !layer.counted && layer.kappa === 0 && isSolid(total, judged, constants)
  const tracked = verdict.layer === 'outcome' && layer.positive === 0
  const good = evidenceEffect(judged, verdict, { polarity: 'positive', weight: added, total, kappa: 0, counts, tracked })
  const shares = shareEffects(weighing, { claim, counted: layer.counted || counts })
  return {
    effects: [
      good,
      ...shares,
      ...anotherVerifier(weighing, claim),
      verdictEffect(judged, verdict, { positive: added, counted: counts, ...claimOf(verdict, claim) }),
    ],
    counted: true,
    reason: `positive, ${added} units${whyNotWhole(weighing, units)}`,
  }
}

/**
 * Whoever bears out a decision that counts already is a verifier too, if their own word would have been enough; else who speaks first, such as
 * the approver of every action, would keep everybody else from being heard as a second one.
 */
function anotherVerifier({ judged, verdict, layer, constants }: Weighing, claim: number): readonly Effect[] {
  const { by: verifier, source } = verdict
  const speaksFirst = !layer.counted || layer.best?.by === verifier
  if (verdict.layer !== 'outcome' || speaksFirst || layer.kappa > 0 || !isSolid(claim, judged, constants)) return []
  const calibrated = !isRater(source) || verdict.calibrated === true
  return [{ kind: 'verifier', agent: judged.agent, scope: judged.scope, verifier, calibrated }]
}

function whyNotWhole({ verdict, layer }: Weighing, { whole, added }: SuccessUnits): string {
  if (added < whole - layer.positive) return '; a budget of successes is used up'
  return verdict.share === undefined ? '' : '; nobody was asked to verify this decision'
}
