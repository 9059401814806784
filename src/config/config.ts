import { z } from 'zod'

import { Credentials } from '../access/settings.ts'
import { ApprovalPolicy } from '../approvals/settings.ts'
import { AuditSettings } from '../audit/settings.ts'
import { AnswerValidMs, GuardrailSettings } from '../decisions/settings.ts'
import { DetectorSettings } from '../evidence/detectors/settings.ts'
import { HttpSettings } from '../http/settings.ts'
import { IdentitySources } from '../identity/settings.ts'
import { TrustSettings } from '../ladder/settings.ts'
import { BaseSettings, BundlesFolder, Entrypoints, ModeRules, PoliciesFolder, TenantSettings } from '../policy/settings.ts'
import { MonitoringSettings } from '../reports/monitoring/settings.ts'
import { ObserveSettings } from '../reports/observe/settings.ts'
import { StoreSettings } from '../stores/settings.ts'
import { Webhooks } from '../webhooks/settings.ts'

/** The configuration file (`gradus.yaml`). Paths are relative to the file. Each key is declared by its room (`owners.ts`). */
export const Config = z.strictObject({
  policies: PoliciesFolder,
  bundles: BundlesFolder,
  base: BaseSettings,
  entrypoints: Entrypoints,
  http: HttpSettings,
  credentials: Credentials,
  /** Whose tokens (JWT) and client certificates are accepted besides `credentials` (docs/identity.md). */
  identity: IdentitySources.prefault({}),
  trust: TrustSettings,
  /** Built-in detectors (docs/detectors.md). */
  detectors: DetectorSettings,
  guardrails: GuardrailSettings,
  /** What is enforced and what is only observed; unset is enforced (docs/rollout.md). */
  modes: ModeRules,
  observe: ObserveSettings,
  approvals: ApprovalPolicy,
  /** Where approvals, overrides, incidents and demotions are told to (docs/approvals.md). */
  webhooks: Webhooks.default([]),
  answer_valid_ms: AnswerValidMs,
  tenants: TenantSettings,
  store: StoreSettings,
  /** Rules over windows of the log; what exceeds them is an alert (docs/monitoring.md). */
  monitoring: MonitoringSettings,
  audit: AuditSettings,
})
export type Config = z.infer<typeof Config>
