import { decisionOf, proposalOf } from '../../evidence/judged-decision.ts'
import { weighHeld } from '../../evidence/raters/held-reports.ts'
import type { Judged } from '../../evidence/rules/weighing.ts'
import { invariant } from '../../format/error.ts'
import { HOUR_MS } from '../../format/time.ts'
import { ceilingsFor } from '../../ladder/rules/score-ceilings.ts'
import type { DocumentKey, DocumentKind, Documents } from '../../ledger/documents/documents.ts'
import type { Effect } from '../../ledger/effect.ts'
import { project } from '../../ledger/fold/fold.ts'
import { boundsKey, filingsKey } from '../../ledger/keys.ts'
import type { StoredRecord, View } from '../../ledger/store.ts'
import type { RiskBand } from '../../model/outcome.ts'
import { formatScope, type ScopeKey } from '../../model/scope.ts'
import type { TrustConstants } from '../../trust/constants.ts'
import type { ScoreCeiling } from '../../trust/score-ceiling.ts'
import { type AgentTrust, newAgentTrust } from '../../trust/stored-trust.ts'
import { type SimulatedSubject, stakeOf } from './policy.ts'
import { REVIEW_HOURS } from './setting.ts'

/** The tenant of every simulated agent. */
export const TENANT = 'default'
/** The id of every simulated agent. */
export const AGENT = 'agent'
const CATEGORY = 'work'
/** The worlds count every harm alike, so nothing in them reaches further than anything else. */
const REACH = { blast: 0, reversibility: 0 } as const

/** Scope in which actions of a band are judged. */
export function scopeFor(band: RiskBand): ScopeKey {
  return formatScope(CATEGORY, stakeOf(band))
}

/** One agent's documents and decisions in memory, written by the product's own projection. */
export type TrustLedger = {
  readonly view: View
  readonly trust: () => AgentTrust
  readonly putTrust: (trust: AgentTrust) => void
  /** Ceilings from holds, coverage and the like. */
  readonly ceilings: (scope: ScopeKey, atMs: number) => readonly ScoreCeiling[]
  readonly apply: (effects: readonly Effect[], atMs: number) => void
  /** Remembers a decision, and how evidence about it is weighed. */
  readonly judged: (subject: SimulatedSubject) => Judged
  /** People have looked at what waited for them long enough ago: failures are true, complaints are not. */
  readonly resolveHolds: (atMs: number) => void
  readonly forget: () => void
}

/** A ledger of nothing yet. */
export function newLedger(constants: TrustConstants): TrustLedger {
  const { state, decisions, clear } = memoryState(constants)
  const key = { kind: 'agent', tenant: TENANT, id: AGENT } as const
  const apply = (effects: readonly Effect[], atMs: number): void => void project(effects, atMs, TENANT, state)
  return {
    view: state,
    trust: () => state.document(key) ?? newAgentTrust(),
    putTrust: (trust) => state.put(key, trust),
    ceilings: (scope, atMs) => ceilingsFor(state, { tenant: TENANT, agent: AGENT, scope, nowMs: atMs }, constants),
    apply,
    judged: (subject) => {
      const id = String(subject.action)
      decisions.set(id, subject)
      const judged = proposalOf(id, decisionOf(state, TENANT, id).decided)
      invariant(judged !== null, 'a simulated decision is always an agent’s')
      return judged
    },
    resolveHolds: (atMs) => {
      for (const hold of state.document(boundsKey(TENANT, AGENT))?.holds ?? []) {
        if (hold.at_ms + REVIEW_HOURS * HOUR_MS > atMs) continue
        const resolved: Effect = { kind: 'hold_resolved', agent: AGENT, id: hold.id }
        const waiting = state.document(filingsKey(TENANT, AGENT))?.held.filter((one) => one.hold === hold.id) ?? []
        const accepted = hold.reason === 'uncorroborated_failures' ? waiting : []
        apply([...weighHeld(accepted, [], { tenant: TENANT, nowMs: atMs }, state), resolved], atMs)
      }
    },
    forget: clear,
  }
}

/** Documents and decisions in memory, as the product's projection reads and writes them. */
function memoryState(constants: TrustConstants) {
  const documents = new Map<DocumentKind, Map<string, unknown>>()
  const decisions = new Map<string, SimulatedSubject>()
  const view: View = {
    document: <K extends DocumentKind>(of: DocumentKey<K>) => documents.get(of.kind)?.get(of.id) as Documents[K] | undefined,
    record: (_tenant, id) => {
      const subject = decisions.get(id)
      return subject === undefined ? undefined : recordOf(subject)
    },
    constants: () => constants,
    stateVersion: () => 0,
  }
  const state = {
    ...view,
    put: <K extends DocumentKind>({ kind, id }: DocumentKey<K>, document: Documents[K]): void => {
      const ofKind = documents.get(kind)
      if (ofKind === undefined) documents.set(kind, new Map([[id, document]]))
      else ofKind.set(id, document)
    },
    useConstants: () => undefined,
  }
  const clear = (): void => {
    documents.clear()
    decisions.clear()
  }
  return { state, decisions, clear }
}

/** As much of a decision's record as the product reads to weigh what is said about it. */
function recordOf({ band, stake, decidedAtMs }: SimulatedSubject): StoredRecord {
  const body = {
    facts: {
      at_ms: decidedAtMs,
      caller: { credential: 'simulation' },
      parties: { agent: { type: 'agent', id: AGENT }, agent_claimed: false, links: [], problems: [], human: null },
      action: {
        name: band,
        known: true,
        category: band === 'read' ? 'read_only' : 'local_reversible_write',
        scope: CATEGORY,
        stake: stakeOf(band),
        ...REACH,
      },
    },
    decision: { decision: stake !== 'proposal' },
    proposal: true,
    approval: { redeemed: null },
    override: null,
  }
  return { leafIndex: 0, record: { kind: 'decision', body }, state: 'whole' } as unknown as StoredRecord
}
