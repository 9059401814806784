import { outcomeLeq } from '../lattice/outcome-order.ts'
import { type DecisionBody, decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { RecordState, StoredRecord } from '../ledger/store.ts'
import { type Layer, LAYERS } from '../model/layer.ts'
import { type Level, LEVELS } from '../model/level.ts'
import type { Outcome, RiskBand } from '../model/outcome.ts'
import type { Request } from '../model/request.ts'
import { formatScope } from '../model/scope.ts'
import type { ChainLink } from '../pdp/decision-inputs.ts'
import { chainCell, type Matrices, matrixCell } from '../pdp/matrix-schema.ts'
import { classificationOf, isSensitive } from '../risk/classification.ts'
import type { TrustConstants } from '../trust/constants.ts'
import type { TrustView } from '../trust/trust-view.ts'

/** What let an action run: the agent's trust, an approval, an override, or nothing, because trust was only observed. */
export const BASES = ['trust', 'approval', 'override', 'observed'] as const
export type Basis = (typeof BASES)[number]

/** Whether the trust at that time met what the outcome needs. `unknown`: the record does not say. */
export const SUFFICIENCIES = ['sufficient', 'insufficient', 'unknown'] as const
export type Sufficiency = (typeof SUFFICIENCIES)[number]

/** The parts of a decision's policy set from which its threshold follows. */
export type SufficiencyTerms = { readonly matrices: Matrices; readonly thresholds: TrustConstants['thresholds'] }

/** One executed action of an agent, with the trust it had and the trust it needed. Scores are floored to four decimals. */
export type SufficiencyRow = {
  readonly decision_id: string
  readonly leaf_index: number
  readonly at: string
  readonly tenant: string
  readonly agent: string
  readonly action: string
  readonly scope: string
  readonly outcome: Outcome
  readonly band: RiskBand | null
  readonly basis: Basis
  /** The lowest level at which the matrix allows the outcome for this risk; null if no level does, or the matrix is not known. */
  readonly level_needed: Level | null
  /** The score at which that level begins. */
  readonly threshold: number | null
  readonly level_effective: Level | null
  readonly score: number | null
  readonly bottleneck_layer: Layer | null
  /** The score of each layer; null for a layer without a source, which sets no bound. */
  readonly layers: Readonly<Record<Layer, number | null>>
  /** The links of the delegation chain whose level does not allow the outcome. */
  readonly weak_links: readonly string[]
  readonly verdict: Sufficiency
  /** Every reason against it, as text; empty if it was sufficient. */
  readonly why: readonly string[]
}

/** The number of actions by basis and verdict. */
export type SufficiencyCounts = Readonly<Record<Basis, Readonly<Record<Sufficiency, number>>>>

/** The totals over all records that were folded. */
export type SufficiencyTotals = {
  readonly decisions: number
  /** Decisions that let an agent's action run. */
  readonly executed: number
  readonly counts: SufficiencyCounts
}

/** Folds decisions in the order of the log. It keeps counts only, so memory does not grow with the log. */
export type SufficiencyFold = {
  /** The row of a decision that let an agent's action run; undefined for every other record. */
  readonly add: (stored: StoredRecord, terms: SufficiencyTerms | undefined) => SufficiencyRow | undefined
  readonly totals: () => SufficiencyTotals
}

/** Nothing folded yet. */
export function createSufficiencyFold(): SufficiencyFold {
  const seen = { decisions: 0, executed: 0 }
  const counts = countsOf(() => 0)
  return {
    add: (stored, terms) => {
      if (stored.record.kind !== 'decision') return undefined
      seen.decisions += 1
      const row = sufficiencyOf(stored, terms)
      if (row === undefined) return undefined
      seen.executed += 1
      counts[row.basis][row.verdict] += 1
      return row
    },
    totals: () => ({ ...seen, counts: countsOf((basis, verdict) => counts[basis][verdict]) }),
  }
}

/** Actions that ran with too little trust and without an approval or override. */
export function insufficientIn({ counts }: SufficiencyTotals): number {
  return counts.trust.insufficient + counts.observed.insufficient
}

/**
 * Whether one executed action had the trust it needed: the level that the matrix asks for this outcome at this risk, with the
 * score, every live layer and every link of the chain at its threshold. Reads only the record and its policy set. Undefined for
 * an action that did not run, and for one that a human took.
 */
export function sufficiencyOf(
  { record, leafIndex, state }: StoredRecord,
  terms: SufficiencyTerms | undefined,
): SufficiencyRow | undefined {
  const body = decisionBodyOf(record)
  const { facts, decision } = body
  // An erased record may lack members, so its type promises too much.
  if (!(decision as Partial<DecisionBody['decision']>).decision) return undefined
  if (facts.parties.agent === null) return undefined
  const { trust } = facts
  const band = bandOf(body)
  const assessment = assess({ body, trust, band, state }, terms)
  return {
    decision_id: record.id,
    leaf_index: leafIndex,
    at: record.at,
    tenant: record.tenant,
    agent: facts.parties.agent.id,
    action: facts.action.name,
    scope: formatScope(facts.action.scope, facts.action.stake),
    outcome: decision.outcome,
    band,
    basis: basisOf(body),
    level_needed: assessment.level ?? null,
    threshold: assessment.level === undefined ? null : (terms?.thresholds[assessment.level] ?? null),
    level_effective: trust?.level_effective ?? null,
    score: trust?.score ?? null,
    bottleneck_layer: trust?.bottleneck_layer ?? null,
    layers: layerScores(trust),
    weak_links: assessment.weakLinks,
    verdict: assessment.verdict,
    why: assessment.why,
  }
}

type Executed = {
  readonly body: DecisionBody
  readonly trust: TrustView | null
  readonly band: RiskBand | null
  readonly state: RecordState
}
type Assessment = {
  readonly level: Level | undefined
  readonly weakLinks: readonly string[]
  readonly verdict: Sufficiency
  readonly why: readonly string[]
}

function assess(executedAction: Executed, terms: SufficiencyTerms | undefined): Assessment {
  const { body, trust, band, state } = executedAction
  const unknown = (why: string): Assessment => ({ level: undefined, weakLinks: [], verdict: 'unknown', why: [why] })
  if (terms === undefined) return unknown('its policy set is not archived here')
  if (trust === null || band === null) return unknown('the record holds no trust or no risk')
  const sensitive = isSensitive(classificationOf(readableRequest(body), body.facts.action))
  const assessment = assessAs(executedAction, { trust, band, sensitive }, terms)
  if (state === 'whole' || sensitive) return assessment
  // The masked or erased part may have said that the data is sensitive.
  const otherwise = assessAs(executedAction, { trust, band, sensitive: true }, terms)
  return otherwise.verdict === assessment.verdict
    ? assessment
    : { ...assessment, verdict: 'unknown', why: [`what was ${state} may decide it`] }
}

type Circumstances = { readonly trust: TrustView; readonly band: RiskBand; readonly sensitive: boolean }

function assessAs(
  { body }: Executed,
  { trust, band, sensitive }: Circumstances,
  { matrices, thresholds }: SufficiencyTerms,
): Assessment {
  const { facts, decision } = body
  const { tier } = facts.agent
  const at = { matrices, band, sensitive }
  const level = LEVELS.find((each) => outcomeLeq(decision.outcome, matrixCell({ ...at, tier, level: each })))
  const concededTo = (link: ChainLink): Outcome =>
    chainCell({ ...at, tier: link.tier, level: link.known ? link.level_effective : 0 }, tier)
  const weakLinks = facts.links
    .filter((link) => !outcomeLeq(decision.outcome, concededTo(link)))
    .map(({ party, known, level_effective }) => `${party.type}/${party.id} at ${known ? `L${level_effective}` : 'unknown'}`)
  const held: Level = sensitive && trust.incident.state === 'open' ? 0 : trust.level_effective
  const need = level === undefined ? Infinity : thresholds[level]
  const why = [
    ...(level === undefined ? [`the matrix concedes ${decision.outcome} at ${band} risk to no level`] : []),
    ...(level !== undefined && held < level ? [`level L${held}, needed L${level}`] : []),
    ...(level !== undefined && trust.score < need ? [`score ${trust.score}, needed ${need}`] : []),
    ...(level === undefined
      ? []
      : LAYERS.filter((layer) => trust.layers[layer].live && trust.layers[layer].score < need).map(
          (layer) => `layer ${layer} ${trust.layers[layer].score}, needed ${need}`,
        )),
    ...weakLinks.map((link) => `chain link ${link}`),
  ]
  return { level, weakLinks, verdict: why.length === 0 ? 'sufficient' : 'insufficient', why }
}

/** An approval or override comes first: it let the action run, whatever the trust was. */
function basisOf({ approval, override, facts }: DecisionBody): Basis {
  if (override !== null) return 'override'
  if (approval.redeemed !== null) return 'approval'
  const { mode, observed_terms, observed_rules } = facts.mode
  const isHeld = mode === 'enforce' && !observed_terms.includes('trust') && observed_rules.length === 0
  return isHeld ? 'trust' : 'observed'
}

function bandOf(body: DecisionBody): RiskBand | null {
  const { risk } = body as unknown as { readonly risk?: { readonly band?: RiskBand } }
  return risk?.band ?? null
}

/** The request with a placeholder for its resource, which may be erased as a whole. */
function readableRequest({ request }: DecisionBody): Request {
  const { resource } = request as Partial<Request>
  return resource === undefined ? { ...request, resource: { type: '', id: '' } } : request
}

function layerScores(trust: TrustView | null): Readonly<Record<Layer, number | null>> {
  const score = (layer: Layer): number | null => (trust?.layers[layer].live === true ? trust.layers[layer].score : null)
  return { identity: score('identity'), behaviour: score('behaviour'), context: score('context'), outcome: score('outcome') }
}

function countsOf(count: (basis: Basis, verdict: Sufficiency) => number): Record<Basis, Record<Sufficiency, number>> {
  const of = (basis: Basis) =>
    Object.fromEntries(SUFFICIENCIES.map((verdict) => [verdict, count(basis, verdict)])) as Record<Sufficiency, number>
  return Object.fromEntries(BASES.map((basis) => [basis, of(basis)])) as Record<Basis, Record<Sufficiency, number>>
}
