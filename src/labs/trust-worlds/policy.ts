import type { Layer } from '../../model/layer.ts'
import type { OutcomeClass, SignalClass } from '../../model/outcome-classes.ts'
import type { Outcome, RiskBand } from '../../model/outcome.ts'
import type { StakeClass } from '../../model/scope.ts'
import type { EvidenceSource, EvidenceStake } from '../../trust/constants.ts'

/** What a label is about: one decision. */
export type SimulatedSubject = {
  /** The number of the action in its agent's life. */
  readonly action: number
  readonly band: RiskBand
  readonly stake: EvidenceStake
  readonly decidedAtMs: number
}

/** What is reported of a decision. Every policy hears every label; what it makes of layer, class and source is its own affair. */
export type Label = SimulatedSubject & {
  readonly atMs: number
  readonly layer: Layer
  readonly class: OutcomeClass | SignalClass
  /** What all policies can read: true says that the action was bad. */
  readonly bad: boolean
  readonly source: EvidenceSource
  readonly by: string
}

/** How a policy would answer. `standing`: what it grants; `outcome`: the same, less what a budget of open actions takes for now. */
export type Answer = { readonly standing: Outcome; readonly outcome: Outcome }

/** A rule by which an agent gets and loses autonomy. One object is one agent's life under it; time never runs backwards. */
export type SimulatedPolicy = {
  readonly decide: (band: RiskBand, atMs: number) => Answer
  /** An action ran by itself; its outcome is open until its label comes. */
  readonly ran: (subject: SimulatedSubject) => void
  readonly hear: (label: Label) => void
  /** A detector says: this agent is under injection. */
  readonly injection: (atMs: number) => void
  /** A person has looked at the injection and confirmed it. */
  readonly reviewed: (atMs: number) => void
  /** What happens by the clock alone. */
  readonly advance: (atMs: number) => void
  /** The agent comes back under a name that nobody knows. */
  readonly renamed: () => void
}

/** Stake class of a risk band. */
export function stakeOf(band: RiskBand): StakeClass {
  return band === 'read' || band === 'low' ? 'light' : 'full'
}
