import { z } from 'zod'

import { Credential } from '../access/caller.ts'
import { ApprovalPolicy } from '../approvals/settings.ts'
import { AuditSettings } from '../audit/settings.ts'
import { DetectorSettings } from '../evidence/detectors/settings.ts'
import { ImportKeys } from '../evidence/import/settings.ts'
import { HttpSettings } from '../http/settings.ts'
import { IdentitySources } from '../identity/settings.ts'
import { TRUST_SETTINGS } from '../ladder/settings.ts'
import { SettingsPath } from '../model/settings-path.ts'
import { AnswerValidMs, BaseSettings, GuardrailSettings, ModeRules, Overrides } from '../policy/settings.ts'
import { MonitoringRules } from '../reports/monitoring/settings.ts'
import { ObserveGates } from '../reports/observe/settings.ts'
import { StoreSettings } from '../stores/settings.ts'
import { trustConstantsProblems } from '../trust/constants.ts'
import { Webhooks } from '../webhooks/settings.ts'

/** The configuration file (`gradus.yaml`). Paths are relative to the file. */
export const Config = z.strictObject({
  /** Directory with `catalogue/`, `risk/`, `fixtures/`, and the Rego that `bundles` is compiled from. */
  policies: SettingsPath.default('policies'),
  /** Directory with `rbac.tar.gz` (the base), `graduation.tar.gz` and `system.tar.gz`. */
  bundles: SettingsPath.default('bundles'),
  /** The base policy: which bundle and entrypoint, and what it is given. */
  base: BaseSettings,
  /** Further decision entrypoints of the OPA data API; each is graduated and recorded like `gradus/decision`. */
  entrypoints: z.array(z.string().min(1).max(512)).max(256).default([]),
  http: HttpSettings,
  credentials: z.array(Credential).max(10_000).default([]),
  /** Whose tokens (JWT) and client certificates are accepted besides `credentials` (docs/identity.md). */
  identity: IdentitySources.prefault({}),
  trust: z
    .strictObject({
      ...TRUST_SETTINGS,
      /** Whose signature an imported history bears (docs/signals.md). */
      import_keys: ImportKeys,
    })
    .superRefine(({ constants, live_layers: liveLayers }, context) => {
      for (const { path, message } of trustConstantsProblems(constants, liveLayers))
        context.addIssue({ code: 'custom', path: path[0] === 'live_layers' ? [...path] : ['constants', ...path], message })
    })
    .prefault({}),
  /** Built-in detectors (docs/detectors.md). */
  detectors: DetectorSettings,
  guardrails: GuardrailSettings,
  /** What is enforced and what is only observed; unset is enforced (docs/rollout.md). */
  modes: ModeRules,
  observe: z.strictObject({ ready: ObserveGates }).prefault({}),
  approvals: ApprovalPolicy,
  /** Where approvals, overrides, incidents and demotions are told to (docs/approvals.md). */
  webhooks: Webhooks.default([]),
  answer_valid_ms: AnswerValidMs,
  tenants: z.record(z.string().max(128), z.strictObject({ overrides: Overrides.prefault({}) })).default({}),
  store: StoreSettings,
  /** Rules over windows of the log; what exceeds them is an alert (docs/monitoring.md). */
  monitoring: z.strictObject({ rules: MonitoringRules.default([]) }).prefault({}),
  audit: AuditSettings,
})
export type Config = z.infer<typeof Config>
