import { z } from 'zod'

const atMs = z.int().nonnegative()

/** What is verified about the credentials and the workload of an agent; what is absent is not known. */
export const Posture = z.strictObject({
  /** When the credential in use was issued or last rotated. */
  credential_issued_ms: atMs.optional(),
  /** When the workload's certificate ends. */
  certificate_not_after_ms: atMs.optional(),
  /** Whether the workload was attested, and until when that holds. */
  attested: z.strictObject({ ok: z.boolean(), until_ms: atMs.optional() }).optional(),
  /** Whether the human on whose behalf it acts signed in with more than one factor. */
  delegator_mfa: z.boolean().optional(),
})
export type Posture = z.infer<typeof Posture>
