import type { Paint } from '../../format/terminal-text.ts'
import type { Cell, TrustEvaluation } from '../../labs/trust-worlds/evaluation.ts'
import type { Mean, Median, Summary } from '../../labs/trust-worlds/summary.ts'
import { table } from '../support/output.ts'
import type { TrustWorlds } from './trust-worlds.ts'

const HEADER = [
  'policy',
  'harmful (95 %)',
  'after onset',
  'first alone, d',
  'stopped after, d',
  'losses (false)',
  'alone, %',
  'reviews/d',
  'names',
] as const

/** Where the titles of worlds and policies are. */
type Titles = Pick<TrustWorlds, 'WORLDS' | 'POLICIES'>

/** The table of an evaluation for a terminal: a block per world, a row per policy, and which policy harms least. */
export function evaluationText(evaluation: TrustEvaluation, titles: Titles, paint: Paint): string {
  const { plan, worlds, cells } = evaluation
  const { agents, days, seeds } = plan
  const drawn = seeds.length === 1 ? `seed ${seeds.join()}` : `${agents} for each of the seeds ${seeds.join(', ')}`
  const head = `${agents * seeds.length} agents per row (${drawn}), ${days} days`
  const blocks = worlds.map(({ name, title, what }) => {
    const own = cells.filter(({ world }) => world === name)
    return `${paint('bold', title)}: ${what}\n${table([HEADER, ...own.map((cell) => rowOf(cell, evaluation, titles))])}`
  })
  return `${[paint('bold', head), ...blocks, NOTES.join('\n'), ...winnersText(evaluation, titles)].join('\n\n')}\n`
}

const NOTES = [
  'Days and shares as light/full: low actions, and medium ones. "first alone": median days until one ran by itself; "stopped after": median',
  'days from the onset until they no longer did, of the agents whose actions did at the onset. "names": identities used. * harms least of those that',
  'give autonomy: approve all harms least of all where it gives none. Only gradus uses severity classes and the layers besides outcomes; all hear',
  'the same outcome labels and the same injection alarms.',
] as const

function winnersText({ worlds, winners }: TrustEvaluation, { WORLDS, POLICIES }: Titles): readonly string[] {
  const others = winners.filter(({ policy }) => policy !== 'gradus')
  if (worlds.length === 0 || winners.length === 0) return []
  if (others.length === 0) return ['No baseline that gives autonomy harms less than gradus in any of these worlds.']
  const list = others.map(({ world, policy }) => `${WORLDS[world].title} (${POLICIES[policy].title})`)
  return [`A baseline harms less in: ${list.join(', ')}.`]
}

function rowOf({ world, policy, summary }: Cell, { winners }: TrustEvaluation, { POLICIES }: Titles): readonly string[] {
  const wins = winners.some((winner) => winner.world === world && winner.policy === policy)
  return [
    POLICIES[policy].title,
    `${meanText(summary.harmful)}${wins ? ' *' : ''}`,
    summary.harmful_after_onset === null ? '-' : number(summary.harmful_after_onset.mean),
    `${days(summary.first_light_days)}/${days(summary.first_full_days)}`,
    `${days(summary.contained_light_days)}/${days(summary.contained_full_days)}`,
    `${number(summary.losses.mean)} (${number(summary.false_losses.mean)})`,
    sharesText(summary),
    number(summary.reviews_per_day.mean),
    number(summary.identities.mean),
  ]
}

function meanText({ mean, low, high }: Mean): string {
  return `${number(mean)} (${number(low)}–${number(high)})`
}

function sharesText({ auto_light, auto_full }: Summary): string {
  return [auto_light, auto_full].map(({ mean }) => (100 * mean).toFixed(0)).join('/')
}

function days({ median }: Median): string {
  if (median === null) return '-'
  return median === 'never' ? 'never' : number(median, 2)
}

function number(value: number, digits = 1): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(digits)
}
