import { z } from 'zod'

const atMs = z.int().nonnegative()

const id = z.string().min(1).max(512)

/** What may be taken out of service: one action, one scope, one agent, or the whole tenant. */
export const ContainmentTarget = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tenant') }),
  z.strictObject({ kind: z.literal('agent'), agent: id }),
  z.strictObject({ kind: z.literal('scope'), agent: id.optional(), scope: z.string().max(128) }),
  z.strictObject({ kind: z.literal('action'), agent: id.optional(), action: id }),
])

export type ContainmentTarget = z.infer<typeof ContainmentTarget>

/** A containment in force. */
export const Containment = z.strictObject({
  id,
  target: ContainmentTarget,
  by: z.enum(['person', 'incident']),
  reason: z.string().max(1_000),
  at_ms: atMs,
})

export type Containment = z.infer<typeof Containment>
