import type { RiskBands } from '../../catalogue/catalogue-file.ts'
import { OUTCOME_RANK } from '../../lattice/outcome-order.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Ceiling } from '../../model/ceiling.ts'
import { type Level, LEVELS } from '../../model/level.ts'
import { type Outcome, RISK_BANDS, type RiskBand } from '../../model/outcome.ts'
import { formatScope } from '../../model/scope.ts'
import { linkReason } from '../../pdp/chain-term.ts'
import type { ChainLink } from '../../pdp/decision-inputs.ts'
import type { Matrices } from '../../pdp/matrix-schema.ts'
import type { RiskView } from '../../risk/risk-view.ts'
import type { Explained } from './explained.ts'
import { remedyOf, type RemedyText } from './remedy-kinds.ts'
import { cannotEarn, levelLabel, levelOf, type LevelStep, standingText } from './trust-remedy.ts'

/** An agent in a scope, the level to be granted and the score to be reached there. */
export type Standing = { readonly agent: string; readonly scope: string; readonly level: Level; readonly score: number }

/** What lifts a term that trust holds. */
export function trustRemedy(term: Ceiling, explained: Explained): RemedyText {
  const { facts, matrices, agent, trust } = { ...explained, ...explained.facts }
  if (trust === null) return remedyOf('Make the trust store reachable: nothing is known of the agent now.', 'reachable_store')
  const level = levelOf(Math.min(trust.level_effective, facts.action.default_level))
  if (matrices === undefined) return remedyOf(`A higher level than ${levelLabel(level)}.`, 'reason')
  const higher = higherLevel(term, level, explained)
  if (higher === undefined) return noLevelRemedy(term, explained, { tier: agent.tier, level, matrices })
  const cannot = cannotEarn(facts)
  if (cannot === null) return higherRemedy(term, higher, explained, trust)
  return { ...cannot, remedy: `${cannot.remedy} Then it has to stand at ${levelLabel(higher)}.` }
}

type Row = { readonly tier: string; readonly level: Level; readonly matrices: Matrices }

function noLevelRemedy(term: Ceiling, { risk, bands }: Explained, { tier, level, matrices }: Row): RemedyText {
  const band = lowerBands(risk.band).find(
    (to) => OUTCOME_RANK[cell(matrices, tier, level, to) ?? 'deny'] > OUTCOME_RANK[term.outcome],
  )
  if (band === undefined) return remedyOf('No level concedes more here.', 'nothing')
  const points = pointsText(risk, band, bands)
  return remedyOf(`No level concedes more at ${risk.band} risk; bring the risk down to ${band} (${points}).`, 'lower_risk')
}

function higherRemedy(
  term: Ceiling,
  higher: Level,
  explained: Explained,
  trust: NonNullable<DecisionFacts['trust']>,
): RemedyText {
  const { facts, risk, matrices, decision } = explained
  const { action, agent } = facts
  const concedes = cell(matrices, agent.tier, higher, risk.band) ?? term.outcome
  const gain = `which concedes ${concedes}${concedes === decision.outcome ? '' : ' at this risk'}`
  const standing = standingText(trust, stepTo(higher, explained), { facts, acting: explained.acting ?? [] })
  if (higher <= action.default_level)
    return remedyOf(`${levelLabel(higher)} in ${trust.scope}, ${gain}: ${standing}.`, 'standing')
  const besides = trust.level_effective >= higher ? '' : ` Besides, ${levelLabel(higher)} in ${trust.scope}: ${standing}.`
  const most = levelLabel(levelOf(action.default_level))
  return remedyOf(
    `The catalogue decides this action on ${most} at most; raise its cap to reach ${levelLabel(higher)}, ${gain}.${besides}`,
    'catalogue_level',
  )
}

/** The lowest level above the present one that concedes more than the term. */
function higherLevel(term: Ceiling, level: Level, { facts, risk, matrices }: Explained): Level | undefined {
  return LEVELS.find(
    (to) => to > level && OUTCOME_RANK[cell(matrices, facts.agent.tier, to, risk.band) ?? 'deny'] > OUTCOME_RANK[term.outcome],
  )
}

function stepTo(level: Level, { thresholds }: Explained): LevelStep {
  return { level, threshold: thresholds[level] ?? 0 }
}

