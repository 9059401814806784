import { byCodeUnit } from '../format/order.ts'
import { OUTCOME_RANK } from '../lattice/outcome-order.ts'
import type { Ceiling } from '../model/ceiling.ts'
import type { Outcome } from '../model/outcome.ts'
import type { ChainLink, DecisionInputs } from './decision-inputs.ts'
import { chainCell } from './matrix-schema.ts'
import { denial, term } from './terms.ts'

/**
 * The delegation chain: what the least trusted other link would be conceded here, by the stricter of its own tier and the acting
 * agent's; `allow` without other links and for a human alone. An unknown link is at level 0; a cycle, or more than five links, denies.
 */
export function chainTerm(inputs: DecisionInputs): Ceiling {
  const [problem] = [...inputs.chain_problems].sort()
  if (problem !== undefined) return denial('chain', `chain_${problem}`)
  const [weakest] = inputs.links.map((link) => linkTerm(link, inputs)).sort(byOutcome)
  return weakest ?? term('chain', 'allow', inputs.human ? 'human' : 'no_other_links')
}

function linkTerm(link: ChainLink, { matrices, tier: actingTier, band, sensitive }: DecisionInputs): Ceiling {
  const level = link.known ? link.level_effective : 0
  const outcome: Outcome = chainCell({ matrices, tier: link.tier, level, band, sensitive }, actingTier)
  return term('chain', outcome, linkReason(link))
}

/** The reason of a link's term: which link it is, and on which level it stands. */
export function linkReason({ relation, party, known, level_effective }: ChainLink): string {
  const standing = known ? `level_${level_effective}` : 'unknown'
  return `chain_link:${relation}:${party.type}/${party.id}:${standing}`
}

function byOutcome(a: Ceiling, b: Ceiling): number {
  return OUTCOME_RANK[a.outcome] - OUTCOME_RANK[b.outcome] || byCodeUnit(a.reason, b.reason)
}
