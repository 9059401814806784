import { detectorLayer } from '../../evidence/detectors/detector-verdicts.ts'
import { rollbackText } from '../../evidence/rollback-view.ts'
import { escapeLine, type Paint, type Style } from '../../format/terminal-text.ts'
import { OUTCOME_RANK } from '../../lattice/outcome-order.ts'
import type { Ceiling, Guardrail } from '../../model/ceiling.ts'
import { levelName } from '../../model/level.ts'
import { type Outcome, OUTCOMES } from '../../model/outcome.ts'
import { enforcedOf, type Explained } from './explained.ts'
import { obligationRemedy, remedyFor, unsupportedDuties } from './remedies.ts'

/** Width of one rung of the ladder, characters. */
const RUNG = 5
const COLOURS = {
  deny: 'red',
  suggest: 'yellow',
  require_approval: 'yellow',
  allow_guarded: 'green',
  allow: 'green',
} as const satisfies Record<Outcome, Style>
const SHORT = {
  deny: 'deny',
  suggest: 'sugg',
  require_approval: 'appr',
  allow_guarded: 'guard',
  allow: 'allow',
} as const satisfies Record<Outcome, string>

/** What was answered as a ladder; below it, where something was only observed, what would have been. */
export function drawLadders(explained: Explained, head: readonly string[], paint: Paint): string {
  const enforced = enforcedOf(explained)
  if (enforced === null) return drawLadder(explained, head, paint)
  const { mode, observed_terms, observed_rules } = explained.facts.mode
  const what = mode === 'observe' ? 'everything but the base' : [...observed_terms, ...observed_rules].join(', ')
  const degraded = explained.would?.degraded ?? []
  const below = [
    `what would have been answered if it were enforced${degraded.length === 0 ? '' : ` (degraded: ${degraded.join(', ')})`}`,
  ]
  return `${drawLadder(explained, [...head, `only observed: ${what}`], paint)}\n${drawLadder(enforced, below, paint)}`
}

/** The decision as a ladder: one row per term, the bar as long as what it concedes, the limiting ones marked, and what would lift each. */
export function drawLadder(explained: Explained, head: readonly string[], paint: Paint): string {
  const { decision } = explained
  const limiting = decision.ceilings.filter(
    (term) =>
      decision.limiting.includes(term.source) &&
      (term.outcome === decision.outcome || unsupportedDuties(decision.reasons).length > 0),
  )
  const width = Math.max(...decision.ceilings.map(({ source }) => source.length))
  const indent = ' '.repeat(width + 4)
  return [
    ...head.map(escapeLine),
    ...subjectLines(explained),
    ...baseLines(explained),
    ...watchLines(explained),
    ...undoLines(explained),
    '',
    `${indent}${OUTCOMES.map((outcome) => SHORT[outcome].padEnd(RUNG + 1)).join('')}`.trimEnd(),
    ...decision.ceilings.map((term) => row(term, limiting.includes(term), width, paint)),
    `${indent}${'─'.repeat(OUTCOMES.length * (RUNG + 1) - 1)}`,
    `  ${'='.padEnd(width)}  ${bar(decision.outcome)}  ${paint('bold', paint(COLOURS[decision.outcome], decision.outcome))}${decision.decision ? '  (may run)' : '  (does not run)'}`,
    ...section(
      'obligations',
      decision.obligations.map(({ id, performer }) => `${id} (${performer})`),
    ),
    ...section(
      'guardrails',
      Object.entries(decision.guardrails).map(([name, bound]) => `${name} ${boundText(bound)}`),
    ),
    ...section('advice', decision.advice),
    ...remedyLines(explained, limiting),
    '',
  ].join('\n')
}

