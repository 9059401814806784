import { z } from 'zod'

import { ApprovalPolicy } from './approval.ts'
import { Credential, ListenerStanding } from './caller.ts'
import { IdentitySources } from './identity.ts'
import { ImportKeys } from './import-key.ts'
import { Matrix } from './matrix.ts'
import { NAME_CHARS_MAX } from './ceiling.ts'
import { DetectSettings } from './detect-settings.ts'
import { ModeRules, ObserveGates } from './mode.ts'
import { OutsideModel } from './outside-models.ts'
import { Rate, ReportRate } from './rate.ts'
import { Layer, LAYERS } from './scope.ts'
import { TrustConstantsOverride, trustConstantsProblems } from './trust-constants.ts'
import { LogReviews, MonitoringRules } from './monitoring.ts'
import { Webhooks } from './webhook.ts'

const path = z.string().min(1).max(4_096)
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

/** A tenant's deviations from the shipped graduation data; they reach the bundle as input. */
export const Overrides = z.strictObject({
  matrix: z.record(z.string().max(NAME_CHARS_MAX), Matrix).optional(),
  categories: z.record(z.string().max(NAME_CHARS_MAX), z.json()).optional(),
  environments: z.record(z.string().max(NAME_CHARS_MAX), z.json()).optional(),
  guardrails: z.record(z.string().max(NAME_CHARS_MAX), z.json()).optional(),
  classification: z.record(z.string().max(NAME_CHARS_MAX), z.json()).optional(),
})
export type Overrides = z.infer<typeof Overrides>

const ALLOWED_BUILTINS = ['opa.runtime'] as const
/** A built-in that is refused unless it is named. Nothing is fetched while deciding, so there is no `http.send`. */
const AllowedBuiltin = z.enum(ALLOWED_BUILTINS, {
  error: ({ input }) =>
    `not supported: ${String(input)}; supported: ${ALLOWED_BUILTINS.join(', ')}. What a policy would fetch, the enforcement point fetches and passes in context.facts`,
})

