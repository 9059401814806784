import type { AuditRecord } from '../ledger/record.ts'
import type { LogReader } from './log-reader.ts'
import type { Findings } from './verify-findings.ts'

/** The digest of an archived policy set, computed from its bytes; undefined for bytes that are none. */
export type PolicySetDigest = (archive: Uint8Array) => string | undefined

/** Compares the policy sets that records name, by digest and so in the tree, with those archived. */
export type PolicySetCheck = {
  readonly row: (leafIndex: number, record: AuditRecord) => void
  /** How many policy sets the records name. */
  readonly finished: (reader: Pick<LogReader, 'policySets'>) => number
}

/** A check that has seen no record. */
export function createPolicySetCheck(digestOf: PolicySetDigest, findings: Findings): PolicySetCheck {
  const named = new Map<string, { readonly leafIndex: number; readonly id: string }>()
  return {
    row: (leafIndex, { kind, id, body }) => {
      const digest = kind === 'policy_set' ? body['digest'] : kind === 'decision' ? body['policy_set'] : undefined
      if (typeof digest === 'string' && !named.has(digest)) named.set(digest, { leafIndex, id })
    },
    finished: (reader) => {
      const archived = new Set<string>()
      for (const { digest, bytes } of reader.policySets()) {
        archived.add(digest)
        if (!named.has(digest) || digestOf(bytes) === digest) continue
        findings.add({
          kind: 'policy_set_differs',
          subject: digest,
          message: 'The archived policy set is not the one that records name by this digest.',
        })
      }
      for (const [digest, first] of named) {
        if (archived.has(digest)) continue
        const message = 'The policy set that this record names, the first one to do so, is not archived any more.'
        findings.add({ kind: 'policy_set_gone', ...first, subject: digest, message })
      }
      return named.size
    },
  }
}
