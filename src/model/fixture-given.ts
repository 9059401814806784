import { z } from 'zod'

import { Standing } from './caller.ts'
import { Overrides } from './config.ts'
import { ContainmentTarget } from './effect.ts'
import { Composition } from './request.ts'
import { Layer, Level, parseLevel, ScopeKey } from './scope.ts'
import { IncidentClass } from './trust-constants.ts'

/** When a fixture is decided that names no time: a Tuesday in business hours. */
export const FIXTURE_TIME = '2026-03-03T10:00:00.000Z'

/** A name or an id. */
export const name = z.string().min(1).max(512)
/** How long: `90s`, `15m`, `2h`, `3d`, `1d12h`. */
export const Duration = z.string().regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/u, 'a duration such as 90s, 15m, 2h, 3d or 1d12h')
const Time = z.iso.datetime({ offset: true, error: 'an ISO 8601 time with "Z" or an offset, such as 2026-03-03T10:00:00Z' })
/** A level by number, name or alias. */
export const LevelWord = z.union([Level, z.string()]).transform((word, context): Level => {
  const level = parseLevel(String(word))
  if (level !== undefined) return level
  context.addIssue({ code: 'custom', message: 'a level is 0 to 4, L0 to L4, or a name such as conditional or trusted' })
  return z.NEVER
})
/** A score or share, 0 to 1. */
export const unit = z.number().min(0).max(1)
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
  /** Layers that the built-in detectors watch; those of the configuration when absent. */
  detectors: z
    .array(z.enum(['identity', 'behaviour', 'context']))
    .max(3)
    .optional(),
})
export type Given = z.infer<typeof Given>
