import type { EvidenceDeps } from './evidence.ts'
import type { PolicySet } from './policy-set.ts'
import type { Transaction } from './ports.ts'
import { recordOf, type RecordDraft } from './records.ts'

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

/** Where a record of a person's word went, and the state that it made. */
export type Written = { readonly leaf_index: number; readonly state_version: number }

/** Writes the record of an operator's verb: who said so, about whom, and what it does. */
export function writeVerb(
  deps: Pick<SteeringDeps, 'newId'>,
  draft: Omit<RecordDraft, 'kind' | 'id' | 'body'> & { readonly body: { readonly verb: string } & RecordDraft['body'] },
  transaction: Transaction,
): Written {
  const { leafIndex } = transaction.append({ record: recordOf({ kind: 'operator', id: deps.newId(), ...draft }) })
  return { leaf_index: leafIndex, state_version: transaction.stateVersion() }
}
