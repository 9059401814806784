import type { Command } from 'commander'

import { ServiceError } from '../../format/error.ts'
import { escapeLine } from '../../format/terminal-text.ts'
import { MINUTE_MS } from '../../format/time.ts'
import { ScopeKey } from '../../model/scope.ts'
import { createObserveFold } from '../../reports/observe/observe-fold.ts'
import { observedIn } from '../../reports/observe/observed.ts'
import { type ReadyGate, readyGates } from '../../reports/observe/ready.ts'
import { type Cli, examples, runs } from '../support/command.ts'
import { LOG_EXITS } from '../support/command-exits.ts'
import { type DataDirOptions, withStore } from '../support/data-dir.ts'
import type { CliDeps } from '../support/deps.ts'
import { EXIT_CODES, type ExitCode } from '../support/exit-codes.ts'
import { parseSince } from '../support/option-values.ts'
import { dataDirOptions } from '../support/options.ts'
import { jsonText, painter, progress, table } from '../support/output.ts'

/** Options of `gradus observe ready`. */
export type ObserveReadyOptions = DataDirOptions & {
  readonly agent: string
  readonly scope: string
  readonly tenant: string
  readonly since: string | undefined
  readonly json: boolean
}

/** Adds `gradus observe ready`. */
export function addObserveReady(observe: Command, cli: Cli): void {
  const command = observe
    .command('ready')
    .description("whether an agent's scope may be enforced, by the gates of the configuration; 1: not yet")
    .requiredOption('--agent <id>', 'the agent')
    .requiredOption('--scope <scope>', 'the scope, such as communication:full')
    .option('--tenant <tenant>', 'tenant of the agent', 'default')
    .option('--since <time>', 'from then on: 30d, or a time (ISO 8601); all of the log when absent')
  dataDirOptions(command).option('--json', 'as JSON', false)
  const exits = {
    ...LOG_EXITS,
    ok: 'every gate is passed',
    failed: 'a gate is open, and every gate is told; or the configuration is wrong',
  }
  examples(command, 'gradus observe ready --agent support-agent --scope email:light --since 14d')
  runs(command, cli, exits, (options: ObserveReadyOptions) => observeReady(cli.deps, options))
}

/** Whether an agent's scope may go from observe to enforce, gate by gate (`observe.ready` of the configuration). 0: all passed; 1: not yet. */
async function observeReady(deps: CliDeps, options: ObserveReadyOptions): Promise<ExitCode> {
  const { agent, tenant, json } = options
  const scope = ScopeKey.safeParse(options.scope)
  if (!scope.success)
    throw new ServiceError('usage', `--scope ${options.scope} is no scope`, { fix: 'write it like "communication:full"' })
  const since = options.since === undefined ? {} : { since: new Date(parseSince(options.since, deps.nowMs())).toISOString() }
  const bar = progress(deps, false)
  const scratches = [deps.openScratch(), deps.openScratch()] as const
  try {
    const gates = await withStore(deps, options, async (store, { loaded }) => {
      const approvalMs = loaded.config.approvals.expire_minutes * MINUTE_MS
      const [ofScope, ofAgent] = scratches.map((scratch) => createObserveFold({ by: 'scope', scratch, approvalMs }))
      const query = { kinds: ['decision', 'outcome'] as const, agent, tenant, ...since }
      for await (const { leafIndex, record } of deps.walkRecords(store, query)) {
        ofAgent?.add(record)
        // An outcome of another scope finds no decision to belong to.
        if (record.kind !== 'decision' || observedIn(record).scope === scope.data) ofScope?.add(record)
        bar.show(`read ${leafIndex + 1} of ${store.size()} records`)
      }
      if (ofScope === undefined || ofAgent === undefined) return []
      const input = { scope: ofScope.report(), agent: ofAgent.report(), nowMs: deps.nowMs() }
      return readyGates(input, loaded.config.observe.ready)
    })
    bar.end()
    const ready = gates.every(({ passed }) => passed)
    if (json) deps.stdout(`${jsonText({ tenant, agent, scope: scope.data, ready, gates })}\n`)
    else deps.stdout(textOf(deps, { agent, scope: scope.data, ready, gates }))
    return ready ? EXIT_CODES.ok : EXIT_CODES.failed
  } finally {
    bar.end()
    for (const scratch of scratches) scratch.close()
  }
}

type Told = { readonly agent: string; readonly scope: string; readonly ready: boolean; readonly gates: readonly ReadyGate[] }

function textOf(deps: CliDeps, { agent, scope, ready, gates }: Told): string {
  const paint = painter(deps)
  const verdict = ready ? paint('green', 'ready to be enforced') : paint('yellow', 'not yet')
  const rows = gates.map(({ gate, about, have, need, bound, passed }) => [
    passed ? 'passed' : 'open',
    gate,
    String(have),
    `${bound === 'min' ? 'at least' : 'at most'} ${need}`,
    about,
  ])
  return `${paint('bold', escapeLine(`${agent} in ${scope}`))}: ${verdict}\n\n${table([['GATE', 'NAME', 'HAVE', 'NEED', 'ABOUT'], ...rows])}\n`
}
