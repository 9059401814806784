import { join, resolve } from 'node:path'

import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { DAY_MS } from '../../format/time.ts'
import type { ConsequenceTier } from '../../model/consequence-tier.ts'
import { sampleScores } from '../../reports/trust-history/sample-scores.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { scopeTrust } from '../../trust/scope-trust-answer.ts'
import { newAgentTrust } from '../../trust/stored-trust.ts'
import { constantsOfTier } from '../../trust/tier-constants.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { parseScopeKey, parseTime } from '../support/option-values.ts'
import { dataDirOptions } from '../support/options.ts'
import { jsonText, painter } from '../support/output.ts'
import { type DrawnScope, drawScope } from './draw.ts'

/** Options of `gradus trust show`. */
export type TrustShowOptions = DataDirOptions & {
  readonly agent: string
  readonly scope: string | undefined
  readonly tenant: string
  readonly at: string | undefined
  /** Also the scores of the last days, for which the log is read. */
  readonly history: boolean
  readonly json: boolean
}

/** Days that are drawn. */
const DAYS = 30

/** Adds `gradus trust show`. */
export function addTrustShow(trust: Command, cli: Cli): void {
  const command = dataDirOptions(trust.command('show'))
    .description('draws the trust of an agent in every scope: layers, what holds it, the next rung, its last 30 days')
    .argument('<agent>', 'id of the agent')
    .option('--scope <scope>', 'one scope only, such as crm:full')
    .option('--tenant <tenant>', 'tenant of the agent', 'default')
    .option('--at <time>', 'as it stands at this time if nothing else happens (ISO 8601)')
    .option('--no-history', 'without the last 30 days, for which the log is read')
    .option('--json', 'as JSON', false)
  const exits = { ...LOG_EXITS, ok: 'shown', not_found: 'no store, or nothing is known of the agent' }
  examples(command, 'gradus trust show support-agent', 'gradus trust show support-agent --scope email:light --no-history')
  runs(command, cli, exits, (agent: string, options: Omit<TrustShowOptions, 'agent'>) =>
    trustShow(cli.deps, { ...options, agent }),
  )
}

/** Draws the trust of an agent in every scope in which anything happened, as the store has it now, and how it came to it. */
async function trustShow(deps: CliDeps, options: TrustShowOptions): Promise<ExitCode> {
  const { agent, tenant } = options
  const nowMs = options.at === undefined ? deps.nowMs() : Date.parse(parseTime(options.at))
  const { scopes, stateVersion, thresholds } = await shown(deps, options, nowMs)
  if (options.json)
    deps.stdout(`${jsonText({ agent, tenant, at: new Date(nowMs).toISOString(), state_version: stateVersion, scopes })}\n`)
  else
    deps.stdout(
      scopes.length === 0
        ? `${escapeLine(agent)}: seen, but nothing was verified yet; every scope is at score 0, L0 read_only\n`
        : `${escapeLine(agent)}\n\n${scopes.map((scope) => drawScope(scope, painter(deps), thresholds)).join('\n\n')}\n`,
    )
  return EXIT_CODES.ok
}

type Shown = {
  readonly scopes: readonly DrawnScope[]
  readonly stateVersion: number
  readonly thresholds: TrustConstants['thresholds']
}

async function shown(deps: CliDeps, options: TrustShowOptions, nowMs: number): Promise<Shown> {
  const { agent: id, tenant } = options
  const key = { kind: 'agent', tenant, id } as const
  const activity = { kind: 'activity', tenant, id } as const
  const chosen = options.scope === undefined ? undefined : parseScopeKey(options.scope)
  const tier = await tierOf(deps, options)
  return withStore(deps, options, async (store) => {
    const { views, stateVersion, thresholds } = await store.read([key, activity], (view) => {
      const stored = view.document(key)
      if (stored === undefined && view.document(activity) === undefined)
        throw new ServiceError('not_found', `nothing is known of agent "${id}" in tenant "${tenant}"`, {
          fix: 'an agent of the catalogue appears here after its first decision',
        })
      const names = chosen === undefined ? Object.keys(stored?.scopes ?? {}).sort() : [chosen]
      return {
        views: names.map((scope) =>
          scopeTrust(stored ?? newAgentTrust(), scope, { nowMs }, constantsOfTier(view.constants(), tier)),
        ),
        stateVersion: view.stateVersion(),
        thresholds: view.constants().thresholds,
      }
    })
    const names = views.map(({ scope }) => scope)
    const times = Array.from({ length: DAYS }, (_, day) => nowMs - (DAYS - 1 - day) * DAY_MS)
    const days = names.length === 0 || !options.history ? {} : await sampleScores(store, { tenant, agent: id }, names, times)
    return { scopes: views.map((view) => ({ ...view, days: days[view.scope] ?? [] })), stateVersion, thresholds }
  })
}

/** The tier that the catalogue of the configuration has the agent in; where it cannot be read, the one that asks for most. */
async function tierOf(deps: CliDeps, { agent, config }: TrustShowOptions): Promise<ConsequenceTier> {
  try {
    const loaded = await deps.loadConfig(config)
    const { agents } = await deps.readCatalogue(join(resolve(loaded.root, loaded.config.policies), 'catalogue'))
    return Object.hasOwn(agents, agent) ? (agents[agent]?.tier ?? 'high') : 'high'
  } catch (error) {
    if (error instanceof ServiceError) return 'high'
    throw error
  }
}
