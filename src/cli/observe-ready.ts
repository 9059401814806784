import { ServiceError } from '../format/error.ts'
import { MINUTE_MS } from '../format/time.ts'
import { ScopeKey } from '../model/scope.ts'
import { createObserveFold } from '../reports/observe/fold.ts'
import { observedIn } from '../reports/observe/observed.ts'
import { type ReadyGate, readyGates } from '../reports/observe/ready.ts'
import { type DataDirOptions, reading } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { escapeLine, jsonText, painter, progress, table } from './output.ts'
import { sinceOf } from './simulate.ts'

/** Options of `gradus observe ready`. */
export type ObserveReadyOptions = DataDirOptions & {
  readonly agent: string
  readonly scope: string
  readonly tenant: string
  readonly since: string | undefined
  readonly json: boolean
}

/** Whether an agent's scope may go from observe to enforce, gate by gate (`observe.ready` of the configuration). 0: all passed; 1: not yet. */
export async function observeReady(deps: CliDeps, options: ObserveReadyOptions): Promise<ExitCode> {
  const { agent, tenant, json } = options
  const scope = ScopeKey.safeParse(options.scope)
  if (!scope.success)
    throw new ServiceError('usage', `--scope ${options.scope} is no scope`, { fix: 'write it like "communication:full"' })
  const since = options.since === undefined ? {} : { since: new Date(sinceOf(options.since, deps.nowMs())).toISOString() }
  const bar = progress(deps, false)
  const scratches = [deps.openScratch(), deps.openScratch()] as const
  try {
    const gates = await reading(deps, options, async (store, { loaded }) => {
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
