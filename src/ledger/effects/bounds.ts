import { z } from 'zod'

import { ScopeKey } from '../../model/scope.ts'
import { FoundInjection } from '../../trust/agent-sessions.ts'
import { Hold } from '../../trust/bounds.ts'
import { Posture } from '../../trust/posture.ts'
import { atMs, id } from './fields.ts'

/** Effects on what bounds an agent or one of its sessions besides its evidence. */
export const BOUND_EFFECTS = {
  /** What is verified about an agent's credentials and workload; members given replace those known of an earlier time. */
  posture: z.strictObject({
    kind: z.literal('posture'),
    agent: id,
    posture: Posture,
    /** When it was so; that of the record when absent. What is known of a later time stays. */
    event_time_ms: atMs.optional(),
  }),
  /** Something waits for a person. A hold of a known id is replaced. */
  hold: z.strictObject({ kind: z.literal('hold'), agent: id, hold: Hold }),
  hold_resolved: z.strictObject({ kind: z.literal('hold_resolved'), agent: id, id }),
  /** Decisions that were due to be verified, as of now. */
  coverage: z.strictObject({
    kind: z.literal('coverage'),
    agent: id,
    scope: ScopeKey,
    verified: z.number().nonnegative(),
    missed: z.number().nonnegative(),
  }),
  /** A ceiling on the agent's score that ends by itself; it replaces the one of its source. */
  timed_ceiling: z.strictObject({
    kind: z.literal('timed_ceiling'),
    agent: id,
    source: id,
    value: z.number().min(0).max(1),
    until_ms: atMs,
  }),
  /** The catalogue that came into force says where trust in each tool is earned; a tool that was elsewhere has moved. */
  tools: z.strictObject({ kind: z.literal('tools'), places: z.record(z.string().max(256), ScopeKey) }),
  /** A session of an agent is bounded: by a score, by the trust of an agent whose output it used, or both. */
  session: z.strictObject({
    kind: z.literal('session'),
    agent: id,
    session: id,
    cap: z.strictObject({ source: id, value: z.number().min(0).max(1) }).nullable(),
    used: id.nullable(),
    /** True: it also bounds what the agent does where nobody vouches for a session; absent in what is older. */
    shared: z.literal(true).optional(),
  }),
  /** A tool gave back what looks like an injection, in a session of an agent; null: in none that was named. */
  injection_found: z.strictObject({
    kind: z.literal('injection_found'),
    agent: id,
    session: id.nullable(),
    injection: FoundInjection,
  }),
} as const
