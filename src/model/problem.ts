import { z } from 'zod'

/** RFC 9457 problem details. `errors` names each place in the input. */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().optional(),
  code: z.string(),
  fix: z.string().optional(),
  errors: z.array(z.strictObject({ pointer: z.string(), message: z.string() })).optional(),
})

export type Problem = z.infer<typeof Problem>
