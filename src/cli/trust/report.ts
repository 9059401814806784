import { setImmediate as yieldTurn } from 'node:timers/promises'

import type { Command } from 'commander'

import { createTrustFold } from '../../reports/trust-report/trust-fold.ts'
import { type ScopeReport, type Spread } from '../../reports/trust-report/scope-report.ts'
import { firstSeenMs, trustSightingOf } from '../../reports/trust-report/sighting.ts'
import { type ScopeSurvey, surveyTrust } from '../../reports/trust-report/survey.ts'
import { type SeniorityCriteria, seniorityCounts, seniorityCriteria } from '../../reports/trust-report/seniority.ts'
import { DAY_MS } from '../../format/time.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { parseSince } from '../support/option-values.ts'
import { dataDirOptions } from '../support/options.ts'
import { progress, table, printAnswer } from '../support/output.ts'

/** Options of `gradus trust report`. */
export type TrustReportOptions = DataDirOptions & {
  /** `30d`, or a time; whole days count. */
  readonly since: string
  readonly tenant: string | undefined
  readonly json: boolean
}

/** Adds `gradus trust report`. */
export function addTrustReport(trust: Command, cli: Cli): void {
  const command = dataDirOptions(trust.command('report'))
    .description('how trust worked: time to autonomy, false demotions, incidents, compliance; and where it stands')
    .option('--since <time>', 'how far back, such as 30d, or a time (ISO 8601); whole days', '30d')
    .option('--tenant <tenant>', 'of this tenant; every tenant when absent')
    .option('--json', 'as JSON', false)
  examples(command, 'gradus trust report --since 30d')
  runs(command, cli, { ...LOG_EXITS, ok: 'told' }, (options: TrustReportOptions) => trustReport(cli.deps, options))
}

/** How trust worked since a time, and where it stands now, scope by scope. Records are read one after the other. */
async function trustReport(deps: CliDeps, options: TrustReportOptions): Promise<ExitCode> {
  const nowMs = deps.nowMs()
  const sinceMs = Math.floor(parseSince(options.since, nowMs) / DAY_MS) * DAY_MS
  const bar = progress(deps, options.json)
  const { tenant } = options
  const { happened, stands, seniority } = await withStore(deps, options, async (store) => {
    const fold = createTrustFold()
    // Grants and demotions of before are needed to tell what is the first, and what was given back.
    for await (const { leafIndex, record } of deps.walkRecords(store, tenant === undefined ? {} : { tenant })) {
      const seen = trustSightingOf(record)
      if (seen !== undefined)
        fold.add(seen, await Promise.all(seen.granted.map((granted) => firstSeenMs(store, granted.tenant, granted.agent))))
      bar.show(`read ${leafIndex + 1} of ${store.size()} records`)
    }
    const tenants = tenant === undefined ? store.tenants : () => Promise.resolve([tenant])
    const seniority = seniorityCriteria(await store.read([], (view) => view.constants()))
    return {
      seniority,
      happened: fold.report(sinceMs, nowMs),
      stands: await surveyTrust({ ...store, tenants }, nowMs, () => yieldTurn()),
    }
  })
  bar.end()
  const since = new Date(sinceMs).toISOString()
  printAnswer(
    deps,
    options.json,
    { since, at: new Date(nowMs).toISOString(), happened, stands: withSeniority(stands), seniority },
    () => textOf(since, { happened, stands, seniority }),
  )
  return EXIT_CODES.ok
}

type Happened = { readonly all: ScopeReport; readonly scopes: readonly ScopeReport[] }
type Stands = { readonly all: ScopeSurvey; readonly scopes: readonly ScopeSurvey[] }

/** The same with how many agents are of each seniority. */
function withSeniority({ all, scopes }: Stands) {
  const told = (survey: ScopeSurvey) => ({ ...survey, seniority: seniorityCounts(survey.levels) })
  return { all: told(all), scopes: scopes.map(told) }
}

type Reported = { readonly happened: Happened; readonly stands: Stands; readonly seniority: readonly SeniorityCriteria[] }

function seniorityText({ stands, seniority }: Reported): string {
  const counts = [...stands.scopes, stands.all].map(({ scope, levels }) => {
    const { junior, mid, senior } = seniorityCounts(levels)
    return [scope, ...[junior, mid, senior].map(String)]
  })
  const criteria = seniority.map(({ seniority: name, level, error_rate_max, tasks_min, escalation }) => [
    name,
    `L${level}`,
    percent(error_rate_max),
    String(tasks_min),
    escalation,
  ])
  return [
    'seniority, and what it takes',
    table([['SENIORITY', 'FROM', 'ERRORS BELOW', 'TASKS', 'ESCALATION'], ...criteria]),
    '',
    table([['SCOPE', 'JUNIOR', 'MID', 'SENIOR'], ...counts]),
  ].join('\n')
}

function textOf(since: string, reported: Reported): string {
  const { happened, stands } = reported
  return [
    `what happened since ${since}`,
    table([
      [
        'SCOPE',
        'EXECUTED',
        'VERIFIED',
        'COMPLIANCE',
        'INCIDENTS',
        'PER 1000',
        'PROMOTED',
        'DEMOTED',
        'FALSELY',
        'TO L3',
        'TO L4',
      ],
      ...[...happened.scopes, happened.all].map(happenedRow),
    ]),
    '',
    'where trust stands now',
    table([
      ['SCOPE', 'AGENTS', 'L0', 'L1', 'L2', 'L3', 'L4', 'CONFIDENCE', 'EVIDENCE AGE', 'OPEN INCIDENTS', 'RECOVERING', 'WATCH'],
      ...[...stands.scopes, stands.all].map(standsRow),
    ]),
    '',
    seniorityText(reported),
    '',
  ].join('\n')
}

function happenedRow(report: ScopeReport): readonly string[] {
  const { scope, executed, judged, compliance_rate, incidents, incidents_per_1000, promotions, demotions } = report
  return [
    scope,
    ...[executed, judged].map(String),
    percent(compliance_rate),
    String(incidents),
    incidents_per_1000 === null ? '-' : incidents_per_1000.toFixed(2),
    String(promotions),
    `${demotions.total}${demotions.waiting === 0 ? '' : ` (${demotions.waiting} not judged yet)`}`,
    percent(report.false_demotion_rate),
    spread(report.time_to_autonomy.L3),
    spread(report.time_to_autonomy.L4),
  ]
}

function standsRow({
  scope,
  agents,
  levels,
  confidence,
  evidence_age_ms,
  open_incidents,
  incidents,
}: ScopeSurvey): readonly string[] {
  return [
    scope,
    String(agents),
    ...[levels[0], levels[1], levels[2], levels[3], levels[4]].map(String),
    confidence === null ? '-' : confidence.toFixed(3),
    evidence_age_ms === null ? '-' : days(evidence_age_ms),
    ...[open_incidents, incidents.recovering, incidents.watch].map(String),
  ]
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)} %`
}

function spread(of: Spread | null): string {
  return of === null ? '-' : `${days(of.mean_ms)} (median ${days(of.median_ms)}, ${of.grants})`
}

function days(ms: number): string {
  return `${(ms / DAY_MS).toFixed(1)} d`
}
