import type { EvidenceDeps } from './evidence.ts'
import type { PolicySet } from './policy-set.ts'

/** What the verbs of people who watch over agents need from outside: trust, incidents, promotions, containment. */
export type SteeringDeps = EvidenceDeps & { readonly policySet: () => PolicySet }

/** Where the trust of an agent is kept. */
export function agentKey(tenant: string, id: string) {
  return { kind: 'agent', tenant, id } as const
}

/** Where what is switched off in a tenant is kept. */
export function tenantKey(tenant: string) {
  return { kind: 'tenant', tenant, id: '' } as const
}
