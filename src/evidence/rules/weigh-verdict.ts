import type { Verdicts } from '../../ledger/documents/verdicts.ts'
import { newVerdicts, NO_VERDICTS, verdictName } from '../../ledger/fold/verdicts.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { reversibilityAt } from './reversibility.ts'
import { recordWithoutWeight } from './verdict-effects.ts'
import { weighFailure } from './weigh-failure.ts'
import { weighSuccess } from './weigh-success.ts'
import type { Judged, Verdict, Weighed } from './weighing.ts'

/**
 * Several verdicts on one decision (docs/trust-model.md, "One decision, several verdicts"): at most one positive unit per layer,
 * the largest; a worse verdict adds the difference, in weight and in severity; a fact takes a positive back, a complaint never does;
 * each source counts once per class; an agent's own word weighs nothing. No effects: the source already said so.
 */
export function weigh(judged: Judged, verdict: Verdict, before: Verdicts | undefined, constants: TrustConstants): Weighed {
  if (isRepeated(verdict, before)) return { effects: [], counted: false, reason: 'this source already said so' }
  return weighAnew(judged, verdict, before, constants)
}

/** Whether the source said this of the decision already. */
export function isRepeated({ layer, by, class: of }: Verdict, verdicts: Verdicts | undefined): boolean {
  return verdicts?.heard.includes(verdictName(layer, by, of)) === true
}

/** The same for a verdict that was recorded, but waited. */
export function weighAnew(judged: Judged, verdict: Verdict, before: Verdicts | undefined, constants: TrustConstants): Weighed {
  const { layers, self_flagged: selfFlagged, rollback } = before ?? newVerdicts()
  const { layer, event_time_ms: at_ms } = verdict
  const reached = { ...judged, reversibility: reversibilityAt(judged, rollback, { at_ms, layer }) }
  const weighing = { judged: reached, verdict, layer: layers[verdict.layer] ?? NO_VERDICTS, selfFlagged, constants }
  switch (verdict.gravity) {
    case 'none':
      return recordWithoutWeight(judged, verdict, 'silence is not evidence')
    case 'positive':
      return weighSuccess(weighing)
    case 'ambiguous':
    case 'minor':
    case 'moderate':
    case 'major':
    case 'critical':
      return weighFailure(weighing, verdict.gravity)
  }
}
