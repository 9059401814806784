import type { RiskBands } from '../../catalogue/catalogue-file.ts'
import { unreachable } from '../../format/error.ts'
import { OUTCOME_RANK } from '../../lattice/outcome-order.ts'
import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import type { Ceiling } from '../../model/ceiling.ts'
import { type Level, LEVELS } from '../../model/level.ts'
import { type Outcome, RISK_BANDS, type RiskBand } from '../../model/outcome.ts'
import { formatScope } from '../../model/scope.ts'
import type { ChainLink, Decision } from '../../pdp/decision-inputs.ts'
import type { Matrices } from '../../pdp/matrix-schema.ts'
import type { RiskView } from '../../risk/risk-view.ts'
import type { Explained } from './explained.ts'
import { cannotEarn, levelOf, levelLabel, type LevelStep, standingText } from './trust-remedy.ts'

/** The smallest change that would lift a term above where it stands, in one sentence. */
export function remedyFor(term: Ceiling, explained: Explained): string {
  const { facts } = explained
  switch (term.source) {
    case 'base':
      if (explained.bases !== undefined) return bothRemedy(explained.bases, term)
      return `Nothing but the static policy can lift this: give a role of the subject this permission, or remove the forbid (${term.reason}).${askRemedy(facts)}`
    case 'trust':
      return trustRemedy(term, explained)
    case 'risk':
      return riskRemedy(term, explained)
    case 'category':
      return categoryRemedy(term, facts)
    case 'chain':
      return chainRemedy(term, explained)
    case 'containment':
      return term.reason === 'containment_unknown'
        ? 'Make the store reachable: containment that is not known denies.'
        : 'Let an operator lift the containment.'
    case 'incident':
      return incidentRemedy(term)
    case 'hard':
      return hardRemedy(term)
    case 'context':
      return contextRemedy(term.reason)
    case 'guardrails':
      return guardrailRemedy(term.reason, explained.decision)
    case 'pact':
      return 'Bring the action within what the agent’s pact promises, or let its owner change the pact.'
    default:
      return unreachable(term.source)
  }
}

/** Where two have to be permitted: who is not, by the name of each. */
function bothRemedy(bases: NonNullable<Explained['bases']>, term: Ceiling): string {
  const missing = bases.filter(({ base }) => base.outcome === term.outcome).map(({ who }) => who)
  return `An agent does only what the person it acts for may do too: give ${missing.join(' and ')} this permission in the static policy, or ask about the agent alone (base.delegation: agent).`
}

/** An agent need not guess what else it may do: it asks, and a person decides. */
function askRemedy({ parties, action }: DecisionFacts): string {
  return parties.agent === null || action.category === 'permission_escalation'
    ? ''
    : ' The agent may ask for it: POST /api/v1/permission-requests; an operator sees the patch in gradus permission-requests list.'
}

