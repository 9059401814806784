import type { DocumentKey, DocumentKind, Documents } from '../../ledger/documents/documents.ts'
import type { Effect } from '../../ledger/effect.ts'
import { project, type ProjectionState } from '../../ledger/fold/fold.ts'
import { isTrustEffect, type TrustEffect } from '../../ledger/fold/trust.ts'
import type { StoredRecord } from '../../ledger/store.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../trust/default-constants.ts'
import { type AgentTrust, newAgentTrust } from '../../trust/stored-trust.ts'
import type { TrustChange } from '../../trust/trust-change.ts'

/** Trust of one agent as the log had it at one moment, and under which constants it was read. */
export type TrustStanding = { readonly agent: AgentTrust; readonly constants: TrustConstants }

/** Where the log begins: nothing is known. */
export const UNKNOWN: TrustStanding = { agent: newAgentTrust(), constants: DEFAULT_TRUST_CONSTANTS }

/** What can move trust: effects on the agent, and the constants by which it is read. */
export type MovingEffect = TrustEffect | Extract<Effect, { kind: 'constants' }>

/** One effect of a record on the trust of an agent, between two standings. */
export type Move = {
  readonly effect: MovingEffect
  readonly before: TrustStanding
  readonly after: TrustStanding
  readonly changes: readonly TrustChange[]
}

/** Whose trust is followed. */
export type Followed = { readonly tenant: string; readonly agent: string }

/**
 * What a record did to the trust of one agent, effect by effect: the fold that makes state (`service/projection.ts`), of this agent alone.
 * Trust of one agent depends on no other's, so nothing else has to be derived.
 */
export function movesOf({ record }: StoredRecord, of: Followed, from: TrustStanding): readonly Move[] {
  const moves: Move[] = []
  let standing = from
  for (const effect of record.effects) {
    if (!concerns(effect, record.tenant, of)) continue
    const before = standing
    const { after, changes } = applied(effect, Date.parse(record.at), of, before)
    standing = after
    moves.push({ effect, before, after, changes })
  }
  return moves
}

/** Constants are of the whole log; everything else is of one agent in one tenant. */
function concerns(effect: Effect, tenant: string, of: Followed): effect is MovingEffect {
  return effect.kind === 'constants' || (tenant === of.tenant && isTrustEffect(effect) && effect.agent === of.agent)
}

function applied(effect: Effect, atMs: number, { tenant }: Followed, before: TrustStanding) {
  let { agent, constants } = before
  const state: ProjectionState = {
    document: <K extends DocumentKind>(key: DocumentKey<K>) => (key.kind === 'agent' ? (agent as Documents[K]) : undefined),
    put: (key, document) => {
      if (key.kind === 'agent') agent = document as AgentTrust
    },
    constants: () => constants,
    useConstants: (next) => {
      constants = next
    },
  }
  const changes = project([effect], atMs, tenant, state)
  return { after: { agent, constants }, changes }
}
