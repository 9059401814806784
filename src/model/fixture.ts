import { z } from 'zod'

import { Standing } from './caller.ts'
import { Guardrails, Source } from './ceiling.ts'
import { Overrides } from './config.ts'
import { ContainmentTarget } from './effect.ts'
import { OutcomeClass, SignalClass } from './outcome-classes.ts'
import { Outcome, RiskBand } from './outcome.ts'
import { Composition, Request } from './request.ts'
import { Layer, Level, parseLevel, ScopeKey } from './scope.ts'
import { EvidenceSource, IncidentClass } from './trust-constants.ts'
import { GateName } from './trust-state.ts'

/** Most cases of one file, most steps of one case, most repetitions of one step. */
export const FIXTURE_CASES_MAX = 1_000
export const FIXTURE_STEPS_MAX = 200
export const FIXTURE_TIMES_MAX = 5_000
/** When a fixture is decided that names no time: a Tuesday in business hours. */
export const FIXTURE_TIME = '2026-03-03T10:00:00.000Z'

const name = z.string().min(1).max(512)
const Duration = z.string().regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/u, 'a duration such as 90s, 15m, 2h, 3d or 1d12h')
const Time = z.iso.datetime({ offset: true, error: 'an ISO 8601 time with "Z" or an offset, such as 2026-03-03T10:00:00Z' })
const LevelWord = z.union([Level, z.string()]).transform((word, context): Level => {
  const level = parseLevel(String(word))
  if (level !== undefined) return level
  context.addIssue({ code: 'custom', message: 'a level is 0 to 4, L0 to L4, or a name such as conditional or trusted' })
  return z.NEVER
})
const unit = z.number().min(0).max(1)
const count = z.int().nonnegative()
const Units = z.strictObject({ r: z.number().nonnegative(), s: z.number().nonnegative().default(0) })

/** An incident that lies before the case. Members beyond the class default to what the class does. */
const GivenIncident = z.strictObject({
  id: name.optional(),
  class: IncidentClass,
  cap: unit.optional(),
  review: z.boolean().optional(),
  /** How long ago it was raised. */
  age: Duration.default('1h'),
  /** True: a person has reviewed it at once. */
  reviewed: z.boolean().default(false),
})

/** What is known of an agent in a scope. Without any member: nothing, so level 0. Layers that are not named never bind. */
export const GivenTrust = z.strictObject({
  /** The score to stand at; by good evidence in every layer. */
  score: unit.optional(),
  /** The granted level; by default the band of the score. Alone it also gives a score in the middle of the level's band. */
  level: LevelWord.optional(),
  /** Decayed evidence as it stands: units of good (r) and bad (s). */
  layers: z.partialRecord(Layer, Units).optional(),
  /** Verified decisions: how many were good and bad, and what each weighs in the outcome layer. */
  record: z.strictObject({ good: count, bad: count, weight: z.number().positive().max(1).default(1) }).optional(),
  /** How long nothing has been verified. */
  idle: Duration.optional(),
  incidents: z.array(GivenIncident).max(16).default([]),
  /** Where the ladder stands: verified decisions in a row, log evidence, time on the rung, distinct verifiers, strikes. */
  ladder: z
    .strictObject({
      k: count.optional(),
      e: z.number().optional(),
      since: Duration.optional(),
      verifiers: count.max(16).optional(),
      strikes: count.optional(),
    })
    .default({}),
  composition: Composition.optional(),
})
export type GivenTrust = z.infer<typeof GivenTrust>

/** What the agent did lately. */
const GivenCounters = z.strictObject({
  actions_last_hour: count.default(0),
  denials_last_hour: count.default(0),
  /** True: the agent never asked for these actions before. */
  first_use: z.boolean().default(false),
  /** Recipient domains it has written to before. */
  known_domains: z.array(name).default([]),
  /** Charged to the budgets of the request's scope within the last hour. */
  used: z
    .strictObject({ actions: count.default(0), amount: z.number().nonnegative().default(0) })
    .default({ actions: 0, amount: 0 }),
  /** Actions that ran and are not verified yet. */
  outstanding: count.default(0),
})

