import { canonicalJson, sha256Hex } from '../format/canonical-json.ts'

/** A request as far as its digest is concerned. */
export type DigestibleRequest = {
  readonly subject: unknown
  readonly action: unknown
  readonly resource: unknown
  readonly context?: object | undefined
}

/**
 * What an approval is bound to: lower-case hex SHA-256 over the canonical `{tenant, request}` without `request.context.approval`.
 * A context that is absent, undefined, empty, or holds nothing but the approval counts as absent, so that a retry with its
 * approval has the digest of the first try. `unvouched`: nobody vouches for who asks, so it is another request than the same one of an
 * agent, and the approvals of the two never meet.
 */
export function requestDigest(request: DigestibleRequest, tenant: string, unvouched = false): string {
  return sha256Hex(canonicalJson({ tenant, request: withoutApproval(request), ...(unvouched ? { unvouched } : {}) }))
}

function withoutApproval(request: DigestibleRequest): object {
  const { context, ...rest } = request
  const facts = Object.entries(context ?? {}).filter(([key]) => key !== 'approval')
  return facts.length === 0 ? rest : { ...rest, context: Object.fromEntries(facts) }
}
