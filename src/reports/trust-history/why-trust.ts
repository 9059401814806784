import type { Store, StoredRecord } from '../../ledger/store.ts'
import type { Layer } from '../../model/layer.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { TrustChange } from '../../trust/trust-change.ts'
import { scopeView } from '../../trust/trust-view.ts'
import { type Followed, type Move, movesOf, type MovingEffect, type TrustStanding, UNKNOWN } from './moves.ts'
import { causeOf, scopeOfEffect, scoreOf } from './points.ts'
import { recordsOfTrust } from './records-of-trust.ts'
import type { TrustCause } from './wire.ts'

/** One thing that moved the trust of an agent in a scope. */
export type Reason = TrustCause & {
  readonly at: string
  readonly leaf_index: number
  readonly effect: MovingEffect['kind']
  /** Null where it was no evidence: an incident, a review, a promotion, a change of composition or of the constants. */
  readonly layer: Layer | null
  /** The scope that it was about; null: the agent as a whole. Evidence of other scopes moves this one by heat and by what it borrows. */
  readonly scope: ScopeKey | null
  readonly polarity: 'positive' | 'negative' | null
  /** Kind of source, such as `human`; null where no verdict says so. */
  readonly source: string | null
  /** Units; of a success that is taken back, less than 0. */
  readonly weight: number | null
  readonly score_before: number
  readonly score_after: number
  /** Score of its own layer, which moves also while another layer is the weakest; null where it has none. */
  readonly layer_before: number | null
  readonly layer_after: number | null
  readonly changes: readonly TrustChange[]
}

/** Which reasons are wanted: those of a scope since a time, the heaviest so many. */
export type WhyQuery = Followed & { readonly scope: ScopeKey; readonly sinceMs: number; readonly limit: number }

/** What was found. */
export type Why = {
  /** Things that moved anything, of which the heaviest are listed. */
  readonly found: number
  /** Heaviest first. */
  readonly reasons: readonly Reason[]
  /** Standing at the beginning of what was asked for. */
  readonly before: TrustStanding
  readonly after: TrustStanding
}

/** What moved the trust of an agent in a scope most, by the log. Only the heaviest are kept while the log is read. */
export async function whyTrust(store: Store, query: WhyQuery): Promise<Why> {
  const { sinceMs, limit } = query
  let standing = UNKNOWN
  let before = UNKNOWN
  let found = 0
  let reasons: Reason[] = []
  for await (const stored of recordsOfTrust(store, query, { from: 0, end: store.size() })) {
    const moves = movesOf(stored, query, standing)
    standing = moves.at(-1)?.after ?? standing
    if (Date.parse(stored.record.at) < sinceMs) {
      before = standing
      continue
    }
    const moved = moves.map((move) => reasonOf(stored, move, query.scope)).filter(isMove)
    found += moved.length
    reasons.push(...moved)
    if (reasons.length > 2 * limit) reasons = heaviest(reasons, limit)
  }
  return { found, reasons: heaviest(reasons, limit), before, after: standing }
}

function reasonOf(stored: StoredRecord, { effect, before, after, changes }: Move, scope: ScopeKey): Reason {
  const { record, leafIndex } = stored
  const atMs = Date.parse(record.at)
  const layer = layerOf(effect)
  return {
    ...causeOf(stored, effect),
    at: record.at,
    leaf_index: leafIndex,
    effect: effect.kind,
    layer,
    scope: scopeOfEffect(effect),
    ...weightOf(effect),
    source: sourceOf(stored),
    score_before: scoreOf(scope, before, atMs),
    score_after: scoreOf(scope, after, atMs),
    layer_before: layer === null ? null : layerScore(scope, layer, before, atMs),
    layer_after: layer === null ? null : layerScore(scope, layer, after, atMs),
    changes: changes.filter((change) => !('scope' in change) || change.scope === null || change.scope === scope),
  }
}

function layerScore(scope: ScopeKey, layer: Layer, standing: TrustStanding, atMs: number): number {
  return scopeView(standing.agent, scope, { nowMs: atMs }, standing.constants).layers[layer].score
}

function layerOf(effect: MovingEffect): Layer | null {
  if (effect.kind === 'evidence' || effect.kind === 'take_back' || effect.kind === 'import') return effect.layer
  return effect.kind === 'delegator' ? 'outcome' : null
}

function weightOf(effect: MovingEffect): Pick<Reason, 'polarity' | 'weight'> {
  switch (effect.kind) {
    case 'evidence':
      return { polarity: effect.polarity, weight: effect.weight }
    case 'take_back':
      return { polarity: 'positive', weight: -effect.weight }
    case 'delegator':
      return { polarity: 'negative', weight: effect.weight }
    case 'import':
      return { polarity: effect.good >= effect.bad ? 'positive' : 'negative', weight: Math.max(effect.good, effect.bad) }
    case 'incident':
    case 'review':
    case 'rater_share':
    case 'verifier':
    case 'promote':
    case 'demote':
    case 'composition':
    case 'constants':
      return { polarity: null, weight: null }
  }
}

/** The kind of source that a record's verdict names. */
function sourceOf({ record }: StoredRecord): string | null {
  const { verdict } = record.body as { readonly verdict?: { readonly source?: unknown } }
  return typeof verdict?.source === 'string' ? verdict.source : null
}

function isMove({ score_before, score_after, layer_before, layer_after, changes }: Reason): boolean {
  return score_before !== score_after || layer_before !== layer_after || changes.length > 0
}

/** By how far the score moved, then its own layer; what was later comes first among equals. */
function heaviest(reasons: readonly Reason[], limit: number): Reason[] {
  const score = (each: Reason): number => Math.abs(each.score_after - each.score_before)
  const layer = (each: Reason): number => Math.abs((each.layer_after ?? 0) - (each.layer_before ?? 0))
  return reasons
    .map((reason, index) => ({ reason, index }))
    .sort(
      (one, other) =>
        score(other.reason) - score(one.reason) || layer(other.reason) - layer(one.reason) || other.index - one.index,
    )
    .slice(0, limit)
    .map(({ reason }) => reason)
}
