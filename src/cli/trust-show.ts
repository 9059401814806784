import { ServiceError } from '../model/error.ts'
import { levelName } from '../model/scope.ts'
import type { TrustView } from '../model/trust-state.ts'
import { newAgentTrust } from '../trust/state.ts'
import { scopeView } from '../trust/view.ts'
import { reading, type DataOptions } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { timeOf } from './given.ts'
import { escapeLine, jsonText, table } from './output.ts'

/** Options of `gradus trust show`. */
export type TrustShowOptions = DataOptions & {
  readonly agent: string
  readonly scope: string | undefined
  readonly tenant: string
  readonly at: string | undefined
  readonly json: boolean
}

/** Shows the trust of an agent in every scope in which anything happened, as the store has it now. */
export async function trustShow(deps: CliDeps, options: TrustShowOptions): Promise<ExitCode> {
  const { agent: id, tenant } = options
  const nowMs = options.at === undefined ? deps.nowMs() : Date.parse(timeOf(options.at))
  const key = { kind: 'agent', tenant, id } as const
  const activity = { kind: 'activity', tenant, id } as const
  const { scopes, stateVersion } = await reading(deps, options, (store) =>
    store.read([key, activity], (view) => {
      const stored = view.document(key)
      if (stored === undefined && view.document(activity) === undefined)
        throw new ServiceError('not_found', `nothing is known of agent "${id}" in tenant "${tenant}"`, {
          fix: 'an agent appears here after its first decision',
        })
      const names = options.scope === undefined ? Object.keys(stored?.scopes ?? {}).sort() : [options.scope]
      return {
        scopes: names.map((scope) => scopeView(stored ?? newAgentTrust(), scope, { nowMs }, view.constants())),
        stateVersion: view.stateVersion(),
      }
    }),
  )
  if (options.json)
    deps.stdout(`${jsonText({ agent: id, tenant, at: new Date(nowMs).toISOString(), state_version: stateVersion, scopes })}\n`)
  else
    deps.stdout(
      scopes.length === 0
        ? `${escapeLine(id)}: seen, but nothing was verified yet; every scope is at score 0, L0 read_only\n`
        : `${table([HEAD, ...scopes.map(row)])}\n`,
    )
  return EXIT_CODES.ok
}

const HEAD = ['SCOPE', 'SCORE', 'EFFECTIVE', 'GRANTED', 'HELD BY', 'RUN', 'GOOD/BAD', 'INCIDENT']

function row(view: TrustView): readonly string[] {
  const { ladder, track_record: track } = view
  return [
    view.scope,
    view.score.toFixed(4),
    `L${view.level_effective} ${levelName(view.level_effective)}`,
    `L${view.level_granted}`,
    view.binding,
    ladder.k_required === null ? String(ladder.k) : `${ladder.k}/${ladder.k_required}`,
    `${track.good}/${track.bad}`,
    view.incident.state === 'clear' ? '-' : `${view.incident.state} (cap ${view.incident.cap})`,
  ]
}
