import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { DAY_MS } from '../../format/time.ts'
import { scoreConsequences, scoreMethod } from '../../ladder/published-score.ts'
import type { ScoreConsequences, ScoreMethod } from '../../ladder/wire.ts'
import type { Store } from '../../ledger/store.ts'
import { closePolicies } from '../../policy/activation.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { matricesOf } from '../../policy/tenant-matrices.ts'
import { sampleScores } from '../../reports/trust-history/sample-scores.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { scopeTrust, type ScopeTrustAnswer } from '../../trust/scope-trust-answer.ts'
import { type AgentTrust, newAgentTrust } from '../../trust/stored-trust.ts'
import { constantsOfTier } from '../../trust/tier-constants.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { parseScopeKey, parseTime } from '../support/option-values.ts'
import { dataDirOptions } from '../support/options.ts'
import { jsonText, painter } from '../support/output.ts'
import { drawConsequences, drawMethod } from './draw-method.ts'
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
  const { scopes, stateVersion, thresholds, owner, method } = await shown(deps, options, nowMs)
  if (options.json)
    deps.stdout(
      `${jsonText({ agent, tenant, at: new Date(nowMs).toISOString(), state_version: stateVersion, owner, method, scopes })}\n`,
    )
  else
    deps.stdout(
      scopes.length === 0
        ? `${escapeLine(agent)}: seen, but nothing was verified yet; every scope is at score 0, L0 read_only\n`
        : `${escapeLine(agent)}\n\n${scopes.map((scope) => drawn(scope, thresholds, deps)).join('\n\n')}\n\n${drawMethod(owner, method)}\n`,
    )
  return EXIT_CODES.ok
}

/** A scope, and what follows from its score; null where the policy set in force is not in the archive. */
type ShownScope = DrawnScope & { readonly follows: ScoreConsequences | null }

type Shown = {
  readonly scopes: readonly ShownScope[]
  readonly stateVersion: number
  readonly thresholds: TrustConstants['thresholds']
  readonly owner: string | null
  readonly method: ScoreMethod
}

function drawn(scope: ShownScope, thresholds: TrustConstants['thresholds'], deps: CliDeps): string {
  const follows = scope.follows === null ? [] : [drawConsequences(scope.follows)]
  return [drawScope(scope, painter(deps), thresholds), ...follows].join('\n')
}

/** The policy set that came into force last; undefined where its archive is gone. */
async function policySetInForce(deps: CliDeps, store: Store): Promise<PolicySet | undefined> {
  const [activation] = await store.query({ kinds: ['policy_set'], newestFirst: true, limit: 1 })
  const digest = activation?.record.body['digest']
  const archive = typeof digest === 'string' ? await store.archived(digest) : undefined
  if (archive === undefined) return undefined
  const policySet = await deps.restorePolicySet(archive)
  closePolicies(policySet)
  return policySet
}

function followsOf(
  agent: AgentTrust,
  view: ScopeTrustAnswer,
  { agent: id, tenant }: TrustShowOptions,
  set: PolicySet | undefined,
) {
  if (set === undefined) return null
  const { tier } = set.catalogue.agent(id)
  const standing = { level: view.level_effective, tier, matrices: matricesOf(set, tenant), names: true }
  return scoreConsequences(agent, view.scope, standing)
}

async function shown(deps: CliDeps, options: TrustShowOptions, nowMs: number): Promise<Shown> {
  const { agent: id, tenant } = options
  const key = { kind: 'agent', tenant, id } as const
  const activity = { kind: 'activity', tenant, id } as const
  const chosen = options.scope === undefined ? undefined : parseScopeKey(options.scope)
  return withStore(deps, options, async (store) => {
    const policySet = await policySetInForce(deps, store)
    const { views, ...read } = await store.read([key, activity], (view) => {
      const stored = view.document(key)
      if (stored === undefined && view.document(activity) === undefined)
        throw new ServiceError('not_found', `nothing is known of agent "${id}" in tenant "${tenant}"`, {
          fix: 'an agent of the catalogue appears here after its first decision',
        })
      const names = chosen === undefined ? Object.keys(stored?.scopes ?? {}).sort() : [chosen]
      return {
        views: names.map((scope) => {
          // Of an agent whose tier is not known, what asks for most.
          const constants = constantsOfTier(view.constants(), policySet?.catalogue.agent(id).tier ?? 'high')
          const seen = scopeTrust(stored ?? newAgentTrust(), scope, { nowMs }, constants)
          return { ...seen, follows: followsOf(stored ?? newAgentTrust(), seen, options, policySet) }
        }),
        stateVersion: view.stateVersion(),
        thresholds: view.constants().thresholds,
        method: scoreMethod(view.constants(), policySet?.digest ?? null),
      }
    })
    const names = views.map(({ scope }) => scope)
    const times = Array.from({ length: DAYS }, (_, day) => nowMs - (DAYS - 1 - day) * DAY_MS)
    const days = names.length === 0 || !options.history ? {} : await sampleScores(store, { tenant, agent: id }, names, times)
    return { scopes: views.map((view) => ({ ...view, days: days[view.scope] ?? [] })), owner: ownerOf(policySet, id), ...read }
  })
}

function ownerOf(policySet: PolicySet | undefined, agent: string): string | null {
  const owners = policySet?.catalogue.owners() ?? {}
  return (Object.hasOwn(owners, agent) ? owners[agent] : undefined) ?? null
}
