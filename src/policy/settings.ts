import { z } from 'zod'

import { TenantLevels } from '../catalogue/catalogue-file.ts'
import { identifier } from '../format/identifier.ts'
import { NAME_CHARS_MAX } from '../model/ceiling.ts'
import { Mode, OBSERVABLE_SOURCES } from '../model/mode.ts'
import { ID_CHARS_MAX, TYPE_CHARS_MAX } from '../model/request.ts'
import { ScopeKey } from '../model/scope.ts'
import { SettingsPath } from '../model/settings-path.ts'
import { Matrix } from '../pdp/matrix-schema.ts'

const pointer = z.string().regex(/^(\/[^/]*)*$/u, 'a JSON Pointer')

/** Where a foreign policy's input says who acts, what, and on what; values are copied, the input itself is untouched. */
export const InputMapping = z.strictObject({
  subject: pointer,
  subject_type: z.string().max(NAME_CHARS_MAX).default('agent'),
  action: pointer,
  resource: pointer.optional(),
  resource_type: z.string().max(NAME_CHARS_MAX).default('resource'),
  arguments: pointer.optional(),
})

export type InputMapping = z.infer<typeof InputMapping>

/**
 * One line of `modes` in the configuration. Who it is about, most specific wins: scope before agent before tenant, more named
 * before fewer. `term` or `rules` make it about one term of the meet or one rule document only.
 */
export const ModeRule = z
  .strictObject({
    mode: Mode,
    tenant: identifier(TYPE_CHARS_MAX).optional(),
    agent: identifier(ID_CHARS_MAX).optional(),
    scope: ScopeKey.optional(),
    /** One term of the meet, such as `category`. */
    term: z.enum(OBSERVABLE_SOURCES).optional(),
    /** One rule document, by its id. */
    rules: z.string().min(1).max(NAME_CHARS_MAX).optional(),
    /** Of the sessions, how many are enforced, 0–100; the others are observed. A session stays on its side. */
    percent: z.number().min(0).max(100).optional(),
  })
  .refine((rule) => rule.term === undefined || rule.rules === undefined, {
    message: 'a mode is about a term or about a rule document, not both',
    path: ['rules'],
  })
  .refine((rule) => rule.percent === undefined || rule.mode === 'enforce', {
    message: 'percent says how many sessions are enforced, so it goes with mode: enforce',
    path: ['percent'],
  })

export type ModeRule = z.infer<typeof ModeRule>

/** `modes` as a whole: no two lines may be about exactly the same, because then neither would be the more specific. */
export const ModeRules = z
  .array(ModeRule)
  .max(1_000)
  .superRefine((rules, context) => {
    const seen = new Map<string, number>()
    rules.forEach(({ tenant, agent, scope, term, rules: document }, index) => {
      const name = JSON.stringify([tenant, agent, scope, term, document])
      const other = seen.get(name)
      if (other !== undefined)
        context.addIssue({ code: 'custom', path: [index], message: `is about the same as line ${other + 1} of modes` })
      seen.set(name, index)
    })
  })
  .default([])

/** Most purposes that one scope is bound to. */
const PURPOSES_MAX = 256
const Purposes = z.array(z.string().min(1).max(NAME_CHARS_MAX)).max(PURPOSES_MAX)

/** A tenant's deviations from the shipped graduation data; they reach the bundle as input. */
export const Overrides = z.strictObject({
  matrix: z.record(z.string().max(NAME_CHARS_MAX), Matrix).optional(),
  categories: z.record(z.string().max(NAME_CHARS_MAX), z.json()).optional(),
  environments: z.record(z.string().max(NAME_CHARS_MAX), z.json()).optional(),
  guardrails: z.record(z.string().max(NAME_CHARS_MAX), z.json()).optional(),
  classification: z.record(z.string().max(NAME_CHARS_MAX), z.json()).optional(),
  /** Trust scope → the purposes, as verified facts, for which its tools may run without a person; it only adds to what the data demands. */
  purposes: z.record(z.string().min(1).max(NAME_CHARS_MAX), Purposes).optional(),
  /** The highest level that this tenant's actions are decided on, by category and by tool; it only lowers what the catalogue says. */
  levels: TenantLevels.optional(),
})

export type Overrides = z.infer<typeof Overrides>

const ALLOWED_BUILTINS = ['opa.runtime'] as const
/** A built-in that is refused unless it is named. Nothing is fetched while deciding, so there is no `http.send`. */
const AllowedBuiltin = z.enum(ALLOWED_BUILTINS, {
  error: ({ input }) =>
    `not supported: ${String(input)}; supported: ${ALLOWED_BUILTINS.join(', ')}. What a policy would fetch, the enforcement point fetches and passes in context.facts`,
})

/** `base` of the configuration: which bundle and entrypoint the base policy is, and what it is given. */
export const BaseSettings = z
  .strictObject({
    bundle: SettingsPath.optional(),
    entrypoint: z.string().min(1).max(512).default('rbac/decision'),
    /** `gradus`: the request with what the decision point knows; `request`: the request as it came (a foreign policy's input untouched). */
    input: z.enum(['gradus', 'request']).default('gradus'),
    mapping: InputMapping.optional(),
    /**
     * What the base is asked where an agent acts for a proven person. `intersect`: about both, and what both may counts; `agent`: about
     * the agent alone.
     */
    delegation: z.enum(['intersect', 'agent']).default('intersect'),
    /** Subject types that the base is told although nobody proves them. Any other is told as `agent` unless the credential proves a human. */
    agent_subject_types: z
      .array(z.string().min(1).max(NAME_CHARS_MAX))
      .max(256)
      .default(['agent', 'bot', 'mcp_server', 'service', 'workload']),
    /** Built-ins with ambient facts that this bundle may use. */
    allow_builtins: z.array(AllowedBuiltin).default([]),
  })
  .prefault({})
export type BaseSettings = z.infer<typeof BaseSettings>

/** `policies`: the directory with `catalogue/`, `risk/`, `fixtures/`, and the Rego that `bundles` is compiled from. */
export const PoliciesFolder = SettingsPath.default('policies')

/** `bundles`: the directory with `rbac.tar.gz` (the base), `graduation.tar.gz` and `system.tar.gz`. */
export const BundlesFolder = SettingsPath.default('bundles')

/** `entrypoints`: further decision entrypoints of the OPA data API; each is graduated and recorded like `gradus/decision`. */
export const Entrypoints = z.array(z.string().min(1).max(512)).max(256).default([])

/** `tenants`: what deviates for one tenant, by its name. */
export const TenantSettings = z.record(z.string().max(128), z.strictObject({ overrides: Overrides.prefault({}) })).default({})
