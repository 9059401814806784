import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { Rollback } from '../ledger/documents/verdicts.ts'
import { decisionBodyOf } from '../ledger/recorded-decision.ts'
import type { Store, StoredRecord } from '../ledger/store.ts'
import { wayBackOf } from './judged-decision.ts'
import { reversibilityAt } from './rules/reversibility.ts'
import type { RollbackView } from './wire.ts'

const UNDOING = ['Can be undone.', 'Can be undone with effort.', 'Cannot be undone.'] as const

/** The way back from an action: what the catalogue said of it, and what became of it. `nowMs`: for when. */
export function rollbackViewOf(
  action: Pick<DecisionFacts['action'], 'reversibility' | 'rollback_handle' | 'reversible_until'>,
  rollback: Rollback | undefined,
  nowMs: number,
): RollbackView {
  const { kept, attempt } = rollback ?? {}
  const judged = { reversibility: action.reversibility, ...wayBackOf(action) }
  return {
    reversibility: reversibilityAt(judged, rollback, { at_ms: nowMs, layer: null }),
    kept: keptState(action.rollback_handle, kept),
    handle: kept?.handle ?? null,
    value_digest: kept?.value_digest ?? null,
    until: action.reversible_until,
    attempt: attempt === undefined ? null : attemptView(attempt),
  }
}

/** The same of a recorded decision, as the store has it now. */
export async function rollbackViewIn(store: Store, { record }: StoredRecord, nowMs: number): Promise<RollbackView> {
  const { facts, approval } = decisionBodyOf(record)
  const key = { kind: 'verdicts', tenant: record.tenant, id: approval.redeemed ?? record.id } as const
  const rollback = await store.read([key], (view) => view.document(key)?.rollback)
  return rollbackViewOf(facts.action, rollback, nowMs)
}

/** Whether and how an action can be undone, in a sentence or two; without the deadline, which is shown in the form of its place. */
export function rollbackText({ reversibility, kept, handle, attempt }: RollbackView): string {
  const told = {
    not_needed: [],
    open: ['Whoever runs it keeps a rollback handle; none is on record yet.'],
    kept: [`The rollback handle is ${handle}.`],
    missing: ['No rollback handle was kept.'],
  }[kept]
  const tried =
    attempt === null
      ? []
      : [`Rollback by ${attempt.by}: ${attempt.result}, ${attempt.within_deadline ? 'within' : 'after'} the deadline.`]
  return [UNDOING[reversibility] ?? UNDOING[2], ...told, ...tried].join(' ')
}

function keptState(isNeeded: boolean, kept: Rollback['kept']): RollbackView['kept'] {
  if (kept === null) return 'missing'
  if (kept !== undefined) return 'kept'
  return isNeeded ? 'open' : 'not_needed'
}

function attemptView({ at_ms, ...attempt }: NonNullable<Rollback['attempt']>): RollbackView['attempt'] {
  return { ...attempt, at: new Date(at_ms).toISOString() }
}
