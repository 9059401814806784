import { FILINGS_MAX, type HeldFiling } from '../../ledger/documents/tally.ts'
import type { Effect } from '../../ledger/effect.ts'
import { project } from '../../ledger/fold/fold.ts'
import { WITNESS_MS } from '../../ledger/fold/raters.ts'
import { boundsKey, filingsKey } from '../../ledger/keys.ts'
import { sandbox } from '../../ledger/sandbox.ts'
import type { View } from '../../ledger/store.ts'
import type { Hold, HoldReason } from '../../trust/bounds.ts'
import { decisionOf, proposalOf } from '../judged-decision.ts'
import { recordWithoutWeight } from '../rules/verdict-effects.ts'
import { criticalIncident } from '../rules/weigh-failure.ts'
import { weighAnew } from '../rules/weigh-verdict.ts'
import type { EvaluationContext, LimitedVerdict, VerdictCase } from './evaluation-context.ts'

const EXPLANATIONS = {
  possible_slander: 'flagged: more complaints of this rater than are believed unless somebody bears them out',
  uncorroborated_failures:
    'waits: more failures than one source may count in an hour, until another source agrees or a person decides',
} as const satisfies Partial<Record<HoldReason, string>>

/** Why a report waits, and the units that it would have weighed. */
type Excess = { readonly reason: keyof typeof EXPLANATIONS; readonly units: number }

/** What is over a limit: recorded, without weight, and kept with a hold that a person resolves. Harm that is an incident is one at once. */
export function holdBack(verdictCase: VerdictCase, excess: Excess): LimitedVerdict {
  const { judged, verdict, context, view } = verdictCase
  const { agent, scope } = judged
  const { reason } = excess
  const hold = holdOf(verdictCase, excess)
  const filing: HeldFiling = {
    hold: hold.id,
    decision_id: context.decisionId,
    scope,
    reason,
    at_ms: context.nowMs,
    verdict,
  }
  const kept = (view.document(filingsKey(context.tenant, agent))?.held.length ?? 0) < FILINGS_MAX
  const recorded = recordWithoutWeight(judged, verdict, EXPLANATIONS[reason])
  return {
    ...recorded,
    effects: [
      ...recorded.effects,
      { kind: 'hold', agent, hold },
      ...(kept ? [{ kind: 'filing' as const, agent, filing }] : []),
      ...(verdict.gravity === 'critical' && verdict.layer === 'outcome' ? [criticalIncident(judged, view.constants())] : []),
    ],
    verdict,
  }
}

/** The hold of this source and scope with these units more; the one of the last hour, or a new one. */
function holdOf({ judged, verdict, context, view }: VerdictCase, { reason, units }: Excess): Hold {
  const { tenant, nowMs, newId } = context
  const { agent, scope } = judged
  const constants = view.constants()
  const open = view
    .document(boundsKey(tenant, agent))
    ?.holds.find(
      (each) => each.reason === reason && each.source === verdict.by && each.scope === scope && each.at_ms > nowMs - WITNESS_MS,
    )
  return {
    id: open?.id ?? newId(),
    scope,
    reason,
    source: verdict.by,
    units: (open?.units ?? 0) + units,
    cap: reason === 'possible_slander' ? null : constants.bound_ceilings.hold,
    at_ms: open?.at_ms ?? nowMs,
  }
}

/** The failures of other sources that waited in this scope and are borne out by one more, which did `first`. */
export function corroboratedBy(
  { judged: { agent, scope }, verdict: { by }, context, view }: VerdictCase,
  first: readonly Effect[],
): { readonly effects: readonly Effect[]; readonly count: number } {
  const { tenant, nowMs } = context
  const held = view.document(filingsKey(tenant, agent))?.held ?? []
  const ofOthers = held.filter(
    (each) => each.reason === 'uncorroborated_failures' && each.scope === scope && each.verdict.by !== by,
  )
  const holds = new Set(ofOthers.filter(({ at_ms }) => at_ms > nowMs - WITNESS_MS).map(({ hold }) => hold))
  const freed = ofOthers.filter(({ hold }) => holds.has(hold))
  const effects = [
    ...weighHeld(freed, first, context, view),
    ...[...holds].map((id): Effect => ({ kind: 'hold_resolved', agent, id })),
  ]
  return { effects, count: freed.length }
}

/** Weighs what waited, whole and as of its own time; `first` is what goes before it in the same record. */
export function weighHeld(
  filings: readonly HeldFiling[],
  first: readonly Effect[],
  { tenant, nowMs }: Pick<EvaluationContext, 'tenant' | 'nowMs'>,
  view: View,
): readonly Effect[] {
  const trial = sandbox(view)
  project(first, nowMs, tenant, trial)
  return filings.flatMap(({ decision_id, verdict }) => {
    const judged = proposalOf(decision_id, decisionOf(view, tenant, decision_id).decided)
    if (judged === null) return []
    const verdicts = trial.document({ kind: 'verdicts', tenant, id: judged.decision_id })
    const { effects } = weighAnew(judged, verdict, verdicts, view.constants())
    project(effects, nowMs, tenant, trial)
    return effects
  })
}
