import type { ChangeGroup } from '../../simulate/groups.ts'
import type { TallyReport } from '../../simulate/tally.ts'
import type { SimulationReport } from './report.ts'

/** Rows that a table shows; `--json` has all. */
const ROWS_MAX = 15

/** Smallest rate that is shown as a number. */
const RATE_SHOWN_MIN = 0.0001

/** One table of a report. */
export type Section = {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Rows that are not shown. */
  readonly more: number
}

/** A part of a report: a heading where there are several, sentences, tables, sentences. */
export type ReportPart = {
  readonly heading: string | null
  readonly opening: readonly string[]
  readonly sections: readonly Section[]
  readonly closing: readonly string[]
}

const UNKNOWN_WORDS = {
  other_semantics: 'made under other semantics',
  erased: 'erased',
  masked: 'masked',
  failed: 'failed when asked',
  other_path: 'of a path that the base does not have',
  no_request: 'without agent, action and resource in the input',
} as const

/** A count as people read it. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/gu, ',')
}

/** A rate as people read it: two or three digits that say something, whatever its size. */
function rateText(rate: number): string {
  if (rate !== 0 && rate < RATE_SHOWN_MIN) return `under ${RATE_SHOWN_MIN}`
  return String(Number(rate.toPrecision(rate < 1 ? 2 : 3)))
}

/** A report as people read it, whatever it is printed as. `examples`: ids in a row. */
export function reportParts(report: SimulationReport, examples: number): readonly ReportPart[] {
  const { changes, would } = report
  const opening = [
    headline(report),
    ...unknownLine(changes),
    ...dutiesLine(changes, would !== null),
    ...baselineLine(report),
    ...trustLine(report),
  ]
  const asked = would === null ? [approvalsLine(changes)] : []
  const main: ReportPart = {
    heading: null,
    opening,
    sections: sectionsOf(changes, examples),
    closing: [...asked, ...verdictLine(report)],
  }
  if (would === null) return [main]
  return [
    {
      heading: 'What Gradus would have answered, against what OPA answered',
      opening: [changedLine(would), ...unknownLine(would)],
      sections: sectionsOf(would, examples),
      closing: [approvalsLine(would)],
    },
    { ...main, heading: 'The base, against what OPA answered' },
  ]
}

function headline({ changes, from }: SimulationReport): string {
  const { first, last, decisions } = changes
  const span = first === null || last === null ? '' : `, ${first.slice(0, 10)} to ${last.slice(0, 10)}`
  const where = from === 'audit' ? 'the audit log' : from
  return `${changedLine(changes)} (${countText(decisions)} decisions of ${where}${span})`
}

function changedLine({ changed, decided }: TallyReport): string {
  const { total, loosened, tightened, share } = changed
  if (total === 0) return `none of ${countText(decided)} outcomes changes`
  const percent = `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
  return `${countText(total)} of ${countText(decided)} outcomes change (${percent}): ${countText(loosened)} loosened, ${countText(tightened)} tightened`
}

function unknownLine({ unknown: { total, ...reasons } }: TallyReport): readonly string[] {
  if (total === 0) return []
  const named = Object.entries(reasons).map(
    ([reason, count]) => `${countText(count)} ${UNKNOWN_WORDS[reason as keyof typeof UNKNOWN_WORDS]}`,
  )
  return [`${countText(total)} unknown, neither changed nor unchanged: ${named.join(', ')}`]
}

function dutiesLine({ other_duties: { total, examples } }: TallyReport, isBase: boolean): readonly string[] {
  if (total === 0) return []
  const what = isBase ? 'another answer' : 'other duties or bounds'
  return [`${countText(total)} keep their outcome with ${what}, such as ${examples[0] ?? ''}`]
}

function baselineLine({ baseline, recorded_under: sets }: SimulationReport): readonly string[] {
  if (baseline.kind === 'current') return ['compared with the policies in force now, on the same past']
  const count = Object.keys(sets ?? {}).length
  if (count === 0) return []
  if (count === 1) return ['compared with what was recorded, under one policy set']
  return [
    `compared with what was recorded, under ${countText(count)} policy sets: what they and the candidate differ in counts, whoever changed it`,
  ]
}

function trustLine({ promotions }: SimulationReport): readonly string[] {
  if (promotions === null) return []
  const { refused, late, early } = promotions
  return [
    `trust was derived again from the log: ${countText(refused)} promotions did not pass at their time (${countText(late)} of them later), ${countText(early)} came without one in the log`,
  ]
}

function approvalsLine({ approvals: { before, after, days } }: TallyReport): string {
  const [most] = [...days].sort((a, b) => b.after - a.after || b.before - a.before)
  const peak = most === undefined ? '' : `; most on ${most.day}: ${countText(most.before)} → ${countText(most.after)}`
  return `approvals per day: ${rateText(before.per_day)} → ${rateText(after.per_day)} (in all ${countText(before.total)} → ${countText(after.total)}${peak})`
}

function verdictLine({ max_changed: gate }: SimulationReport): readonly string[] {
  if (gate === null) return []
  return [gate.exceeded ? `more than --max-changed ${gate.allowed}` : `within --max-changed ${gate.allowed}`]
}

function sectionsOf(tally: TallyReport, examples: number): readonly Section[] {
  if (tally.changed.total === 0) return []
  const transitions = tally.transitions.map(({ direction, from, to, count, examples: ids }) => [
    direction,
    from,
    to,
    countText(count),
    ids.slice(0, examples).join(' '),
  ])
  return [
    section('outcomes', ['CHANGE', 'FROM', 'TO', 'DECISIONS', 'SUCH AS'], transitions),
    groupSection('by agent', 'AGENT', tally.by_agent, examples),
    groupSection('by action', 'ACTION', tally.by_action, examples),
    groupSection('by term', 'TERM', tally.by_term, examples),
  ]
}

function groupSection(title: string, name: string, groups: readonly ChangeGroup[], examples: number): Section {
  const counted = groups.some(({ decisions }) => decisions !== null)
  const header = [name, 'LOOSENED', 'TIGHTENED', ...(counted ? ['OF'] : []), 'SUCH AS']
  const rows = groups.map(({ key, decisions, loosened, tightened, examples: ids }) => [
    key,
    countText(loosened),
    countText(tightened),
    ...(counted ? [countText(decisions ?? 0)] : []),
    ids
      .slice(0, examples)
      .map(({ decision_id }) => decision_id)
      .join(' '),
  ])
  return section(title, header, rows)
}

function section(title: string, header: readonly string[], rows: readonly (readonly string[])[]): Section {
  return { title, header, rows: rows.slice(0, ROWS_MAX), more: Math.max(0, rows.length - ROWS_MAX) }
}
