import { createHash } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { parse, stringify } from 'yaml'

import { startServer } from '../../../src/app/serve.ts'
import type { RunningServer } from '../../../src/cli/support/deps.ts'
import type { LogEntry } from '../../../src/http/log.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

const STANDINGS: readonly { readonly id: string; readonly roles: readonly string[]; readonly [member: string]: unknown }[] = [
  { id: 'gateway', roles: ['enforcement_point'], human_subject_types: ['user'], verified_facts: ['ticket', 'purpose'] },
  { id: 'own', roles: ['enforcement_point', 'agent'], agent: 'finance-agent' },
  { id: 'uploader', roles: ['log_uploader'] },
  { id: 'detectors', roles: ['signal_source'], layers: ['identity', 'behaviour', 'context'] },
  { id: 'checks', roles: ['verifier'], verifier: 'deterministic' },
  { id: 'olivia', roles: ['operator'], person: 'olivia' },
  { id: 'ann', roles: ['approver'], person: 'ann' },
  { id: 'auditor', roles: ['auditor'] },
  { id: 'ada', roles: ['administrator'], person: 'ada' },
]

/** A token of each role. */
export const HOSTILE_TOKENS: readonly string[] = STANDINGS.map(({ id }) => tokenOf(id))

function tokenOf(id: string): string {
  return `token-of-${id}`
}

/** The example organisation on a free port, in a folder of its own, with a credential of each role and no rate that would turn requests away. */
export async function startHostileServer(
  folder: string,
  store: 'memory' | 'sqlite',
  log: (entry: LogEntry) => void,
): Promise<RunningServer> {
  for (const part of ['policies', 'bundles']) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  const organisation = parse(readFileSync(join(ROOT, 'gradus.yaml'), 'utf8')) as { readonly http: object }
  const hash = (token: string): string => createHash('sha256').update(token).digest('hex')
  const configFile = join(folder, 'gradus.yaml')
  const config = {
    ...organisation,
    http: {
      ...organisation.http,
      listen: '127.0.0.1:0',
      rates: { reports: { per_second: 100_000, burst: 100_000 } },
    },
    credentials: STANDINGS.map((standing) => ({ ...standing, token_sha256: hash(tokenOf(standing.id)) })),
  }
  writeFileSync(configFile, stringify(config))
  const options = {
    configFile,
    listen: undefined,
    dataDir: join(folder, 'data'),
    store,
    demo: false,
    watch: false,
    allowStale: true,
  }
  return startServer(options, { cwd: folder, version: '0.0.0-test', log, warn: () => undefined })
}
