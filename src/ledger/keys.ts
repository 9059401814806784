import type { ScopeKey } from '../model/scope.ts'
import type { DocumentKey } from './documents/documents.ts'
import type { TallyOf } from './documents/tally.ts'

/** Where an approval is kept: under the digest of the very request, so that no other request finds it. */
export function approvalKey(tenant: string, requestDigest: string) {
  return { kind: 'approval', tenant, id: requestDigest } as const
}

/** Where the open approvals of a tenant are listed. */
export function inboxKey(tenant: string) {
  return { kind: 'inbox', tenant, id: '' } as const
}

/** Where the trust of an agent is kept. */
export function agentKey(tenant: string, id: string) {
  return { kind: 'agent', tenant, id } as const
}

/** Where what is switched off in a tenant is kept. */
export function tenantKey(tenant: string) {
  return { kind: 'tenant', tenant, id: '' } as const
}

/** Where the activity of an account is kept: what really ran, or what would have run in one rehearsal. */
export function activityKey(tenant: string, account: string, rehearsal?: string): DocumentKey<'activity' | 'rehearsal'> {
  if (rehearsal === undefined) return { kind: 'activity', tenant, id: account }
  return { kind: 'rehearsal', tenant, id: `${rehearsal}/${account}` }
}

/** Where the bounds of an agent are kept. */
export function boundsKey(tenant: string, agent: string): DocumentKey<'bounds'> {
  return { kind: 'bounds', tenant, id: agent }
}

/** Where the pauses of an agent are kept; of the empty agent, those that name none. */
export function pausesKey(tenant: string, agent: string) {
  return { kind: 'pauses', tenant, id: agent } as const
}

/** Where the places of tools are kept: one catalogue holds for all tenants. */
export const TOOLS_KEY: DocumentKey<'tools'> = { kind: 'tools', tenant: 'default', id: '' }

/** Where the bounds of a session of an agent are kept; another agent's session of the same name is another. */
export function sessionKey(tenant: string, agent: string, session: string): DocumentKey<'session'> {
  return { kind: 'session', tenant, id: `${encodeURIComponent(agent)}/${encodeURIComponent(session)}` }
}

/** Where the detectors in force are kept: one policy set holds for all tenants. */
export const DETECTORS_KEY: DocumentKey<'detectors'> = { kind: 'detectors', tenant: 'default', id: '' }

/** Where what detectors remember of an agent is kept. */
export function watchKey(tenant: string, agent: string): DocumentKey<'watch'> {
  return { kind: 'watch', tenant, id: agent }
}

/** Where what detectors remember of an agent in one scope is kept. */
export function watchScopeKey(tenant: string, agent: string, scope: ScopeKey): DocumentKey<'watch_scope'> {
  return { kind: 'watch_scope', tenant, id: `${encodeURIComponent(agent)}/${scope}` }
}

/** Where is tallied how much was said in a layer of a scope of an agent, or by one rater or source about it. */
export function tallyKey(tenant: string, agent: string, of: TallyOf): DocumentKey<'tally'> {
  const parts = 'rater' in of ? ['rater', agent, of.rater] : ['scope', agent, of.scope, of.layer]
  return { kind: 'tally', tenant, id: parts.map(encodeURIComponent).join('/') }
}

/** Where the failures of an agent that wait are kept. */
export function filingsKey(tenant: string, agent: string): DocumentKey<'filings'> {
  return { kind: 'filings', tenant, id: agent }
}

/** Where owners of agents are kept: one catalogue holds for all tenants. */
export const OWNERS_KEY: DocumentKey<'owners'> = { kind: 'owners', tenant: 'default', id: '' }

/** Where the decisions of a tenant that somebody has to look at are listed. */
export function spotChecksKey(tenant: string): DocumentKey<'spot_checks'> {
  return { kind: 'spot_checks', tenant, id: '' }
}

/** Where the open permission requests of a tenant are listed. */
export function permissionRequestsKey(tenant: string): DocumentKey<'permission_requests'> {
  return { kind: 'permission_requests', tenant, id: '' }
}

/** Where is kept how often an account asked for permissions. */
export function permissionAsksKey(tenant: string, account: string): DocumentKey<'permission_asks'> {
  return { kind: 'permission_asks', tenant, id: account }
}

/** Where the record of a rater is kept. */
export function raterKey(tenant: string, rater: string): DocumentKey<'rater'> {
  return { kind: 'rater', tenant, id: rater }
}