function trustRemedy(term: Ceiling, explained: Explained): string {
  const { facts, risk, matrices, bands, decision } = explained
  const { trust, action, agent } = facts
  if (trust === null) return 'Make the trust store reachable: nothing is known of the agent now.'
  const level = levelOf(Math.min(trust.level_effective, action.default_level))
  if (matrices === undefined) return `A higher level than ${levelLabel(level)}.`
  const higher = higherLevel(term, level, explained)
  if (higher === undefined) {
    const band = lowerBands(risk.band).find(
      (to) => OUTCOME_RANK[cell(matrices, agent.tier, level, to) ?? 'deny'] > OUTCOME_RANK[term.outcome],
    )
    return band === undefined
      ? 'No level concedes more here.'
      : `No level concedes more at ${risk.band} risk; bring the risk down to ${band} (${pointsText(risk, band, bands)}).`
  }
  const cannot = cannotEarn(facts)
  if (cannot !== null) return cannot
  const concedes = cell(matrices, agent.tier, higher, risk.band) ?? term.outcome
  const gain = `which concedes ${concedes}${concedes === decision.outcome ? '' : ' at this risk'}`
  const standing = standingText(trust, stepTo(higher, explained), { facts, acting: explained.acting ?? [] })
  if (higher > action.default_level) {
    const besides = trust.level_effective >= higher ? '' : ` Besides, ${levelLabel(higher)} in ${trust.scope}: ${standing}.`
    return `The catalogue decides this action on ${levelLabel(levelOf(action.default_level))} at most; raise its cap to reach ${levelLabel(higher)}, ${gain}.${besides}`
  }
  return `${levelLabel(higher)} in ${trust.scope}, ${gain}: ${standing}.`
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

/** An agent in a scope, the level to be granted and the score to be reached there. */
export type Standing = { readonly agent: string; readonly scope: string; readonly level: Level; readonly score: number }

function linkStanding(term: Ceiling, explained: Explained): Standing | undefined {
  const link = namedLink(term, explained.facts)
  const level = link === undefined || !link.known ? undefined : linkLevelFor(link, term, explained)
  if (link === undefined || level === undefined) return undefined
  const { scope, stake } = explained.facts.action
  return { agent: link.party.id, scope: formatScope(scope, stake), level, score: stepTo(level, explained).threshold }
}

function riskRemedy(term: Ceiling, { risk, matrices, bands, facts }: Explained): string {
  if (risk.unavailable.length > 0)
    return `Send ${risk.unavailable.map((fact) => `"${fact}"`).join(', ')} so that it can be read: what cannot be measured counts as highest risk.`
  const band = lowerBands(risk.band).find(
    (to) => OUTCOME_RANK[cell(matrices, facts.agent.tier, 4, to) ?? 'deny'] > OUTCOME_RANK[term.outcome],
  )
  return band === undefined
    ? 'No lower risk band concedes more.'
    : `Bring the risk down from ${risk.band} to ${band}: ${pointsText(risk, band, bands)}.`
}

function pointsText(risk: RiskView, to: RiskBand, bands: RiskBands): string {
  const most = to === 'medium' ? bands.medium_points_max : bands.low_points_max
  const fired = risk.rules.filter(({ points }) => points > 0).map(({ id, points }) => `${id} +${points}`)
  const rules = fired.length === 0 ? 'all of them are the tool’s own, set in the catalogue' : `rules added ${fired.join(', ')}`
  return risk.points <= most ? 'only a read has this band' : `${risk.points} points now, at most ${most} there; ${rules}`
}

function categoryRemedy(term: Ceiling, { action }: DecisionFacts): string {
  if (action.category === 'permission_escalation') return 'Nothing lifts this: an agent never changes permissions.'
  if (!action.known) return 'Describe the action in the catalogue; what is not there has the worst class.'
  if (action.disposition === 'block') return 'The catalogue blocks this action; only its owner can take it off the list.'
  if (term.reason.startsWith('nothing would show'))
    return 'Name in the catalogue the signal by which a failure of this action shows (negative_signal).'
  if (action.disposition === 'require_approval')
    return 'A named person approves it; or the catalogue takes it off "require_approval".'
  return `A named person approves it; or the catalogue puts it under "auto_approve" (category ${action.category}).`
}

function chainRemedy(term: Ceiling, explained: Explained): string {
  const { facts, risk } = explained
  if (facts.parties.problems.includes('unknown_team'))
    return `Describe the team "${facts.parties.team?.id ?? ''}" in the catalogue (teams: NAME: { owner: … }): somebody has to answer for what is done for it.`
  if (facts.parties.problems.length > 0)
    return `Mend the delegation chain (${facts.parties.problems.join(', ')}): each agent once, at most five.`
  const named = namedLink(term, facts)
  if (named === undefined) return 'Let every other link of the chain be trusted more.'
  const higher = linkLevelFor(named, term, explained)
  const unknown = named.known ? '' : 'be in the catalogue and '
  return higher === undefined
    ? `No level of "${named.party.id}" concedes more at ${risk.band} risk.`
    : `"${named.party.id}" has to ${unknown}stand at ${levelLabel(higher)} in this scope.`
}

function namedLink(term: Ceiling, { links }: DecisionFacts): ChainLink | undefined {
  return links.find(({ party }) => term.reason.includes(`${party.type}/${party.id}`))
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

function hardRemedy(term: Ceiling): string {
  if (term.reason === 'permission_escalation') return 'Nothing lifts this: an agent never changes permissions.'
  if (term.reason === 'kill_switch') return 'A person has to review the incident that switched the agent off.'
  return 'Make the store reachable: while incidents are not known, nothing runs.'
}

function incidentRemedy({ reason, outcome }: Ceiling): string {
  if (reason === 'incidents_unknown') return 'Make the store reachable: incidents that are not known deny.'
  if (reason.startsWith('incident_review_due:')) {
    const ids = reason.split(':').at(-2) ?? ''
    return `An operator reviews ${ids}: gradus incidents review ID; or two people, one of whom may review, open an emergency override.`
  }
  return outcome === 'require_approval'
    ? 'A person approves this request; for good, verified work lifts the cap of the incident, time does not.'
    : 'Verified work lifts the cap of the incident, time does not.'
}

function contextRemedy(reason: string): string {
  if (reason.startsWith('not verified: '))
    return `Let a trusted enforcement point assert in context.facts that ${reason.slice('not verified: '.length)}.`
  if (reason.includes(' in environment ')) return 'Run it in an environment that concedes more, or approve it.'
  if (reason.includes('is not used for this purpose'))
    return 'Let a trusted enforcement point assert in context.facts a purpose that the scope is meant for.'
  if (reason.includes(' data: trust')) return 'More trust in this scope, or data of a lower classification.'
  return 'Change what the reason names.'
}

function guardrailRemedy(reason: string, { guardrails }: Decision): string {
  const [kind, name = ''] = reason.split(':')
  const bound = guardrails[name]
  const limit = bound === undefined ? '' : ` (${Array.isArray(bound) ? bound.join(', ') : String(bound)})`
  if (kind === 'guardrail_exceeded') return `Stay within ${name}${limit}.`
  if (kind === 'budget_exceeded') return `Wait until ${name}${limit} has room again, or let what is outstanding be verified.`
  if (kind === 'guardrail_allows_nothing')
    return `Two sources of ${name} contradict each other; let them have something in common.`
  return 'Correct the caps that the reason names.'
}

/** Reasons for which a decision is denied whatever its terms: duties that the enforcement point does not support. */
export function unsupportedDuties(reasons: readonly string[]): readonly string[] {
  return reasons.filter((reason) => reason.startsWith('unsupported_obligation:'))
}

/** The duty that the enforcement point would have to declare. */
export function obligationRemedy(reason: string): string {
  return `Let the enforcement point fulfil "${reason.slice('unsupported_obligation:'.length)}" and say so in its credential’s "supported_obligations".`
}

function cell(matrices: Matrices | undefined, tier: string, level: Level, band: RiskBand): Outcome | undefined {
  return (matrices?.[tier] ?? matrices?.standard)?.[`${level}`][band]
}

function lowerBands(band: RiskBand): readonly RiskBand[] {
  return RISK_BANDS.slice(0, RISK_BANDS.indexOf(band)).toReversed()
}
