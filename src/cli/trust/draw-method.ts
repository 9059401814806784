import { escapeLine } from '../../format/terminal-text.ts'
import { levelName, LEVELS } from '../../model/level.ts'
import type { ScoreConsequences, ScoreMethod } from '../../ladder/wire.ts'

/** Characters of a digest that are shown; JSON has all of them. */
const DIGEST_CHARS = 12

/** How scores come about, for people: version, levels, decay, verification. */
export function drawMethod(owner: string | null, method: ScoreMethod): string {
  const { decay, verification, thresholds, constants, policy_set } = method
  const version = policy_set === null ? '' : `, policy set ${policy_set.slice(0, DIGEST_CHARS)}`
  return [
    'how these scores come about',
    `  owner       ${owner === null ? 'nobody, by the catalogue' : escapeLine(owner)}`,
    `  version     constants ${constants.slice(0, DIGEST_CHARS)}${version}`,
    `  levels      ${LEVELS.map((level) => `L${level} ${levelName(level)} from ${thresholds[level] ?? 0}`).join(', ')}`,
    `  decay       good halves in ${decay.half_life_positive_days} days, bad in ${decay.half_life_negative_days}; heat halves with ${decay.heat_half_life_units} good; strikes end after ${decay.strike_days} days`,
    `  freshness   ${decay.freshness.map(({ age_days, ceiling }) => `${age_days} d ${ceiling}`).join(', ')}`,
    `  verified    by source: ${pairs(verification.sources)}`,
    `              by stake: ${pairs(verification.stakes)}; watched: ${verification.live_layers.join(', ')}`,
    `              distinct verifiers: ${verification.verifiers_min.map((least, level) => `L${level} ${least}`).join(', ')}`,
  ].join('\n')
}

/** What follows from the score of a scope, in one or two lines. */
export function drawConsequences({ verifiers, concedes }: ScoreConsequences): string {
  const { distinct, names = [] } = verifiers
  const named = names.length === 0 ? '' : `: ${names.map(escapeLine).join(', ')}`
  return [
    `  ${'follows'.padEnd(11)} at risk ${pairs(concedes)} at most`,
    `  ${'verified'.padEnd(11)} by ${distinct} since the last rung${named}`,
  ].join('\n')
}

function pairs(table: Readonly<Record<string, string | number>>): string {
  return Object.entries(table)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
