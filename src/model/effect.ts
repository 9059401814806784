import { z } from 'zod'

import { Approval, ApprovalVote, Override } from './approval.ts'
import { TrustConstants, IncidentClass, IncidentReach } from './trust-constants.ts'
import { Composition } from './request.ts'
import { Layer, Level, ScopeKey } from './scope.ts'

const id = z.string().min(1).max(512)
const atMs = z.int().nonnegative()

/** What may be taken out of service: one action, one scope, one agent, or the whole tenant. */
export const ContainmentTarget = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tenant') }),
  z.strictObject({ kind: z.literal('agent'), agent: id }),
  z.strictObject({ kind: z.literal('scope'), agent: id.optional(), scope: z.string().max(128) }),
  z.strictObject({ kind: z.literal('action'), agent: id.optional(), action: id }),
])
export type ContainmentTarget = z.infer<typeof ContainmentTarget>

/** A containment in force. */
export const Containment = z.strictObject({
  id,
  target: ContainmentTarget,
  by: z.enum(['person', 'incident']),
  reason: z.string().max(1_000),
  at_ms: atMs,
})
export type Containment = z.infer<typeof Containment>

/**
 * What a record does to the state. State is nothing but the fold of all effects in the order of the log
 * (`service/projection.ts`), so it can be derived again from the records and compared.
 */
export const Effect = z.discriminatedUnion('kind', [
  /** A policy set came into force; its constants govern every later effect. */
  z.strictObject({ kind: z.literal('constants'), constants: TrustConstants }),
  /**
   * Evidence about one agent. `counts`: the ladder counts it; a success once per decision, a failure by what its severity `kappa` is beyond
   * `kappa_counted` (none when absent), so that a graver failure may weigh nothing and still count.
   */
  z.strictObject({
    kind: z.literal('evidence'),
    agent: id,
    scope: ScopeKey,
    layer: Layer,
    polarity: z.enum(['positive', 'negative']),
    weight: z.number().nonnegative(),
    /** The weight with what was given for the same success before; the weight when absent. */
    total: z.number().positive().optional(),
    kappa: z.number().nonnegative(),
    kappa_counted: z.number().nonnegative().optional(),
    event_time_ms: atMs,
    verifier: id.nullable(),
    counts: z.boolean(),
    /** The first success or failure of its decision: enters the track record; as `counts` when absent. */
    tracked: z.boolean().optional(),
    self_flagged: z.boolean(),
    blast: z.int().min(0).max(3),
    /** The decision it is about, which names the incident of a major failure. */
    decision_id: id.optional(),
  }),
  /** A positive given earlier is taken back; `counted`: by the ladder too. */
  z.strictObject({
    kind: z.literal('take_back'),
    agent: id,
    scope: ScopeKey,
    layer: Layer,
    weight: z.number().positive(),
    event_time_ms: atMs,
    counted: z.boolean(),
  }),
  /** A child's failure charged to the agent it acted for. */
  z.strictObject({
    kind: z.literal('delegator'),
    agent: id,
    scope: ScopeKey,
    weight: z.number().positive(),
    event_time_ms: atMs,
  }),
  z.strictObject({
    kind: z.literal('incident'),
    agent: id,
    incident: z.strictObject({
      id,
      class: IncidentClass,
      reach: IncidentReach,
      scope: ScopeKey.nullable(),
      cap: z.number().min(0).max(1),
      review: z.boolean(),
    }),
  }),
  z.strictObject({ kind: z.literal('review'), agent: id, incident_id: id, false_positive: z.boolean() }),
  z.strictObject({ kind: z.literal('composition'), agent: id, composition: Composition }),
  /** One rung up; `level` is the rung reached. */
  z.strictObject({
    kind: z.literal('promote'),
    agent: id,
    scope: ScopeKey,
    level: Level,
    human: z.boolean(),
    /** The time its gates were read at; that of the record when absent. */
    at_ms: atMs.optional(),
  }),
  /** An account asked for something: counters for risk facts. `action` and `domains` are what ran; null and empty where nothing did. */
  z.strictObject({
    kind: z.literal('seen'),
    agent: id,
    action: id.nullable(),
    denied: z.boolean(),
    domains: z.array(z.string().max(256)).max(64),
    /** The rehearsal it belongs to; absent: it was asked here. */
    rehearsal: z.string().max(64).optional(),
  }),
  /**
   * The budgets of an account (`service/accounts.ts`) are charged for a decision that lets something run. `tool` null: one outside the
   * catalogue. `verify_by_ms` null: nothing outstanding.
   */
  z.strictObject({
    kind: z.literal('charge'),
    agent: id,
    scope: ScopeKey,
    tool: id.nullable(),
    decision_id: id,
    amount: z.number().nonnegative(),
    verify_by_ms: atMs.nullable(),
    /** The rehearsal it belongs to; absent: it really ran. */
    rehearsal: z.string().max(64).optional(),
  }),
  /** The decision's outcome is verified: its outstanding slot is free again. */
  z.strictObject({ kind: z.literal('release'), agent: id, decision_id: id, rehearsal: z.string().max(64).optional() }),
  /** A verdict or judged signal about one decision was taken into account. */
  z.strictObject({
    kind: z.literal('verdict'),
    decision_id: id,
    layer: Layer,
    source: id,
    class: z.string().max(128),
    event_time_ms: atMs,
    positive: z.number().nonnegative(),
    negative: z.number().nonnegative(),
    /** Severity of the failure it tells of; none when absent. */
    kappa: z.number().nonnegative().optional(),
    /** The ladder counted a success by it. */
    counted: z.boolean().optional(),
    factual: z.boolean(),
    self_flagged: z.boolean(),
  }),
  /** A step in the life of an approval; it happens to the one kept under the digest of its request. */
  z.strictObject({
    kind: z.literal('approval'),
    request_digest: z.string().length(64),
    step: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('requested'), approval: Approval }),
      z.strictObject({ kind: z.literal('voted'), vote: ApprovalVote }),
      z.strictObject({ kind: z.literal('withdrawn') }),
      z.strictObject({ kind: z.literal('redeemed'), by: id }),
      z.strictObject({ kind: z.literal('expired') }),
    ]),
  }),
  /** A person takes over, or one more does; the override replaces the one of the same id. */
  z.strictObject({ kind: z.literal('override'), override: Override }),
  z.strictObject({ kind: z.literal('override_ended'), id }),
  z.strictObject({ kind: z.literal('contain'), containment: Containment }),
  z.strictObject({ kind: z.literal('lift'), id }),
])
export type Effect = z.infer<typeof Effect>
