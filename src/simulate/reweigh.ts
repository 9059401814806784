import { judgedOf, proposalOf, recordedDecisionOf } from '../evidence/judged-decision.ts'
import { weigh } from '../evidence/rules/weigh-verdict.ts'
import type { Judged, Verdict } from '../evidence/rules/weighing.ts'
import { ServiceError } from '../format/error.ts'
import type { Effect } from '../ledger/effect.ts'
import type { ProjectionState } from '../ledger/fold/fold.ts'
import type { AuditRecord, RecordKind } from '../ledger/record.ts'
import type { Scratch } from '../ledger/scratch.ts'
import type { TrustConstants } from '../trust/constants.ts'
import { type ConstantsHistory, sameConstants } from './constants-history.ts'

/** The constants that are in an effect already when it is recorded; all others are read when state is derived. */
const WEIGHTS = [
  'source_weights',
  'source_weight_negative_min',
  'stake_weights',
  'severity_weights',
  'self_flagged_share',
  'count_weight_min',
  'incident_rules',
] as const satisfies readonly (keyof TrustConstants)[]

/** Effects that a verdict brings about, and that weighing it anew replaces. */
const OF_A_VERDICT: readonly Effect['kind'][] = ['evidence', 'take_back', 'delegator', 'rater_share', 'incident', 'verdict']

/** Records that hold a verdict on a decision. */
const OF_VERDICTS: readonly RecordKind[] = ['outcome', 'signal', 'approval']

/** Effects of records as the candidate's constants would have made them. */
export type Reweighing = {
  /** False: the log's weights are the candidate's, and effects stay as they are recorded. */
  readonly active: boolean
  readonly effectsOf: (record: AuditRecord) => readonly Effect[]
}

/** What weighing anew needs: both constants, what is known of decisions so far, and room for it. */
export type ReweighDeps = {
  readonly constants: TrustConstants
  readonly history: ConstantsHistory
  readonly scratch: Scratch
  readonly state: Pick<ProjectionState, 'document'>
}

/** Weighs each verdict of the log again by the candidate's weights, from what the verdict was and not from what it then counted for. */
export function createReweighing({ constants, history, scratch, state }: ReweighDeps): Reweighing {
  const weightsOf = (of: TrustConstants) => WEIGHTS.map((name) => of[name])
  const active = history.all.some((each) => !sameConstants(weightsOf(each), weightsOf(constants)))
  let inForce = history.all[0] ?? constants
  const judgedName = (tenant: string, id: string): string => `judged/${encodeURIComponent(tenant)}/${encodeURIComponent(id)}`
  const weighed = (record: AuditRecord): readonly Effect[] => {
    const { tenant, decision_id: id } = record
    const verdict = record.body['verdict'] as Verdict | undefined
    const known = id === null ? undefined : (scratch.get(judgedName(tenant, id)) as KnownDecision | undefined)
    const judged = record.kind === 'approval' ? known?.proposed : known?.judged
    // What is no verdict on a decision of this log stays as it was recorded; so does one that waited, freed others, or was about a canary.
    if (verdict === undefined || judged === undefined || judged === null || !weighsAlone(record)) return record.effects
    const verdicts = state.document({ kind: 'verdicts', tenant, id: judged.decision_id })
    const { effects } = weigh(judged, verdict, verdicts, constants)
    return [...effects, ...record.effects.filter(({ kind }) => !OF_A_VERDICT.includes(kind))]
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
      if (OF_VERDICTS.includes(record.kind)) return weighed(record)
      return record.effects.map((effect) => (effect.kind === 'incident' ? byClass(effect, inForce, constants) : effect))
    },
  }
}

/** Whether a record's effects on trust are those of its own verdict, and no others. */
function weighsAlone({ body, effects }: AuditRecord): boolean {
  const isApart = body['canary'] === true || body['unweighed'] === true
  return !isApart && effects.every(({ kind }) => kind !== 'filing' && kind !== 'hold_resolved')
}

/** What verdicts on a decision are about: of whoever saw what came of it, and of whoever is asked to approve it. */
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

/** An incident by the rule of its class: what was the rule's then is the rule's now; what a person chose stays. */
function byClass(
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
