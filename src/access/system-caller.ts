import type { Caller } from './caller.ts'

/** Who the service itself is, in records that nobody asked for. */
export function systemCaller(tenant: string): Caller {
  return {
    tenant,
    credential: 'system',
    roles: ['operator', 'administrator'],
    human_subject_types: [],
    supported_obligations: [],
    verified_facts: [],
    trusted_composition: false,
    layers: [],
  }
}
