import { z } from 'zod'

import { ObservationDigest } from '../detect/observation.ts'
import { DetectSettings } from '../detect/settings.ts'
import { Layer } from '../model/layer.ts'
import { Level } from '../model/level.ts'
import { RequestComposition } from '../model/request.ts'
import { ScopeKey } from '../model/scope.ts'
import { Hold } from '../trust/bounds.ts'
import { IncidentClass, IncidentReach, TrustConstants } from '../trust/constants.ts'
import { Posture } from '../trust/posture.ts'
import { Approval, ApprovalVote, Canary, Override } from './documents/approval.ts'
import { Containment } from './documents/containment.ts'
import { HeldFiling, JudgeAdvice, TallyOf, TallyWindow } from './documents/tally.ts'

const id = z.string().min(1).max(512)
const atMs = z.int().nonnegative()

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
    /** The tool it is about, where that has moved to another scope and has to prove itself there. */
    tool: z.string().max(256).optional(),
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
    /** The tool, where what is taken back counted towards what it has to prove at its new place. */
    tool: id.optional(),
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
  z.strictObject({ kind: z.literal('composition'), agent: id, composition: RequestComposition }),
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
  /** A person takes rungs away; `level` is the highest that stays. */
  z.strictObject({ kind: z.literal('demote'), agent: id, scope: ScopeKey, level: Level }),
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
    /** The decision has to be verified by then; otherwise that is a miss. */
    due: z.literal(true).optional(),
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
    /** Units that it says the decision was a success by, whatever was said before; none when absent. */
    claim: z.number().nonnegative().optional(),
    /** It is the word of a rater, and no automatic verification. */
    rater: z.literal(true).optional(),
  }),
  /** What rests on one rater's word alone in a scope grows or shrinks, in units and in ladder counts. */
  z.strictObject({
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
  /** Units were said, of a window that is limited. */
  z.strictObject({ kind: z.literal('tally'), agent: id, of: TallyOf, window: TallyWindow, units: z.number().nonnegative() }),
  /** A source told of a failure in a scope; another one's failures of that hour are corroborated by it. */
  z.strictObject({ kind: z.literal('witness'), agent: id, scope: ScopeKey, source: id }),
  /** A report over a limit is kept with its hold. */
  z.strictObject({ kind: z.literal('filing'), agent: id, filing: HeldFiling }),
  /** A decision, and its approval if there is one, is a canary from now on. */
  z.strictObject({
    kind: z.literal('canary'),
    decision_id: id,
    request_digest: z.string().length(64).nullable(),
    canary: Canary,
  }),
  /** A rater judged a canary. */
  z.strictObject({ kind: z.literal('canary_judged'), rater: id, caught: z.boolean() }),
  /** Who owns which agent, as the catalogue says from now on; who is in it no more keeps their owner. */
  z.strictObject({ kind: z.literal('owners'), owners: z.record(z.string().max(256), z.string().max(256)) }),
  /** A judging agent advises on a decision. */
  z.strictObject({ kind: z.literal('advice'), decision_id: id, advice: JudgeAdvice }),
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
  /** What is verified about an agent's credentials and workload; members given replace those known of an earlier time. */
  z.strictObject({
    kind: z.literal('posture'),
    agent: id,
    posture: Posture,
    /** When it was so; that of the record when absent. What is known of a later time stays. */
    event_time_ms: atMs.optional(),
  }),
  /** Something waits for a person. A hold of a known id is replaced. */
  z.strictObject({ kind: z.literal('hold'), agent: id, hold: Hold }),
  z.strictObject({ kind: z.literal('hold_resolved'), agent: id, id }),
  /** Decisions that were due to be verified, as of now. */
  z.strictObject({
    kind: z.literal('coverage'),
    agent: id,
    scope: ScopeKey,
    verified: z.number().nonnegative(),
    missed: z.number().nonnegative(),
  }),
  /** A ceiling on the agent's score that ends by itself; it replaces the one of its source. */
  z.strictObject({
    kind: z.literal('timed_ceiling'),
    agent: id,
    source: id,
    value: z.number().min(0).max(1),
    until_ms: atMs,
  }),
  /** The catalogue that came into force says where trust in each tool is earned; a tool that was elsewhere has moved. */
  z.strictObject({ kind: z.literal('tools'), places: z.record(z.string().max(256), ScopeKey) }),
  /** The detectors that came into force; null: none. What they saw before counts on under other settings. */
  z.strictObject({ kind: z.literal('detectors'), settings: DetectSettings.nullable() }),
  /** Detectors looked at an action of an agent; what is kept of it holds no argument and no text. */
  z.strictObject({ kind: z.literal('watched'), agent: id, scope: ScopeKey, observed: ObservationDigest }),
  /** A session of an agent is bounded: by a score, by the trust of an agent whose output it used, or both. */
  z.strictObject({
    kind: z.literal('session'),
    agent: id,
    session: id,
    cap: z.strictObject({ source: id, value: z.number().min(0).max(1) }).nullable(),
    used: id.nullable(),
  }),
  /** What a source said under an id, so that the same again counts once; it replaces what was said under it before. */
  z.strictObject({
    kind: z.literal('received'),
    /** SHA-256 over who said it and under which id. */
    key: z.string().length(64),
    /** SHA-256 over what was said. */
    digest: z.string().length(64),
    record_id: id,
  }),
  /** History of before, signed by an administrator: units valued at `at_ms`. It counts neither for the ladder nor as fresh. */
  z.strictObject({
    kind: z.literal('import'),
    agent: id,
    scope: ScopeKey,
    layer: Layer,
    good: z.number().nonnegative(),
    bad: z.number().nonnegative(),
    at_ms: atMs,
  }),
  z.strictObject({ kind: z.literal('contain'), containment: Containment }),
  z.strictObject({ kind: z.literal('lift'), id }),
])
export type Effect = z.infer<typeof Effect>
