import type { Verdict } from '../../evidence/rules/weighing.ts'
import type { AgentChange } from '../../trust/trust-change.ts'
import type { AuditRecord } from '../../ledger/record.ts'
import type { Store } from '../../ledger/store.ts'
import type { Level } from '../../model/level.ts'
import { scopeOfDecision } from '../monitoring/hits.ts'

/** All scopes together, and what reaches a whole agent. */
export const ALL_SCOPES = 'all'
export const AGENT_WIDE = 'agent_wide'

type Whose = { readonly tenant: string; readonly agent: string; readonly scope: string }
/** What a record says about how trust works; most of it is empty for most records. */
export type TrustSighting = {
  readonly atMs: number
  /** The scope in which an agent's action ran; null where none did. */
  readonly executed: string | null
  /** Verified decisions that entered, or left, the track record. */
  readonly judged: readonly { readonly scope: string; readonly good: number; readonly bad: number }[]
  readonly granted: readonly (Whose & { readonly level: Level })[]
  /** `confirmed`: the record itself holds a bad verdict, or the word of a person. */
  readonly demoted: readonly (Whose & { readonly confirmed: boolean })[]
  readonly restored: readonly Whose[]
  /** Bad verdicts, and reviews that did not find a false positive; `scope` `agent_wide`: of every scope of the agent. */
  readonly confirmed: readonly Whose[]
  readonly incidents: readonly string[]
}

const BAD: readonly Verdict['gravity'][] = ['minor', 'moderate', 'major', 'critical']

/** What of a record a report on trust counts; undefined where it counts nothing. */
export function trustSightingOf(record: AuditRecord): TrustSighting | undefined {
  const { body, effects, tenant } = record
  const atMs = Date.parse(record.at)
  const { changes = [], decision } = body as {
    readonly changes?: readonly AgentChange[]
    readonly decision?: { readonly decision?: boolean }
  }
  const executed = record.agent !== null && decision?.decision === true ? scopeOfDecision(record) : null
  if (executed === null && changes.length === 0 && effects.length === 0) return undefined
  const bad = isBadVerdict(record)
  const whose = (agent: string, scope: string): Whose => ({ tenant, agent, scope })
  const sighting: TrustSighting = {
    atMs,
    executed,
    judged: effects.flatMap((effect) => {
      if (effect.kind === 'take_back') return effect.layer === 'outcome' ? [{ scope: effect.scope, good: -1, bad: 0 }] : []
      if (effect.kind !== 'evidence' || effect.layer !== 'outcome' || !(effect.tracked ?? effect.counts)) return []
      return [{ scope: effect.scope, good: effect.polarity === 'positive' ? 1 : 0, bad: effect.polarity === 'positive' ? 0 : 1 }]
    }),
    granted: effects.flatMap((effect) =>
      effect.kind === 'promote' ? [{ ...whose(effect.agent, effect.scope), level: effect.level }] : [],
    ),
    demoted: changes.flatMap((change) =>
      change.kind === 'demoted' ? [{ ...whose(change.agent, change.scope), confirmed: bad || record.kind === 'operator' }] : [],
    ),
    restored: changes.flatMap((change) => (change.kind === 'restored' ? [whose(change.agent, change.scope)] : [])),
    confirmed: [
      ...effects.flatMap((effect) =>
        bad && effect.kind === 'evidence' && effect.polarity === 'negative' ? [whose(effect.agent, effect.scope)] : [],
      ),
      ...effects.flatMap((effect) =>
        effect.kind === 'review' && !effect.false_positive ? [whose(effect.agent, AGENT_WIDE)] : [],
      ),
    ],
    incidents: changes.flatMap((change) => (change.kind === 'incident_raised' ? [change.scope ?? AGENT_WIDE] : [])),
  }
  return isEmpty(sighting) ? undefined : sighting
}

function isEmpty({ executed, ...lists }: TrustSighting): boolean {
  return (
    executed === null &&
    [lists.judged, lists.granted, lists.demoted, lists.restored, lists.confirmed, lists.incidents].every(
      (list) => list.length === 0,
    )
  )
}

/** A verdict that says that something went wrong, by anybody but the agent itself. */
function isBadVerdict({ kind, body }: AuditRecord): boolean {
  const verdict = body['verdict'] as unknown as Verdict | undefined
  return (
    (kind === 'outcome' || kind === 'approval') &&
    verdict?.layer === 'outcome' &&
    verdict.source !== 'self' &&
    BAD.includes(verdict.gravity)
  )
}

/** When the first record about an agent was written, ms; null where there is none. */
export async function firstSeenMs(store: Pick<Store, 'query'>, tenant: string, agent: string): Promise<number | null> {
  const [first] = await store.query({ tenant, agent, limit: 1 })
  return first === undefined ? null : Date.parse(first.record.at)
}
