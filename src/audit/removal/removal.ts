import { z } from 'zod'

import type { AuditRecord } from '../../ledger/record.ts'

/** Records that one removal record names at most, so that it stays far below the limit of a leaf. */
export const REMOVAL_RECORDS_MAX = 500

/** Members whose values are removed, or what is inside them, and the leaf indexes of the records that lose them. */
export const Removal = z.strictObject({
  members: z.array(z.string().min(1)).min(1),
  leaves: z.array(z.int().min(0)).min(1).max(REMOVAL_RECORDS_MAX),
})
export type Removal = z.infer<typeof Removal>

/** Why values are removed: a person ordered it, or they were kept as long as the configuration says. */
export type RemovalVerb = 'erase' | 'retain'

/** The `action` of a removal's record. */
export const REMOVAL_ACTIONS = { erase: 'audit.erase', retain: 'audit.retain' } as const satisfies Record<RemovalVerb, string>

/** What a record says was removed; undefined for every other record. `removals` undefined: an erasure of before they were listed. */
export function removalsOf({ kind, action, body }: AuditRecord):
  | {
      readonly verb: RemovalVerb
      readonly removals: readonly Removal[] | undefined
    }
  | undefined {
  const verb = (['erase', 'retain'] as const).find((each) => REMOVAL_ACTIONS[each] === action && body['verb'] === each)
  if (kind !== 'operator' || verb === undefined) return undefined
  if (body['removed'] === undefined) return { verb, removals: undefined }
  const parsed = z.array(Removal).safeParse(body['removed'])
  return { verb, removals: parsed.success ? parsed.data : [] }
}

/** Whether a pointer is one of these members, or inside one. */
export function isWithin(pointer: string, members: readonly string[]): boolean {
  return members.some((member) => pointer === member || pointer.startsWith(`${member}/`))
}
