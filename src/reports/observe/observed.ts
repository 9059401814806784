import { lowerOutcome } from '../../lattice/outcome-order.ts'
import type { AuditRecord } from '../../ledger/record.ts'
import { decisionBodyOf } from '../../ledger/recorded-decision.ts'
import type { Source } from '../../model/ceiling.ts'
import type { Outcome } from '../../model/outcome.ts'
import { formatScope } from '../../model/scope.ts'

/** A decision as far as a report on observing is concerned. */
export type Observed = {
  readonly id: string
  readonly atMs: number
  readonly tenant: string
  /** The agent, or `user:` and the person where none acted. */
  readonly agent: string
  readonly scope: string
  readonly action: string
  /** Null where none was told, or it is masked. */
  readonly session: string | null
  readonly actionKnown: boolean
  /** True also where no agent acted. */
  readonly agentKnown: boolean
  readonly requestDigest: string
  /** What was answered, and whether it ran. */
  readonly answered: Outcome
  readonly ran: boolean
  /** Null where everything was enforced. */
  readonly would: {
    readonly outcome: Outcome
    /** Each term that alone would have lowered the answer, with what it would have lowered it to. */
    readonly alone: Readonly<Partial<Record<Source, Outcome>>>
    readonly degraded: boolean
  } | null
}

/** Reads a decision's record; what is sealed in it is needed for the session only. */
export function observedIn(record: AuditRecord): Observed {
  const { facts, decision, would } = decisionBodyOf(record)
  const goal = record.body['goal'] as { readonly session?: unknown } | undefined
  const digest = record.body['request_digest']
  return {
    id: record.id,
    atMs: Date.parse(record.at),
    tenant: record.tenant,
    agent: record.agent ?? `user:${record.user ?? ''}`,
    scope: formatScope(facts.action.scope, facts.action.stake),
    action: record.action ?? '',
    session: typeof goal?.session === 'string' ? goal.session : null,
    actionKnown: facts.action.known,
    agentKnown: facts.agent.known,
    requestDigest: typeof digest === 'string' ? digest : '',
    answered: decision.outcome,
    ran: decision.decision,
    would:
      would === null
        ? null
        : {
            outcome: would.decision.outcome,
            alone: alone(decision.outcome, would.decision.ceilings),
            degraded: would.degraded.length > 0,
          },
  }
}

function alone(
  answered: Outcome,
  ceilings: readonly { readonly source: Source; readonly outcome: Outcome }[],
): Readonly<Partial<Record<Source, Outcome>>> {
  const lowered: Partial<Record<Source, Outcome>> = {}
  for (const { source, outcome } of ceilings) {
    const met = lowerOutcome(lowered[source] ?? answered, outcome)
    if (met !== answered) lowered[source] = met
  }
  return lowered
}
