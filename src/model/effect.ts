import { z } from 'zod'

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
  /** Evidence about one agent. `kappa` is the severity that the ladder counts; `counts`: it does so, once per decision. */
  z.strictObject({
    kind: z.literal('evidence'),
    agent: id,
    scope: ScopeKey,
    layer: Layer,
    polarity: z.enum(['positive', 'negative']),
    weight: z.number().positive(),
    kappa: z.number().nonnegative(),
    event_time_ms: atMs,
    verifier: id.nullable(),
    counts: z.boolean(),
    self_flagged: z.boolean(),
    blast: z.int().min(0).max(3),
  }),
  /** A positive given earlier is taken back. */
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
  z.strictObject({ kind: z.literal('promote'), agent: id, scope: ScopeKey, level: Level, human: z.boolean() }),
  /** What the agent had asked of this scope: counters for risk facts. */
  z.strictObject({
    kind: z.literal('seen'),
    agent: id,
    action: id,
    denied: z.boolean(),
    domains: z.array(z.string().max(256)).max(64),
  }),
  /** A budget is charged for a decision that lets something run. `verify_by_ms` null: nothing outstanding. */
  z.strictObject({
    kind: z.literal('charge'),
    agent: id,
    scope: ScopeKey,
    decision_id: id,
    amount: z.number().nonnegative(),
    verify_by_ms: atMs.nullable(),
  }),
  /** The decision's outcome is verified: its outstanding slot is free again. */
  z.strictObject({ kind: z.literal('release'), agent: id, decision_id: id }),
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
    factual: z.boolean(),
    self_flagged: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('contain'), containment: Containment }),
  z.strictObject({ kind: z.literal('lift'), id }),
])
export type Effect = z.infer<typeof Effect>