function subjectLines({ facts, risk }: Explained): readonly string[] {
  const { trust, agent } = facts
  const standing =
    trust === null
      ? 'no agent decides here'
      : `${trust.scope}: score ${trust.score}, L${trust.level_effective} ${levelName(trust.level_effective)}${trust.level_granted === trust.level_effective ? '' : ` (granted L${trust.level_granted})`}`
  const rules = risk.rules.filter(({ points }) => points > 0).map(ruleText)
  const unknown = risk.unavailable.length === 0 ? '' : `; unknown: ${risk.unavailable.join(', ')}`
  return [
    `trust  ${escapeLine(`${agent.id}, ${standing}`)}`,
    `risk   ${escapeLine(`${risk.band}, ${risk.points} points${rules.length === 0 ? '' : ` (${rules.join(', ')})`}${unknown}`)}`,
  ]
}

/** A rule with its points, and on whose mere claim it depends that it counts. */
function ruleText({ id, points, claimed = [] }: Explained['risk']['rules'][number]): string {
  return `${id} +${points}${claimed.length === 0 ? '' : ` in the worse reading of what is only claimed: ${claimed.join(', ')}`}`
}

/** What the base answers each, where it was asked about two. */
function baseLines({ bases = [] }: Explained): readonly string[] {
  return bases.map(({ who, base }) => `base   ${escapeLine(`${who}: ${base.outcome}, ${base.reason}`)}`)
}

/** What did not look at the action, and which layers therefore earn nothing by it. */
function watchLines({ watch }: Explained): readonly string[] {
  const blind = watch?.blind ?? []
  return (['behaviour', 'context'] as const).flatMap((layer) => {
    const own = blind.filter(({ detector }) => detectorLayer(detector) === layer)
    if (own.length === 0) return []
    const what = own.map(({ detector, reason }) => `${detector} (${reason})`).join(', ')
    return [
      `watch  ${escapeLine(`${layer} ${watch?.clean.includes(layer) === true ? 'earns without' : 'does not earn'}: ${what}`)}`,
    ]
  })
}

/** Whether and how what ran can be undone by now. */
function undoLines({ rollback }: Explained): readonly string[] {
  if (rollback === undefined) return []
  const until = rollback.until === null ? '' : ` Until ${rollback.until}.`
  return [`undo   ${escapeLine(`${rollbackText(rollback)}${until}`)}`]
}

function row(term: Ceiling, limits: boolean, width: number, paint: Paint): string {
  const mark = limits ? paint('bold', '▶') : ' '
  const name = term.source.padEnd(width)
  const text = `${paint(COLOURS[term.outcome], bar(term.outcome))}  ${paint(limits ? 'bold' : 'dim', `${term.outcome}: ${escapeLine(term.reason)}`)}`
  return `${mark} ${limits ? paint('bold', name) : name}  ${text}`
}

/** As many filled rungs as the outcome is high; deny has the first one. */
function bar(outcome: Outcome): string {
  return OUTCOMES.map((_, at) => (at <= OUTCOME_RANK[outcome] ? '█' : '·').repeat(RUNG)).join(' ')
}

function section(name: string, entries: readonly string[]): readonly string[] {
  return entries.length === 0 ? [] : ['', `${name}: ${entries.map(escapeLine).join(', ')}`]
}

function boundText(bound: Guardrail): string {
  return typeof bound === 'number' ? String(Math.round(bound * 100) / 100) : `[${bound.join(', ')}]`
}

function remedyLines(explained: Explained, limiting: readonly Ceiling[]): readonly string[] {
  const { decision } = explained
  if (decision.outcome === 'allow') return []
  const duties = unsupportedDuties(decision.reasons)
  const lines =
    duties.length > 0
      ? duties.map((reason) => ['obligation', obligationRemedy(reason)] as const)
      : limiting.map((term) => [term.source, remedyFor(term, explained)] as const)
  return [
    '',
    'what would lift it (all of these, each the smallest change):',
    ...lines.map(([source, { remedy }]) => `  ${source}: ${escapeLine(remedy)}`),
  ]
}
