import type { RollbackView } from '../../evidence/wire.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { WouldBody } from '../../ledger/recorded-decision.ts'
import type { Decision } from '../../pdp/decision-inputs.ts'
import type { RiskView } from '../../risk/risk-view.ts'
import { enforcedOf, type Explained } from './explained.ts'
import { type Standing, standingFor } from './level-remedies.ts'
import { obligationRemedy, remedyFor, unsupportedDuties } from './remedies.ts'
import type { RemedyText } from './remedy-kinds.ts'

/** The smallest change that would lift one limiting term; `stand` where it is that an agent stands higher. */
export type Remedy = RemedyText & { readonly source: string; readonly reason: string; readonly stand?: Standing }

/** An explanation as data; `ExplanationAnswer` is its schema. `mode` and `would` where something was only observed. */
export type Explanation = Decision & {
  /** What the base answers each of two, where an agent acts for a proven person. */
  readonly bases?: Explained['bases']
  readonly risk: RiskView
  readonly trust: DecisionFacts['trust']
  readonly remedies: readonly Remedy[]
  readonly rollback?: RollbackView
  readonly mode?: DecisionFacts['mode']
  readonly would?: WouldBody & { readonly remedies: readonly Remedy[] }
}

/** A decision, what it was made from, and what would lift it. */
export function explanationOf(explained: Explained): Explanation {
  const { decision, facts, risk, would, bases, rollback } = explained
  const enforced = enforcedOf(explained)
  return {
    ...decision,
    ...(bases === undefined ? {} : { bases }),
    risk,
    trust: facts.trust,
    remedies: remediesOf(explained),
    ...(rollback === undefined ? {} : { rollback }),
    ...(enforced === null || would === null || would === undefined
      ? {}
      : { mode: facts.mode, would: { ...would, remedies: remediesOf(enforced) } }),
  }
}

/** The remedies of a decision as data: one per limiting term. */
function remediesOf(explained: Explained): readonly Remedy[] {
  const { decision } = explained
  if (decision.outcome === 'allow') return []
  const duties = unsupportedDuties(decision.reasons)
  if (duties.length > 0) return duties.map((reason) => ({ source: 'obligation', reason, ...obligationRemedy(reason) }))
  return decision.ceilings
    .filter(({ source, outcome }) => decision.limiting.includes(source) && outcome === decision.outcome)
    .map((term) => {
      const stand = standingFor(term, explained)
      const told = { source: term.source, reason: term.reason, ...remedyFor(term, explained) }
      return stand === undefined ? told : { ...told, stand }
    })
}
