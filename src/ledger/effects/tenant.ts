import { z } from 'zod'

import { Override } from '../documents/approval.ts'
import { Containment } from '../documents/containment.ts'
import { id } from './fields.ts'

/** Effects on what holds in a whole tenant: emergency overrides, and what is contained. */
export const TENANT_EFFECTS = {
  /** A person takes over, or one more does; the override replaces the one of the same id. */
  override: z.strictObject({ kind: z.literal('override'), override: Override }),
  override_ended: z.strictObject({ kind: z.literal('override_ended'), id }),
  contain: z.strictObject({ kind: z.literal('contain'), containment: Containment }),
  lift: z.strictObject({ kind: z.literal('lift'), id }),
} as const
