import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { parse, stringify } from 'yaml'

import { ROOT } from './server.ts'

/** Tokens of the credentials in `writeConfig`. */
export const TOKENS = {
  verifier: 'token-of-the-verifier',
  detectors: 'token-of-the-detectors',
  admin: 'token-of-the-admin',
  agent: 'token-of-an-agent',
} as const

const credential = (id: keyof typeof TOKENS, more: object) => ({
  id,
  token_sha256: createHash('sha256').update(TOKENS[id]).digest('hex'),
  ...more,
})

/**
 * A configuration under which an agent climbs within a handful of decisions, so that a test can watch it: no dwelling, few
 * verified decisions, a generous risk appetite. Everything else is the example organisation. Returns the file.
 */
export function writeConfig(folder: string, more: Readonly<Record<string, unknown>> = {}): string {
  const file = join(folder, 'gradus.yaml')
  const { tenants } = parse(readFileSync(join(ROOT, 'gradus.yaml'), 'utf8')) as { readonly tenants: object }
  const config = {
    tenants,
    policies: join(ROOT, 'policies'),
    bundles: join(ROOT, 'bundles'),
    http: {
      anonymous: {
        vouched: true,
        verified_facts: ['checks_passed', 'complexity'],
        supported_obligations: ['rollback_handle', 'redact_sensitive'],
      },
    },
    credentials: [
      credential('verifier', { roles: ['verifier'], verifier: 'deterministic' }),
      credential('detectors', { roles: ['signal_source'], layers: ['identity', 'behaviour', 'context'] }),
      credential('admin', { roles: ['administrator'] }),
      credential('agent', { roles: ['agent'], agent: 'coding-agent' }),
    ],
    trust: {
      promotion_interval_seconds: 0,
      constants: {
        prior_units: 1,
        anchors: [
          { failure_bound: 1, trust: 0 },
          { failure_bound: 0.5, trust: 0.5 },
          { failure_bound: 0.25, trust: 0.85 },
          { failure_bound: 0.05, trust: 1 },
        ],
        dwell_days: [0, 0, 0, 0, 0],
        count_min: [0, 1, 1, 1, 1],
        promotion_alpha: [1, 1, 1, 1, 1],
        verifiers_min: [0, 1, 1, 1, 1],
        stake_weights: { proposal: 1 },
      },
    },
    ...more,
  }
  writeFileSync(file, stringify(config))
  return file
}

/** The coding agent wants to merge a reviewed pull request. */
export const MERGE = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'merge_pr', properties: { arguments: { pull_request: 4211, strategy: 'squash' } } },
  resource: { type: 'pull_request', id: 'acme/web/4211' },
  context: { purpose: 'merge reviewed changes', facts: { checks_passed: true, complexity: 2 } },
} as const

/** The coding agent wants to read a file. */
export const READ = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'read_file' },
  resource: { type: 'file', id: 'workspace/readme.md' },
} as const