/** The world before the case. */
export const Given = z.strictObject({
  tenant: name.default('default'),
  /** The agent of requests that name no subject. */
  agent: name.optional(),
  time: Time.default(FIXTURE_TIME),
  /** What the enforcement point that asks vouches for and supports. */
  caller: Standing.omit({ tenant: true }).partial().default({}),
  /** Trust of the agent in the scope of each action of the case. */
  trust: GivenTrust.optional(),
  /** Trust of the agent in scopes by name. */
  scopes: z.partialRecord(ScopeKey, GivenTrust).default({}),
  /** Trust of other agents, in the scope of each action of the case. */
  others: z.record(name, GivenTrust).default({}),
  /** Switched off by a person. */
  containments: z
    .array(z.strictObject({ target: ContainmentTarget, reason: z.string().default('switched off') }))
    .max(16)
    .default([]),
  counters: GivenCounters.prefault({}),
  /** The tenant's deviations from the shipped graduation data. */
  overrides: Overrides.optional(),
  guardrail_excess: z.enum(['require_approval', 'deny']).optional(),
})
export type Given = z.infer<typeof Given>

const PartyWord = z.string().regex(/^[^/]+\/.+$/u, 'type/id, such as agent/support-agent')

/** A request, in AuthZEN's shape or shorter: `type/id` for a party, a name for an action, `arguments` of its own. */
export const FixtureRequest = z.strictObject({
  subject: z.union([PartyWord, Request.shape.subject]).optional(),
  action: z.union([name, Request.shape.action]).optional(),
  resource: z.union([PartyWord, Request.shape.resource]).optional(),
  arguments: z.record(z.string(), z.json()).optional(),
  context: z.record(z.string(), z.json()).optional(),
})
export type FixtureRequest = z.infer<typeof FixtureRequest>

const texts = z.array(z.string()).max(256)

/** What a decision must be. Only what is named is compared; of lists, what is named must be among what is there. */
export const WantDecision = z.strictObject({
  outcome: Outcome.optional(),
  decision: z.boolean().optional(),
  base: Outcome.optional(),
  /** Source → the lowest outcome that its terms concede. `none`: there is no term of this source. */
  terms: z.partialRecord(Source, z.union([Outcome, z.literal('none')])).optional(),
  obligations: texts.optional(),
  guardrails: Guardrails.optional(),
  risk: z
    .strictObject({
      points: z.int().optional(),
      band: RiskBand.optional(),
      rules: texts.optional(),
      unavailable: texts.optional(),
    })
    .optional(),
  trust: z
    .strictObject({
      scope: ScopeKey.optional(),
      score: unit.optional(),
      level_granted: LevelWord.optional(),
      level_effective: LevelWord.optional(),
      bottleneck_layer: Layer.optional(),
    })
    .nullable()
    .optional(),
  advice: texts.optional(),
  /** Each is a part of one of the reasons. */
  reasons: texts.optional(),
  /** A part of the audit record. */
  record: z.record(z.string(), z.json()).optional(),
  /** What must not be there. */
  without: z
    .strictObject({ obligations: texts, reasons: texts, advice: texts, rules: texts, guardrails: texts })
    .partial()
    .optional(),
})
export type WantDecision = z.infer<typeof WantDecision>

/** What must hold after a step that is no decision. */
export const WantStep = z.strictObject({
  trust: z
    .strictObject({
      score: unit.optional(),
      /** Bounds of the score, both inclusive. */
      score_between: z.tuple([unit, unit]).optional(),
      level_granted: LevelWord.optional(),
      level_effective: LevelWord.optional(),
      incident: z.enum(['open', 'recovering', 'watch', 'clear']).optional(),
    })
    .optional(),
  /** Whether the report counted. */
  counted: z.boolean().optional(),
  promoted: z.boolean().optional(),
  /** Gates of a promotion that are not passed, among others. */
  gates: z.array(GateName).optional(),
  /** What happened to levels and incidents, among others. */
  changes: z
    .array(z.enum(['demoted', 'promoted', 'restored', 'incident_raised', 'incident_reviewed', 'composition_changed']))
    .optional(),
  /** A part of the message with which the step is refused. */
  refused: z.string().optional(),
})
export type WantStep = z.infer<typeof WantStep>

const about = {
  /** Which decision of the case, from 1; the last one when absent. */
  decision: z.int().positive().optional(),
}
const times = z.int().positive().max(FIXTURE_TIMES_MAX).default(1)

