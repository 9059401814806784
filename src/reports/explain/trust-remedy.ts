import type { DecisionFacts } from '../../ledger/decision-facts.ts'
import { LAYERS } from '../../model/layer.ts'
import { type Level, levelName, LEVELS } from '../../model/level.ts'
import { MOVED_UNITS_MIN } from '../../trust/bounds.ts'
import { READS_CEILING } from '../../trust/read-share.ts'
import type { TrustView } from '../../trust/trust-view.ts'
import { remedyOf, type RemedyText } from './remedy-kinds.ts'

/** A level, with the score at which its band begins. */
export type LevelStep = { readonly level: Level; readonly threshold: number }

/** What earning depends on: the facts of a decision, and the tools of its scope that do more than read. */
export type EarningTerms = { readonly facts: DecisionFacts; readonly acting: readonly string[] }

/** Why nothing that the agent does can earn trust as things are, and what would change that; null: it can earn. */
export function cannotEarn({ agent, parties, action }: DecisionFacts): RemedyText | null {
  if (!action.known)
    return remedyOf('Describe the action in the catalogue: what is not there never earns trust.', 'describe_action')
  if (!agent.known)
    return remedyOf(
      `Describe the agent "${agent.id}" in the catalogue: one that is not there has no trust and earns none.`,
      'describe_agent',
    )
  if (parties.agent_claimed)
    return remedyOf(
      'Ask with a credential of the agent, or one with "trusted_chain": an agent that only the body names earns nothing.',
      'own_credential',
    )
  return null
}

/** All that keeps trust from a level: score, whatever caps it, and the grant; in one text. */
export function standingText(trust: TrustView, to: LevelStep, terms: EarningTerms): string {
  const reached = trust.score >= to.threshold
  const obstacles = obstaclesTo(trust, to, terms)
  const score = reached
    ? `the score ${trust.score} suffices`
    : `the score is ${trust.score} and has to reach ${to.threshold}; ${obstacles.join(', and ')}`
  return `${score}, ${grantText(trust, to.level)}`
}

function grantText({ level_granted: granted }: TrustView, level: Level): string {
  if (granted >= level) return 'the level is granted'
  const signed = level === 4 ? ', the last rung by a person' : ''
  return `granted is L${granted}, so it has to be promoted${signed} (gradus trust show lists the gates)`
}

/** Everything that is below the threshold, each with what lifts it: one of them alone would lift nothing. */
function obstaclesTo(trust: TrustView, { threshold }: LevelStep, terms: EarningTerms): readonly string[] {
  const layers = LAYERS.filter((layer) => trust.layers[layer].live && trust.layers[layer].score < threshold)
  const { incident, agent_heat_ceiling: heat, instrumentation_ceiling: watched, ceilings } = trust
  return [
    ...(layers.length === 0 ? [] : [layersText(layers, terms)]),
    ...(heat < threshold ? ['recent failures in any scope hold it there: verified good work cools them, time does not'] : []),
    ...(incident.cap < threshold ? [incidentText(trust)] : []),
    ...(watched < threshold
      ? ['layers that nobody watches hold it there: turn detectors on or let signals come (live_layers)']
      : []),
    ...ceilings.filter(({ value }) => value < threshold).map(({ source }) => `${source} holds it there: ${ceilingText(source)}`),
  ]
}

function layersText(layers: readonly string[], { facts: { action }, acting }: EarningTerms): string {
  const held = layers.length === 1 ? `the ${layers.join('')} layer holds` : `the layers ${layers.join(', ')} hold`
  if (action.category !== 'read_only' || action.only_reads === true) return `${held} it there until verified work lifts it`
  const tools = acting.length === 0 ? 'what does more than read here' : acting.join(', ')
  return `${held} it there: reads alone do not lift it, verified work with ${tools} does`
}

function incidentText({ incident }: TrustView): string {
  return incident.open.length === 0
    ? 'an incident holds it there: verified work since lifts its cap'
    : `an incident holds it there: a person reviews ${incident.open.join(', ')} first, until then no work lifts it`
}

/** What ends a ceiling that is no evidence; by the beginning of its source. */
const CEILING_ENDS: readonly (readonly [string, string])[] = [
  ['posture:', 'renew or attest what it names (docs/identity.md)'],
  ['hold:', 'a person resolves what waits (gradus trust resolve)'],
  ['coverage', 'decisions that are due have to be verified'],
  ['owner:', 'it ends by itself'],
  ['session:unvouched', 'let an enforcement point name the session'],
  ['session:output_of:', 'go on in a session without that output, or let that agent be trusted more'],
  ['session:', 'go on in another session; this one is remembered for seven days'],
  ['mcp:', 'audit the server and say so under "servers" of the catalogue'],
  ['moved_from:', `earn ${MOVED_UNITS_MIN} verified units with this tool here, or trust where it was`],
  [READS_CEILING, 'verified work that does more than read'],
  ['detector:injection_arguments', 'send arguments without the injection'],
]

function ceilingText(source: string): string {
  return CEILING_ENDS.find(([begins]) => source.startsWith(begins))?.[1] ?? 'end what it names'
}

/** A level by number and name. */
export function levelLabel(level: Level): string {
  return `L${level} ${levelName(level)}`
}

/** A level of a number that came from a record; the lowest where it is none. */
export function levelOf(level: number): Level {
  return LEVELS[level] === undefined ? 0 : (level as Level)
}