/** The configuration file (`gradus.yaml`). Paths are relative to the file. */
export const Config = z.strictObject({
  /** Directory with `catalogue/`, `risk/`, `fixtures/`, and the Rego that `bundles` is compiled from. */
  policies: path.default('policies'),
  /** Directory with `rbac.tar.gz` (the base), `graduation.tar.gz` and `system.tar.gz`. */
  bundles: path.default('bundles'),
  /** The base policy: which bundle and entrypoint, and what it is given. */
  base: z
    .strictObject({
      bundle: path.optional(),
      entrypoint: z.string().min(1).max(512).default('rbac/decision'),
      /** `gradus`: the request with what the decision point knows; `request`: the request as it came (a foreign policy's input untouched). */
      input: z.enum(['gradus', 'request']).default('gradus'),
      mapping: InputMapping.optional(),
      /** Subject types that the base is told although nobody proves them. Any other is told as `agent` unless the credential proves a human. */
      agent_subject_types: z
        .array(z.string().min(1).max(NAME_CHARS_MAX))
        .max(256)
        .default(['agent', 'bot', 'mcp_server', 'service', 'workload']),
      /** Built-ins with ambient facts that this bundle may use. */
      allow_builtins: z.array(AllowedBuiltin).default([]),
    })
    .prefault({}),
  /** Further decision entrypoints of the OPA data API; each is graduated and recorded like `gradus/decision`. */
  entrypoints: z.array(z.string().min(1).max(512)).max(256).default([]),
  http: z
    .strictObject({
      listen: z.string().max(300).default('127.0.0.1:8181'),
      /** What the listener vouches for when a caller shows no credential. */
      anonymous: ListenerStanding.prefault({}),
      /** With `client_ca`, whose client certificates are verified; showing one stays optional. */
      tls: z.strictObject({ certificate: path, key: path, client_ca: path.optional() }).optional(),
      public_url: z.url().optional(),
      body_bytes_max: z.int().min(1_024).max(16_777_216).default(1_048_576),
      request_timeout_ms: z.int().min(10).max(600_000).default(10_000),
      drain_timeout_ms: z.int().min(0).max(600_000).default(10_000),
      /** What one credential may write: `reports` are all records but decisions; decisions are unlimited where nothing is said. */
      rates: z.strictObject({ reports: ReportRate.prefault({}), decisions: Rate.optional() }).prefault({}),
      /** True: AuthZEN answers carry our context; some interoperability runners compare answers exactly and want none. */
      authzen_context: z.boolean().default(true),
    })
    .prefault({}),
  credentials: z.array(Credential).max(10_000).default([]),
  /** Whose tokens (JWT) and client certificates are accepted besides `credentials` (docs/identity.md). */
  identity: IdentitySources.prefault({}),
  trust: z
    .strictObject({
      /** Deviations from the shipped trust constants, by name (docs/trust-model.md); the whole is validated at load. */
      constants: TrustConstantsOverride.prefault({}),
      /** Layers that really have sources; the others bound trust through the instrumentation ceiling. */
      live_layers: z
        .array(Layer)
        .max(4)
        .default([...LAYERS]),
      /** Highest level that is granted without a person. */
      automatic_level_max: z.int().min(0).max(3).default(3),
      /** Whose signature an imported history bears (docs/signals.md). */
      import_keys: ImportKeys,
      /** How often the timer evaluates promotions, up to `automatic_level_max`; 0 switches it off. */
      promotion_interval_seconds: z.int().min(0).max(86_400).default(60),
    })
    .superRefine(({ constants, live_layers: liveLayers }, context) => {
      for (const { path, message } of trustConstantsProblems(constants, liveLayers))
        context.addIssue({ code: 'custom', path: path[0] === 'live_layers' ? [...path] : ['constants', ...path], message })
    })
    .prefault({}),
  /** Built-in detectors (docs/detectors.md). */
  detectors: z
    .strictObject({
      /** Layers that they watch and earn in; none by default, so that only reported signals count. */
      layers: z
        .array(z.enum(['identity', 'behaviour', 'context']))
        .max(3)
        .default([]),
      settings: DetectSettings.prefault({}),
      /** A model that says how sure it is of a prompt injection; asked where behaviour is watched. */
      injection_classifier: OutsideModel.optional(),
      /** A model that says how far an action lies within its declared topic; asked where context is watched. */
      topic_model: OutsideModel.optional(),
    })
    .superRefine(({ layers, injection_classifier, topic_model }, context) => {
      const refuse = (name: string, layer: string): void =>
        context.addIssue({ code: 'custom', path: [name], message: `it is never asked: add "${layer}" to "layers"` })
      if (injection_classifier !== undefined && !layers.includes('behaviour')) refuse('injection_classifier', 'behaviour')
      if (topic_model !== undefined && !layers.includes('context')) refuse('topic_model', 'context')
    })
    .prefault({}),
  guardrails: z
    .strictObject({
      /** What exceeding a cap or budget means. */
      excess: z.enum(['require_approval', 'deny']).default('require_approval'),
      /** Expected-loss budget B in money: an amount is capped at B/U of the scope; 0 switches it off. */
      expected_loss_max: z.number().nonnegative().default(5),
      verify_within_hours: z.number().positive().max(720).default(24),
      /** Hours that count as business hours (UTC, Monday to Friday) for the fact `time.off_hours`. */
      business_hours: z.tuple([z.int().min(0).max(24), z.int().min(0).max(24)]).default([7, 19]),
    })
    .prefault({}),
  /** What is enforced and what is only observed; unset is enforced (docs/rollout.md). */
  modes: ModeRules,
  observe: z.strictObject({ ready: ObserveGates }).prefault({}),
  approvals: ApprovalPolicy,
  /** Where approvals, overrides, incidents and demotions are told to (docs/approvals.md). */
  webhooks: Webhooks.default([]),
  answer_valid_ms: z.int().min(0).max(60_000).default(5_000),
  tenants: z.record(z.string().max(128), z.strictObject({ overrides: Overrides.prefault({}) })).default({}),
  store: z.strictObject({ engine: z.enum(['sqlite', 'memory']).default('sqlite'), data_dir: path.default('data') }).prefault({}),
  /** Rules over windows of the log; what exceeds them is an alert (docs/monitoring.md). */
  monitoring: z.strictObject({ rules: MonitoringRules.default([]) }).prefault({}),
  audit: z
    .strictObject({
      origin: z
        .string()
        .regex(/^[^\s+]+$/u, 'no white space, no plus sign')
        .max(200)
        .default('gradus.local/audit'),
      /** A second place for signed tree heads, ideally on another machine's disk. */
      checkpoint_file: path.optional(),
      checkpoint_interval_ms: z.int().min(50).max(3_600_000).default(1_000),
      /** Apply the `system/log/mask` rule of the policy set to what is stored. */
      mask: z.boolean().default(true),
      /** Reviews of the log, each with an owner and a cadence; an overdue one alerts (docs/monitoring.md). */
      reviews: LogReviews.default([]),
    })
    .prefault({}),
})
export type Config = z.infer<typeof Config>