/** Where an agent would have to stand for a term to concede more; undefined: standing higher lifts it not, or cannot be earned. */
export function standingFor(term: Ceiling, explained: Explained): Standing | undefined {
  const { facts } = explained
  const { trust, action } = facts
  if (term.source === 'chain') return linkStanding(term, explained)
  if (term.source !== 'trust' || trust === null || explained.matrices === undefined || cannotEarn(facts) !== null)
    return undefined
  const level = higherLevel(term, levelOf(Math.min(trust.level_effective, action.default_level)), explained)
  if (level === undefined || level > action.default_level || facts.parties.agent === null) return undefined
  return { agent: facts.parties.agent.id, scope: trust.scope, level, score: stepTo(level, explained).threshold }
}

function linkStanding(term: Ceiling, explained: Explained): Standing | undefined {
  const link = namedLink(term, explained.facts)
  const level = link === undefined || !link.known ? undefined : linkLevelFor(link, term, explained)
  if (link === undefined || level === undefined) return undefined
  const { scope, stake } = explained.facts.action
  return { agent: link.party.id, scope: formatScope(scope, stake), level, score: stepTo(level, explained).threshold }
}

/** What lifts a term that the band of the risk holds. */
export function riskRemedy(term: Ceiling, { risk, matrices, bands, facts }: Explained): RemedyText {
  if (risk.unavailable.length > 0) {
    const names = risk.unavailable.map((fact) => `"${fact}"`).join(', ')
    return remedyOf(`Send ${names} so that it can be read: what cannot be measured counts as highest risk.`, 'readable_facts')
  }
  const band = lowerBands(risk.band).find(
    (to) => OUTCOME_RANK[cell(matrices, facts.agent.tier, 4, to) ?? 'deny'] > OUTCOME_RANK[term.outcome],
  )
  return band === undefined
    ? remedyOf('No lower risk band concedes more.', 'nothing')
    : remedyOf(`Bring the risk down from ${risk.band} to ${band}: ${pointsText(risk, band, bands)}.`, 'lower_risk')
}

function pointsText(risk: RiskView, to: RiskBand, bands: RiskBands): string {
  const most = to === 'medium' ? bands.medium_points_max : bands.low_points_max
  const fired = risk.rules.filter(({ points }) => points > 0).map(({ id, points }) => `${id} +${points}`)
  const rules = fired.length === 0 ? 'all of them are the tool’s own, set in the catalogue' : `rules added ${fired.join(', ')}`
  return risk.points <= most ? 'only a read has this band' : `${risk.points} points now, at most ${most} there; ${rules}`
}

/** What lifts a term that the delegation chain holds. */
export function chainRemedy(term: Ceiling, explained: Explained): RemedyText {
  const { facts, risk } = explained
  if (facts.parties.problems.includes('unknown_team')) {
    const team = facts.parties.team?.id ?? ''
    const why = 'somebody has to answer for what is done for it'
    return remedyOf(`Describe the team "${team}" in the catalogue (teams: NAME: { owner: … }): ${why}.`, 'describe_team')
  }
  if (facts.parties.problems.length > 0) {
    const problems = facts.parties.problems.join(', ')
    return remedyOf(
      `Mend the delegation chain (${problems}): each agent once, at most five, for one person at most.`,
      'mend_chain',
    )
  }
  const named = namedLink(term, facts)
  if (named === undefined) return remedyOf('Let every other link of the chain be trusted more.', 'reason')
  const higher = linkLevelFor(named, term, explained)
  if (higher === undefined) return remedyOf(`No level of "${named.party.id}" concedes more at ${risk.band} risk.`, 'nothing')
  const stands = `stand at ${levelLabel(higher)} in this scope`
  return named.known
    ? remedyOf(`"${named.party.id}" has to ${stands}.`, 'standing')
    : remedyOf(`"${named.party.id}" has to be in the catalogue and ${stands}.`, 'describe_agent')
}

function namedLink({ reason }: Ceiling, { links }: DecisionFacts): ChainLink | undefined {
  return links.find((link) => linkReason(link) === reason)
}

/** Each link is judged in the stricter of its own tier and the acting agent's. */
function linkLevelFor(link: ChainLink, term: Ceiling, { facts, risk, matrices }: Explained): Level | undefined {
  const present = link.known ? link.level_effective : 0
  const tiers = [link.tier, facts.agent.tier]
  return LEVELS.find(
    (to) =>
      to > present &&
      tiers.every((tier) => OUTCOME_RANK[cell(matrices, tier, to, risk.band) ?? 'deny'] > OUTCOME_RANK[term.outcome]),
  )
}

function cell(matrices: Matrices | undefined, tier: string, level: Level, band: RiskBand): Outcome | undefined {
  return (matrices?.[tier] ?? matrices?.standard)?.[`${level}`][band]
}

function lowerBands(band: RiskBand): readonly RiskBand[] {
  return RISK_BANDS.slice(0, RISK_BANDS.indexOf(band)).toReversed()
}