const DecideStep = z.strictObject({ decide: FixtureRequest, want: WantDecision.optional(), times })
const ReportStep = z.strictObject({
  report: z.strictObject({
    class: OutcomeClass,
    source: EvidenceSource.default('deterministic'),
    by: name.default('verifier'),
    age: Duration.optional(),
    ...about,
  }),
  want: WantStep.optional(),
})
const SignalStep = z.strictObject({
  signal: z.strictObject({
    layer: Layer,
    class: SignalClass,
    source: EvidenceSource.default('deterministic'),
    by: name.default('detector'),
    ...about,
  }),
  want: WantStep.optional(),
})
/** A judged, clean signal in identity, behaviour and context, and a verified outcome, about the last decision: what a good action leaves behind. */
const SucceedStep = z.strictObject({
  succeed: z.strictObject({ source: EvidenceSource.default('deterministic'), by: name.default('verifier') }),
  want: WantStep.optional(),
})
const IncidentStep = z.strictObject({
  incident: z.strictObject({ class: IncidentClass, agent: name.optional(), cap: unit.optional(), scope: ScopeKey.optional() }),
  want: WantStep.optional(),
})
const ReviewStep = z.strictObject({
  review: z.strictObject({ false_positive: z.boolean().default(false), agent: name.optional() }),
  want: WantStep.optional(),
})
const ContainStep = z.strictObject({
  contain: z.strictObject({ target: ContainmentTarget, reason: z.string().default('switched off') }),
  want: WantStep.optional(),
})
const LiftStep = z.strictObject({ lift: z.strictObject({}), want: WantStep.optional() })
const PromoteStep = z.strictObject({
  promote: z.strictObject({ agent: name.optional(), scope: ScopeKey.optional(), human: z.boolean().default(true) }),
  want: WantStep.optional(),
})
const WaitStep = z.strictObject({ wait: Duration })
const FlatStep = [
  DecideStep,
  ReportStep,
  SignalStep,
  SucceedStep,
  IncidentStep,
  ReviewStep,
  ContainStep,
  LiftStep,
  PromoteStep,
  WaitStep,
] as const

const STEP_VERBS = ['decide', 'report', 'signal', 'succeed', 'incident', 'review', 'contain', 'lift', 'promote', 'wait'] as const
/** One step of a sequence, without repetition. */
export type FixtureFlatStep = z.infer<(typeof FlatStep)[number]>
type Repeat = { readonly repeat: { readonly times: number; readonly steps: readonly FixtureFlatStep[] } }

/** Chooses the schema by the verb, so that an error speaks of the step that was meant. */
const Flat: z.ZodType<FixtureFlatStep> = z
  .custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'a step is an object',
  )
  .transform((value, context) => {
    const at = STEP_VERBS.findIndex((verb) => Object.hasOwn(value, verb))
    const schema = FlatStep[at]
    if (schema === undefined) {
      context.addIssue({ code: 'custom', message: `a step has one of ${[...STEP_VERBS, 'repeat'].join(', ')}` })
      return z.NEVER
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) context.addIssue({ ...issue })
    return z.NEVER
  })
const RepeatStep = z.strictObject({
  repeat: z.strictObject({ times: times.unwrap(), steps: z.array(Flat).min(1).max(FIXTURE_STEPS_MAX) }),
})

/** One step of a sequence. */
export type FixtureStep = FixtureFlatStep | Repeat
const Step: z.ZodType<FixtureStep> = z
  .custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null, 'a step is an object')
  .transform((value, context): FixtureStep => {
    const parsed = Object.hasOwn(value, 'repeat') ? RepeatStep.safeParse(value) : Flat.safeParse(value)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) context.addIssue({ ...issue })
    return z.NEVER
  })

/** One fixture: what is given, one request and what is wanted, or a sequence of steps. */
export const FixtureCase = z
  .strictObject({
    name: z.string().min(1).max(200),
    /** Why it is so; for the reader. */
    note: z.string().max(2_000).optional(),
    given: Given.prefault({}),
    request: FixtureRequest.optional(),
    want: WantDecision.optional(),
    steps: z.array(Step).max(FIXTURE_STEPS_MAX).optional(),
  })
  .superRefine((fixture, context) => {
    const bad = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (fixture.steps === undefined && fixture.request === undefined)
      bad('name', 'a case has a request and what is wanted, or steps')
    if (fixture.steps === undefined && (fixture.want === undefined || Object.keys(fixture.want).length === 0))
      bad('name', 'a case without a "want" could not fail')
    if (fixture.steps !== undefined && fixture.want !== undefined) bad('want', 'a case with steps has its "want" in the steps')
  })
export type FixtureCase = z.infer<typeof FixtureCase>

/** A fixture file: several cases under `cases`, with what is given to all of them, or one case. */
export const FixtureFile = z.strictObject({
  /** Members that every case of the file has unless it has its own. */
  given: z.record(z.string(), z.json()).optional(),
  cases: z.array(FixtureCase).min(1).max(FIXTURE_CASES_MAX),
})
export type FixtureFile = z.infer<typeof FixtureFile>
