import { z } from 'zod'

import { ContainmentTarget } from './effect.ts'
import { Duration, Given, name, unit } from './fixture-given.ts'
import { WantDecision, WantStep } from './fixture-want.ts'
import { OutcomeClass, SignalClass } from './outcome-classes.ts'
import { Request } from './request.ts'
import { Layer, ScopeKey } from './scope.ts'
import { EvidenceSource, IncidentClass } from './trust-constants.ts'

export { FIXTURE_TIME, Given, GivenTrust } from './fixture-given.ts'
export { WantDecision, WantStep } from './fixture-want.ts'

/** Most cases of one file, most steps of one case, most repetitions of one step. */
export const FIXTURE_CASES_MAX = 1_000
export const FIXTURE_STEPS_MAX = 200
export const FIXTURE_TIMES_MAX = 5_000

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
    /** What the tool gave back, and how many tokens it took, for detectors. */
    result: z.json().optional(),
    tokens: z.number().nonnegative().optional(),
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
