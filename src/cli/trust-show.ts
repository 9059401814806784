import { ServiceError } from '../format/error.ts'
import { DAY_MS } from '../format/time.ts'
import { ScopeKey } from '../model/scope.ts'
import { sampleScores } from '../reports/trust-history/samples.ts'
import { newAgentTrust } from '../trust/agent-trust.ts'
import { scopeTrust } from '../trust/scope-trust-answer.ts'
import { type DataDirOptions, reading } from './data-dir.ts'
import type { CliDeps } from './deps.ts'
import { EXIT_CODES, type ExitCode } from './exit-codes.ts'
import { timeOf } from './given.ts'
import { escapeLine, jsonText, painter } from './output.ts'
import { type DrawnScope, drawScope } from './trust/draw.ts'

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

/** Draws the trust of an agent in every scope in which anything happened, as the store has it now, and how it came to it. */
export async function trustShow(deps: CliDeps, options: TrustShowOptions): Promise<ExitCode> {
  const { agent, tenant } = options
  const nowMs = options.at === undefined ? deps.nowMs() : Date.parse(timeOf(options.at))
  const { scopes, stateVersion } = await shown(deps, options, nowMs)
  if (options.json)
    deps.stdout(`${jsonText({ agent, tenant, at: new Date(nowMs).toISOString(), state_version: stateVersion, scopes })}\n`)
  else
    deps.stdout(
      scopes.length === 0
        ? `${escapeLine(agent)}: seen, but nothing was verified yet; every scope is at score 0, L0 read_only\n`
        : `${escapeLine(agent)}\n\n${scopes.map((scope) => drawScope(scope, painter(deps))).join('\n\n')}\n`,
    )
  return EXIT_CODES.ok
}

type Shown = { readonly scopes: readonly DrawnScope[]; readonly stateVersion: number }

async function shown(deps: CliDeps, options: TrustShowOptions, nowMs: number): Promise<Shown> {
  const { agent: id, tenant } = options
  const key = { kind: 'agent', tenant, id } as const
  const activity = { kind: 'activity', tenant, id } as const
  const chosen = options.scope === undefined ? undefined : scopeIn(options.scope)
  return reading(deps, options, async (store) => {
    const { views, stateVersion } = await store.read([key, activity], (view) => {
      const stored = view.document(key)
      if (stored === undefined && view.document(activity) === undefined)
        throw new ServiceError('not_found', `nothing is known of agent "${id}" in tenant "${tenant}"`, {
          fix: 'an agent of the catalogue appears here after its first decision',
        })
      const names = chosen === undefined ? Object.keys(stored?.scopes ?? {}).sort() : [chosen]
      return {
        views: names.map((scope) => scopeTrust(stored ?? newAgentTrust(), scope, { nowMs }, view.constants())),
        stateVersion: view.stateVersion(),
      }
    })
    const names = views.map(({ scope }) => scope)
    const times = Array.from({ length: DAYS }, (_, day) => nowMs - (DAYS - 1 - day) * DAY_MS)
    const days = names.length === 0 || !options.history ? {} : await sampleScores(store, { tenant, agent: id }, names, times)
    return { scopes: views.map((view) => ({ ...view, days: days[view.scope] ?? [] })), stateVersion }
  })
}

/** A scope as it is typed; throws `usage`. */
export function scopeIn(text: string): ScopeKey {
  const scope = ScopeKey.safeParse(text)
  if (scope.success) return scope.data
  throw new ServiceError('usage', `"${text}" is not a scope`, {
    fix: 'write it like crm:full; "gradus trust show AGENT" lists them',
  })
}
