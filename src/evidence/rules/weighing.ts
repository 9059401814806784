import type { Verdict } from '../../ledger/documents/tally.ts'
import type { Effect } from '../../ledger/effect.ts'
import type { NO_VERDICTS } from '../../ledger/fold/verdicts.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { EvidenceStake, TrustConstants } from '../../trust/constants.ts'

export type { Verdict }

/** What undoing an action needs: a handle that was kept before it ran, and to be done by `until_ms`; null: no deadline. */
export type WayBack = { readonly handle_required: boolean; readonly until_ms: number | null }

/** What a decision was about, as its record says; evidence about it is weighed by this, never by what a report claims. */
export type Judged = {
  readonly decision_id: string
  readonly agent: string
  readonly scope: ScopeKey
  readonly stake: EvidenceStake
  /** False: an action the catalogue does not know; it never earns. */
  readonly earns: boolean
  /** A read in a scope whose tools only read; absent: anything else. */
  readonly only_reads?: true
  /** Reach of the action by the catalogue of then: blast radius 0–3, reversibility 0–2 (2: irreversible). */
  readonly blast: number
  readonly reversibility: number
  /** On what its way back depends, by the catalogue of then; absent: on nothing, there is none, or it did not run. */
  readonly way_back?: WayBack
  /** The tool, where it moved to another scope and the agent has to prove itself with it there. */
  readonly moved_tool?: string
  /** The agents it acted for: charged with part of a failure. */
  readonly delegators: readonly string[]
  readonly decided_at_ms: number
}

/** The effects of a verdict, and in words what it counted for. */
export type Weighed = { readonly effects: readonly Effect[]; readonly counted: boolean; readonly reason: string }

/** What was already counted about a decision in one layer. */
export type CountedLayer = typeof NO_VERDICTS

/** A verdict that is weighed: what it is about, and what was counted about that in its layer before. */
export type Weighing = {
  readonly judged: Judged
  readonly verdict: Verdict
  readonly layer: CountedLayer
  /** The agent said of itself that it failed, before this verdict. */
  readonly selfFlagged: boolean
  readonly constants: TrustConstants
}
