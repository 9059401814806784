import { z } from 'zod'

import { ScopeKey } from '../../model/scope.ts'
import { ToldKind } from '../documents/activity.ts'
import { atMs, id, rehearsal } from './fields.ts'

/** Effects on what an account did lately: its counters and budgets. */
export const ACTIVITY_EFFECTS = {
  /** An account asked for something: counters for risk facts. `action` and `domains` are what ran; null and empty where nothing did. */
  seen: z.strictObject({
    kind: z.literal('seen'),
    agent: id,
    action: id.nullable(),
    denied: z.boolean(),
    domains: z.array(z.string().max(256)).max(64),
    /** Digests of the destinations that it reached; absent: none. */
    destinations: z.array(z.string().max(64)).max(64).optional(),
    /** It asked for an action of the category `permission_escalation`. */
    escalation: z.literal(true).optional(),
    rehearsal,
  }),
  /**
   * The budgets of an account (`ledger/accounts.ts`) are charged for a decision that lets something run. `tool` null: one outside the
   * catalogue. `verify_by_ms` null: nothing outstanding.
   */
  charge: z.strictObject({
    kind: z.literal('charge'),
    agent: id,
    scope: ScopeKey,
    tool: id.nullable(),
    decision_id: id,
    amount: z.number().nonnegative(),
    verify_by_ms: atMs.nullable(),
    /** The decision has to be verified by then; otherwise that is a miss. */
    due: z.literal(true).optional(),
    rehearsal,
  }),
  /** A proposal, or an action that was only observed, has to be verified by then; no budget is charged for it. */
  owe: z.strictObject({ kind: z.literal('owe'), agent: id, scope: ScopeKey, decision_id: id, verify_by_ms: atMs }),
  /** The decision's outcome is verified: its outstanding slot is free again. */
  release: z.strictObject({ kind: z.literal('release'), agent: id, decision_id: id, rehearsal }),
  /** Somebody was told of an account: the same is not told again for a while. `action` null: one outside the catalogue, or any. */
  told: z.strictObject({ kind: z.literal('told'), agent: id, what: ToldKind, action: id.nullable() }),
} as const
