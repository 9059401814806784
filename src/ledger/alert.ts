import { z } from 'zod'

/** How grave an alert is. */
export const AlertSeverity = z.enum(['info', 'warning', 'critical'])

export type AlertSeverity = z.infer<typeof AlertSeverity>

/** What an alert's record holds: counts and thresholds, never a value of a request. */
export const Alert = z.strictObject({
  rule: z.string().max(64),
  kind: z.enum(['volume', 'unexpected', 'range', 'log_review', 'spot_check']),
  severity: AlertSeverity,
  /** What the rule counts apart, such as the agent; null where it counts all. */
  group: z.string().max(600).nullable(),
  /** How many were found, and the bound. */
  found: z.number(),
  bound: z.strictObject({ above: z.number().optional(), below: z.number().optional() }),
  from: z.iso.datetime(),
  until: z.iso.datetime(),
  message: z.string().max(1_000),
  /** The newest record that counted. */
  record_id: z.string().max(64).nullable(),
})

export type Alert = z.infer<typeof Alert>
