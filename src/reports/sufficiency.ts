import { outcomeLeq } from '../lattice/outcome-order.ts'
import { type DecisionBody, decisionBodyOf } from '../ledger/decision-body.ts'
import type { RecordState, StoredRecord } from '../ledger/store.ts'
import { type Layer, LAYERS } from '../model/layer.ts'
import { type Level, LEVELS } from '../model/level.ts'
import type { Outcome, RiskBand } from '../model/outcome.ts'
import type { Request } from '../model/request.ts'
import { formatScope } from '../model/scope.ts'
import { type Matrices, matrixCell } from '../pdp/matrix.ts'
import { classificationOf, isSensitive } from '../risk/classification.ts'
import type { TrustConstants } from '../trust/constants.ts'
import type { TrustView } from '../trust/trust-view.ts'

/** What an action ran by: the trust of its agent, a person's approval or override, or nothing, because trust was only observed. */
export const BASES = ['trust', 'approval', 'override', 'observed'] as const
export type Basis = (typeof BASES)[number]

/** Whether the trust of that moment was what the outcome needs. `unknown`: the record alone does not tell. */
export const SUFFICIENCIES = ['sufficient', 'insufficient', 'unknown'] as const
export type Sufficiency = (typeof SUFFICIENCIES)[number]

/** What of the policy set of a decision its threshold follows from. */
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
  /** The lowest level to which the matrix concedes the outcome at this risk; null where it concedes it to none, or is not known. */
  readonly level_needed: Level | null
  /** The score at which that level begins. */
  readonly threshold: number | null
  readonly level_effective: Level | null
  readonly score: number | null
  readonly bottleneck_layer: Layer | null
  /** The score of each layer; null where the layer had no source, so that it bound nothing. */
  readonly layers: Readonly<Record<Layer, number | null>>
  /** The links of the delegation chain that were conceded less than the outcome. */
  readonly weak_links: readonly string[]
  readonly verdict: Sufficiency
  /** Everything that speaks against it, in words; empty where it was sufficient. */
  readonly why: readonly string[]
}

/** How many actions of each basis came to each verdict. */
export type SufficiencyCounts = Readonly<Record<Basis, Readonly<Record<Sufficiency, number>>>>

/** What a walk over the log came to. */
export type SufficiencyTotals = {
  readonly decisions: number
  /** Decisions that let an agent's action run. */
  readonly executed: number
  readonly counts: SufficiencyCounts
}

/** Folds decisions in the order of the log; keeps counts alone. */
export type SufficiencyFold = {
  /** The row of a decision that let an agent act; undefined for every other record. */
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

/** Actions that ran with less trust than their outcome needs, whatever they ran by but a person's word. */
export function insufficientIn({ counts }: SufficiencyTotals): number {
  return counts.trust.insufficient + counts.observed.insufficient
}

/**
 * Whether one executed action had the trust it needed: the level that the recorded matrix asks for this outcome at this risk, its
 * threshold met by the score and by every live layer, and by every link of the chain. Reads the record and its policy set alone;
 * undefined for what did not run and for what a human did.
 */
export function sufficiencyOf(
  { record, leafIndex, state }: StoredRecord,
  terms: SufficiencyTerms | undefined,
): SufficiencyRow | undefined {
  const body = decisionBodyOf(record)
  const { facts, decision } = body
  // Whatever a record lacks, nothing of it may pass for an action that did not run.
  if (!(decision as Partial<DecisionBody['decision']>).decision) return undefined
  if (facts.parties.agent === null) return undefined
  const { trust } = facts
  const band = bandOf(body)
  const judged = judge({ body, trust, band, state }, terms)
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
    level_needed: judged.level ?? null,
    threshold: judged.level === undefined ? null : (terms?.thresholds[judged.level] ?? null),
    level_effective: trust?.level_effective ?? null,
    score: trust?.score ?? null,
    bottleneck_layer: trust?.bottleneck_layer ?? null,
    layers: layerScores(trust),
    weak_links: judged.weakLinks,
    verdict: judged.verdict,
    why: judged.why,
  }
}

type Asked = {
  readonly body: DecisionBody
  readonly trust: TrustView | null
  readonly band: RiskBand | null
  readonly state: RecordState
}
type Judged = {
  readonly level: Level | undefined
  readonly weakLinks: readonly string[]
  readonly verdict: Sufficiency
  readonly why: readonly string[]
}

function judge(asked: Asked, terms: SufficiencyTerms | undefined): Judged {
  const { body, trust, band, state } = asked
  const unknown = (why: string): Judged => ({ level: undefined, weakLinks: [], verdict: 'unknown', why: [why] })
  if (terms === undefined) return unknown('its policy set is not archived here')
  if (trust === null || band === null) return unknown('the record holds no trust or no risk')
  const sensitive = isSensitive(classificationOf(readableRequest(body), body.facts.action))
  const judged = judgeAs(asked, { trust, band, sensitive }, terms)
  if (state === 'whole' || sensitive) return judged
  // What was masked or erased may have said that the data is sensitive.
  const otherwise = judgeAs(asked, { trust, band, sensitive: true }, terms)
  return otherwise.verdict === judged.verdict
    ? judged
    : { ...judged, verdict: 'unknown', why: [`what was ${state} may decide it`] }
}

type Standing = { readonly trust: TrustView; readonly band: RiskBand; readonly sensitive: boolean }

function judgeAs({ body }: Asked, { trust, band, sensitive }: Standing, { matrices, thresholds }: SufficiencyTerms): Judged {
  const { facts, decision } = body
  const concedes = (tier: typeof facts.agent.tier, level: Level): boolean =>
    outcomeLeq(decision.outcome, matrixCell({ matrices, tier, level, band, sensitive }))
  const level = LEVELS.find((each) => concedes(facts.agent.tier, each))
  const weakLinks = facts.links
    .filter((link) => !concedes(link.tier, link.known ? link.level_effective : 0))
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

/** People come first: what they said was conceded, whatever else was in force. */
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

/** The request without what was erased from it: what is left of it may lack even its objects. */
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
