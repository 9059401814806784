import { judgedOf, proposalOf, recordedDecisionOf } from '../evidence/judged-decision.ts'
import { weigh } from '../evidence/rules/weigh-verdict.ts'
import type { Judged, Verdict } from '../evidence/rules/weighing.ts'
import { ServiceError } from '../format/error.ts'
import type { Effect } from '../ledger/effect.ts'
import { newVerdicts, withRollback } from '../ledger/fold/verdicts.ts'
import type { Verdicts } from '../ledger/documents/verdicts.ts'
import type { ProjectionState } from '../ledger/fold/fold.ts'
import type { AuditRecord, RecordKind } from '../ledger/record.ts'
import type { Scratch } from '../ledger/scratch.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { type ConstantsHistory, sameConstants } from './constants-history.ts'

/** The constants that are applied before an effect is recorded. All others are applied when state is derived. */
const WEIGHTS = [
  'source_weights',
  'source_weight_negative_min',
  'stake_weights',
  'severity_weights',
  'blast_weights',
  'self_flagged_share',
  'count_weight_min',
  'incident_rules',
] as const satisfies readonly (keyof TrustConstants)[]

/** Effects of a verdict, which weighing it again replaces. */
const VERDICT_EFFECTS: readonly Effect['kind'][] = [
  ...(['evidence', 'take_back', 'delegator', 'rater_share', 'verifier'] as const),
  ...(['incident', 'verdict'] as const),
]

/** Records with a verdict on a decision. */
const VERDICT_RECORDS: readonly RecordKind[] = ['outcome', 'signal', 'approval']

/** Gives the effects that a record would have under the candidate's constants. */
export type Reweighing = {
  /** False: log and candidate have the same weights, so effects stay as recorded. */
  readonly active: boolean
  readonly effectsOf: (record: AuditRecord) => readonly Effect[]
}

/** What weighing again needs: the constants of both sides, and where decisions are kept until their verdicts come. */
export type ReweighDeps = {
  readonly constants: TrustConstants
  readonly history: ConstantsHistory
  readonly scratch: Scratch
  readonly state: Pick<ProjectionState, 'document'>
}

/** Weighs each verdict of the log by the candidate's weights. It starts from the verdict itself, not from its recorded weight. */
export function createReweighing({ constants, history, scratch, state }: ReweighDeps): Reweighing {
  const weightsOf = (of: TrustConstants) => WEIGHTS.map((name) => of[name] ?? null)
  const active = history.all.some((each) => !sameConstants(weightsOf(each), weightsOf(constants)))
  let inForce = history.all[0] ?? constants
  const judgedName = (tenant: string, id: string): string => `judged/${encodeURIComponent(tenant)}/${encodeURIComponent(id)}`
  const reweighed = (record: AuditRecord): readonly Effect[] => {
    const { tenant, decision_id: id } = record
    const verdict = record.body['verdict'] as Verdict | undefined
    const known = id === null ? undefined : (scratch.get(judgedName(tenant, id)) as KnownDecision | undefined)
    const judged = record.kind === 'approval' ? known?.proposed : known?.judged
    // Unchanged: a verdict on no decision of this log, one held back, one that released held ones, and one on a canary.
    if (verdict === undefined || judged === undefined || judged === null || !isOwnVerdict(record)) return record.effects
    const verdicts = afterWayBack(record, state.document({ kind: 'verdicts', tenant, id: judged.decision_id }))
    const { effects } = weigh(judged, verdict, verdicts, constants)
    return [...effects, ...record.effects.filter(({ kind }) => !VERDICT_EFFECTS.includes(kind))]
  }
  return {
    active,
    effectsOf: (record) => {
      if (!active) return record.effects
      for (const effect of record.effects) if (effect.kind === 'constants') inForce = effect.constants
      if (record.kind === 'decision') {
        scratch.set(judgedName(record.tenant, record.id), knownOf(record))
        return record.effects
      }
      if (VERDICT_RECORDS.includes(record.kind)) return reweighed(record)
      return record.effects.map((effect) => (effect.kind === 'incident' ? underNewRule(effect, inForce, constants) : effect))
    },
  }
}

/** What is known of the decision once the record said what it says of the way back, which goes before its verdict. */
function afterWayBack({ effects }: AuditRecord, before: Verdicts | undefined): Verdicts | undefined {
  return effects.reduce(
    (known, effect) =>
      effect.kind === 'handle_kept' || effect.kind === 'rolled_back' ? withRollback(known ?? newVerdicts(), effect) : known,
    before,
  )
}

/** Whether all trust effects of a record come from its own verdict. */
function isOwnVerdict({ body, effects }: AuditRecord): boolean {
  const isApart = body['canary'] === true || body['unweighed'] === true
  return !isApart && effects.every(({ kind }) => kind !== 'filing' && kind !== 'hold_resolved')
}

/** What is judged about a decision: its result, and the proposal that an approver sees. */
type KnownDecision = { readonly judged: Judged | null; readonly proposed: Judged | null }

function knownOf(record: AuditRecord): KnownDecision {
  const decided = recordedDecisionOf(record)
  const unlessRefused = (judge: () => Judged | null): Judged | null => {
    try {
      return judge()
    } catch (error) {
      if (error instanceof ServiceError) return null
      throw error
    }
  }
  return {
    judged: unlessRefused(() => judgedOf(record.id, decided)),
    proposed: unlessRefused(() => proposalOf(record.id, decided)),
  }
}

/** The incident under the new rule of its class. Values that a person chose, and not the old rule, stay. */
function underNewRule(
  effect: Extract<Effect, { kind: 'incident' }>,
  then: TrustConstants,
  now: TrustConstants,
): Extract<Effect, { kind: 'incident' }> {
  const { incident } = effect
  const [before, after] = [then.incident_rules[incident.class], now.incident_rules[incident.class]]
  return {
    ...effect,
    incident: {
      ...incident,
      cap: incident.cap === before.cap && after.cap !== null ? after.cap : incident.cap,
      review: incident.review === before.review ? after.review : incident.review,
    },
  }
}
