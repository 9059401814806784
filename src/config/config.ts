import { z } from 'zod'

import { Credentials } from '../access/settings.ts'
import { ApprovalPolicy } from '../approvals/settings.ts'
import { AuditSettings } from '../audit/settings.ts'
import { AnswerValidMs, GuardrailSettings } from '../decisions/settings.ts'
import { DetectorSettings } from '../evidence/detectors/settings.ts'
import { SignalSettings } from '../evidence/signals/settings.ts'
import { HttpSettings } from '../http/settings.ts'
import { IdentitySources } from '../identity/settings.ts'
import { TrustSettings } from '../ladder/settings.ts'
import { BaseSettings, BundlesFolder, Entrypoints, ModeRules, PoliciesFolder, TenantSettings } from '../policy/settings.ts'
import { MonitoringSettings } from '../reports/monitoring/settings.ts'
import { ObserveSettings } from '../reports/observe/settings.ts'
import { StoreSettings } from '../stores/settings.ts'
import { Webhooks } from '../webhooks/settings.ts'

const Keys = z.strictObject({
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
  /** How alerts of other systems become signals (docs/signals.md). */
  signals: SignalSettings,
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

/** The configuration file (`gradus.yaml`). Paths are relative to the file. Each key is declared by its room (`owners.ts`). */
export const Config = Keys.superRefine(refuseUnknownSenders)
export type Config = z.infer<typeof Config>

/** A mapping that nobody can send by is a mistake: it names a credential that is not there. */
function refuseUnknownSenders({ credentials, identity, signals }: z.infer<typeof Keys>, context: z.RefinementCtx): void {
  const ids = new Set(credentials.map(({ id }) => id))
  const sources = [...identity.issuers, ...(identity.certificates === undefined ? [] : [identity.certificates])]
  const isKnown = (name: string): boolean =>
    ids.has(name) || sources.some(({ id }) => name.startsWith(`${id}:`) || name.startsWith(`${id}#`))
  for (const [index, mapping] of signals.mappings.entries())
    for (const [place, name] of mapping.credentials.entries())
      if (!isKnown(name))
        context.addIssue({
          code: 'custom',
          path: ['signals', 'mappings', index, 'credentials', place],
          message: `there is no credential "${name}": list it under "credentials", or name one of an identity source as SOURCE:SUBJECT`,
        })
}
