import type { Command } from 'commander'

import { durationMs } from '../../format/time.ts'
import { ServiceError } from '../../format/error.ts'
import { overLimit } from '../../format/limit.ts'
import { escapeLine, type Paint } from '../../format/terminal-text.ts'
import { type Reason, type Why, whyTrust } from '../../reports/trust-history/why-trust.ts'
import { scopeView } from '../../trust/trust-view.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { parseScopeKey } from '../support/option-values.ts'
import { dataDirOptions } from '../support/options.ts'
import { painter, table, printAnswer } from '../support/output.ts'

/** Options of `gradus trust why`. */
export type TrustWhyOptions = DataDirOptions & {
  readonly agent: string
  readonly scope: string
  readonly tenant: string
  readonly since: string
  readonly limit: string
  readonly json: boolean
}

/** Most reasons that are listed. */
const REASONS_MAX = 1_000

/** Adds `gradus trust why`. */
export function addTrustWhy(trust: Command, cli: Cli): void {
  const command = dataDirOptions(trust.command('why'))
    .description('the evidence that moved the trust of an agent most, each with its record')
    .argument('<agent>', 'id of the agent')
    .argument('<scope>', 'such as crm:full')
    .option('--tenant <tenant>', 'tenant of the agent', 'default')
    .option('--since <duration>', 'how far back, such as 12h or 30d', '30d')
    .option('--limit <count>', 'how many are listed', '20')
    .option('--json', 'as JSON', false)
  const exits = { ...LOG_EXITS, ok: 'listed', not_found: 'no store, or nothing is known of the agent' }
  examples(command, 'gradus trust why support-agent email:light --since 7d --limit 5')
  runs(command, cli, exits, (agent: string, scope: string, options: Omit<TrustWhyOptions, 'agent' | 'scope'>) =>
    trustWhy(cli.deps, { ...options, agent, scope }),
  )
}

/** Lists the evidence that moved the trust of an agent in a scope most, heaviest first, each with its record. */
async function trustWhy(deps: CliDeps, options: TrustWhyOptions): Promise<ExitCode> {
  const { agent, tenant } = options
  const scope = parseScopeKey(options.scope)
  const limit = limitIn(options.limit)
  const nowMs = deps.nowMs()
  const sinceMs = nowMs - durationMs(options.since)
  const why = await withStore(deps, options, async (store) => {
    const seen = await store.read([], (view) =>
      [{ kind: 'agent', tenant, id: agent } as const, { kind: 'activity', tenant, id: agent } as const].some(
        (key) => view.document(key) !== undefined,
      ),
    )
    if (!seen)
      throw new ServiceError('not_found', `nothing is known of agent "${agent}" in tenant "${tenant}"`, {
        fix: 'an agent of the catalogue appears here after its first decision',
      })
    return whyTrust(store, { tenant, agent, scope, sinceMs, limit })
  })
  const scores = {
    score_then: scopeView(why.before.agent, scope, { nowMs: sinceMs }, why.before.constants).score,
    score_now: scopeView(why.after.agent, scope, { nowMs }, why.after.constants).score,
  }
  const { found, reasons } = why
  const since = new Date(sinceMs).toISOString()
  printAnswer(deps, options.json, { agent, tenant, scope, since, ...scores, found, reasons }, () =>
    plain({ ...why, ...scores, title: `${agent} in ${scope}`, since }, painter(deps)),
  )
  return EXIT_CODES.ok
}

function limitIn(text: string): number {
  const limit = Number(text)
  if (/^\d{1,4}$/u.test(text) && limit >= 1 && limit <= REASONS_MAX) return limit
  const fix = `write a number from 1 to ${REASONS_MAX}`
  if (!/^\d+$/u.test(text) || limit < 1) throw new ServiceError('usage', `"${text}" is not a limit`, { fix })
  throw new ServiceError('usage', overLimit('--limit asks for', 'trust.why_entries_max', { max: REASONS_MAX, came: limit }), {
    fix,
  })
}

type Told = Why & { readonly title: string; readonly since: string; readonly score_then: number; readonly score_now: number }

function plain({ title, since, found, reasons, score_then, score_now }: Told, paint: Paint): string {
  const head = `${paint('bold', escapeLine(title))} since ${since}: ${score_then.toFixed(4)} to ${score_now.toFixed(4)}`
  if (reasons.length === 0) return `${head}\nnothing moved it but time\n`
  const more = found > reasons.length ? `${reasons.length} of ${found}, heaviest first; --limit shows more\n` : ''
  return `${head}\n${table([HEAD, ...reasons.map(row)])}\n${more}`
}

const HEAD = ['MOVED', 'SCORE', 'LAYER', 'CLASS', 'WEIGHT', 'SOURCE', 'BY', 'TIME', 'RECORD', 'WHAT ELSE']

function row(reason: Reason): readonly string[] {
  const { score_before, score_after, layer, layer_before, layer_after, weight, polarity } = reason
  const sign = polarity === 'negative' ? '-' : ''
  return [
    signed(score_after - score_before),
    `${score_before.toFixed(4)} to ${score_after.toFixed(4)}`,
    layer === null ? '-' : `${layer} ${signed((layer_after ?? 0) - (layer_before ?? 0))}`,
    reason.class ?? reason.effect,
    weight === null ? '-' : `${sign}${String(Math.round(weight * 1_000) / 1_000)}`,
    reason.source ?? '-',
    reason.actor,
    reason.at,
    reason.record_id,
    reason.changes.map(changeText).join('; '),
  ]
}

function changeText(change: Reason['changes'][number]): string {
  switch (change.kind) {
    case 'demoted':
    case 'promoted':
    case 'restored':
      return `${change.kind} L${change.from} to L${change.to}`
    case 'incident_raised':
      return `incident ${change.class}, cap ${change.cap}`
    case 'incident_reviewed':
      return change.false_positive ? 'incident was none' : 'incident reviewed'
    case 'composition_changed':
      return `${change.change} change of composition`
  }
}

function signed(difference: number): string {
  return `${difference < 0 ? '-' : '+'}${Math.abs(difference).toFixed(4)}`
}
