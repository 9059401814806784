import type { Canary } from '../../ledger/documents/approval.ts'
import type { Effect } from '../../ledger/effect.ts'
import { verdictName } from '../../ledger/fold/verdicts.ts'
import { isRater } from '../../trust/raters.ts'
import { recordWithoutWeight } from '../rules/verdict-effects.ts'
import type { Verdict } from '../rules/weighing.ts'
import type { VerdictCase } from './evaluation-context.ts'

/** A verdict on a canary: recorded, and one more canary of its rater, the first time they judge it. */
export function canaryEffects(
  { judged, verdict, seenVerdicts, context: { knowsCanaries } }: VerdictCase,
  { expected }: Pick<Canary, 'expected'>,
): readonly Effect[] {
  const { effects } = recordWithoutWeight(judged, verdict, '')
  const says = yesOrNo(verdict)
  if (!isFirstOf(verdict, seenVerdicts?.heard ?? []) || says === null || knowsCanaries) return effects
  if (!isRater(verdict.source) || verdict.layer !== 'outcome') return effects
  return [...effects, { kind: 'canary_judged', rater: verdict.by, caught: says === expected }]
}

/** Whether the rater has said nothing of the decision in this layer yet, of whatever class. */
function isFirstOf({ layer, by }: Verdict, seen: readonly string[]): boolean {
  const ofRater = verdictName(layer, by, '').slice(layer.length + 1)
  return !seen.some((each) => each.startsWith(`${layer}|`) && each.endsWith(ofRater))
}

/** Whether a verdict says yes or no; null: neither. A complaint is neither. */
function yesOrNo({ gravity }: Pick<Verdict, 'gravity'>): 'approve' | 'reject' | null {
  switch (gravity) {
    case 'positive':
      return 'approve'
    case 'none':
    case 'ambiguous':
      return null
    case 'minor':
    case 'moderate':
    case 'major':
    case 'critical':
      return 'reject'
  }
}
