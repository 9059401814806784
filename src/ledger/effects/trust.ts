import { z } from 'zod'

import { Layer } from '../../model/layer.ts'
import { Level } from '../../model/level.ts'
import { RequestComposition } from '../../model/request.ts'
import { ScopeKey } from '../../model/scope.ts'
import { IncidentClass, IncidentReach } from '../../trust/constants.ts'
import { atMs, id } from './fields.ts'

/** Effects that move the trust of one agent: evidence, incidents, promotions. */
export const TRUST_EFFECTS = {
  /**
   * Evidence about one agent. `counts`: the ladder counts it; a success once per decision, a failure by what its severity `kappa` is beyond
   * `kappa_counted` (none when absent), so that a graver failure may weigh nothing and still count.
   */
  evidence: z.strictObject({
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
    /** The tool it is about, where that has moved to another scope and has to prove itself there. */
    tool: z.string().max(256).optional(),
    /** The decision it is about, which names the incident of a major failure. */
    decision_id: id.optional(),
    /** A read in a scope whose tools only read. */
    only_reads: z.literal(true).optional(),
  }),
  /** A positive given earlier is taken back; `counted`: by the ladder too. */
  take_back: z.strictObject({
    kind: z.literal('take_back'),
    agent: id,
    scope: ScopeKey,
    layer: Layer,
    weight: z.number().positive(),
    event_time_ms: atMs,
    counted: z.boolean(),
    /** The tool, where what is taken back counted towards what it has to prove at its new place. */
    tool: id.optional(),
    /** A read in a scope whose tools only read. */
    only_reads: z.literal(true).optional(),
  }),
  /** A child's failure charged to the agent it acted for. */
  delegator: z.strictObject({
    kind: z.literal('delegator'),
    agent: id,
    scope: ScopeKey,
    weight: z.number().positive(),
    event_time_ms: atMs,
  }),
  /** Another source, too, bore out a decision that counted; `calibrated` false: a rater who has not seen enough canaries for the top. */
  verifier: z.strictObject({ kind: z.literal('verifier'), agent: id, scope: ScopeKey, verifier: id, calibrated: z.boolean() }),
  /** What rests on one rater's word alone in a scope grows or shrinks, in units and in ladder counts. */
  rater_share: z.strictObject({
    kind: z.literal('rater_share'),
    agent: id,
    scope: ScopeKey,
    rater: id,
    units: z.number(),
    count: z.int().min(-1).max(1),
    /** The rater has seen enough canaries to count as a distinct verifier for the top; null: as before. */
    calibrated: z.boolean().nullable(),
    event_time_ms: atMs,
  }),
  incident: z.strictObject({
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
  review: z.strictObject({ kind: z.literal('review'), agent: id, incident_id: id, false_positive: z.boolean() }),
  composition: z.strictObject({ kind: z.literal('composition'), agent: id, composition: RequestComposition }),
  /** One rung up; `level` is the rung reached. */
  promote: z.strictObject({
    kind: z.literal('promote'),
    agent: id,
    scope: ScopeKey,
    level: Level,
    human: z.boolean(),
    /** The time its gates were read at; that of the record when absent. */
    at_ms: atMs.optional(),
  }),
  /** A person takes rungs away; `level` is the highest that stays. */
  demote: z.strictObject({ kind: z.literal('demote'), agent: id, scope: ScopeKey, level: Level }),
  /** History of before, signed by an administrator: units valued at `at_ms`. It counts neither for the ladder nor as fresh. */
  import: z.strictObject({
    kind: z.literal('import'),
    agent: id,
    scope: ScopeKey,
    layer: Layer,
    good: z.number().nonnegative(),
    bad: z.number().nonnegative(),
    at_ms: atMs,
  }),
} as const
