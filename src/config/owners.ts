/**
 * The room that declares each part of the configuration, by the beginning of the key: its `settings.ts` has the schema, the defaults and
 * the limits. The longest beginning that fits decides.
 */
export const SETTINGS_OWNERS = {
  policies: 'policy',
  bundles: 'policy',
  base: 'policy',
  entrypoints: 'policy',
  http: 'http',
  credentials: 'access',
  identity: 'identity',
  trust: 'ladder',
  'trust.import_keys': 'evidence/import',
  detectors: 'evidence/detectors',
  signals: 'evidence/signals',
  guardrails: 'decisions',
  modes: 'policy',
  observe: 'reports/observe',
  approvals: 'approvals',
  webhooks: 'webhooks',
  answer_valid_ms: 'decisions',
  tenants: 'policy',
  store: 'stores',
  monitoring: 'reports/monitoring',
  audit: 'audit',
  'audit.detail': 'decisions',
  'audit.reviews': 'reports',
} as const satisfies Readonly<Record<string, string>>

/** A folder of `src` with a `settings.ts`. */
export type SettingsOwner = (typeof SETTINGS_OWNERS)[keyof typeof SETTINGS_OWNERS]

const OWNERS: ReadonlyMap<string, SettingsOwner> = new Map(Object.entries(SETTINGS_OWNERS))

/** The room that declares the setting at a path; undefined where there is no such setting. */
export function ownerOf(path: readonly PropertyKey[]): SettingsOwner | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const owner = OWNERS.get(path.slice(0, length).map(String).join('.'))
    if (owner !== undefined) return owner
  }
  return undefined
}
