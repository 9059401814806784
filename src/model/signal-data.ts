import { z } from 'zod'

import { identifier } from '../format/identifier.ts'
import { Layer } from './layer.ts'
import { ID_CHARS_MAX } from './request.ts'
import { isOutcomeClass, isStateClass, type AnySignalClass, type StateClass } from './signal-classes.ts'
import { WireId } from './wire-fields.ts'

const agent = identifier(ID_CHARS_MAX)
const session = z.string().min(1).max(ID_CHARS_MAX)
/** RFC 3339, any offset. */
const time = z.iso.datetime({ offset: true })
/** Free detail; kept in the record, sealed. */
const detail = z.json().optional()

/** What the data of a judged observation of a decision are. */
export const JudgedData = z.strictObject({ decision_id: WireId, layer: Layer, detail })
/** What the data of an outcome of a decision are. */
export const OutcomeData = z.strictObject({ decision_id: WireId, result: detail, detail })

/** The data of each class about an agent or a session. */
export const STATE_DATA = {
  credential_issued: z.strictObject({ issued_at: time.optional(), detail }),
  credential_rotated: z.strictObject({ issued_at: time, detail }),
  certificate_renewed: z.strictObject({ not_after: time, detail }),
  workload_attested: z.strictObject({ ok: z.boolean(), until: time.optional(), detail }),
  delegator_mfa: z.strictObject({ ok: z.boolean(), detail }),
  provisioned: z.strictObject({ owner: WireId.optional(), issued_at: time.optional(), detail }),
  deprovisioned: z.strictObject({ detail }),
  revoked: z.strictObject({ detail }),
  session_risk: z.strictObject({ session, level: z.enum(['low', 'medium', 'high']), detail }),
  used_output_of: z.strictObject({ session, agent, detail }),
  injection_indicator: z
    .strictObject({
      confidence: z.number().min(0).max(1),
      found_in: z.enum(['arguments', 'behaviour', 'output']),
      /** A person or a second check looked at it and says it is one. */
      confirmed: z.boolean().default(false),
      session: session.optional(),
      /** The decision in whose scope a weak indicator weighs. */
      decision_id: WireId.optional(),
      detail,
    })
    .refine((data) => data.found_in !== 'output' || data.session !== undefined, {
      message: 'an indicator in the output of a tool bounds the session, so name it',
      path: ['session'],
    }),
  canary_tripped: z.strictObject({ session: session.optional(), decision_id: WireId.optional(), detail }),
  exfiltration: z.strictObject({ session: session.optional(), decision_id: WireId.optional(), detail }),
  permission_escalation: z.strictObject({ session: session.optional(), decision_id: WireId.optional(), detail }),
} as const satisfies Record<StateClass, z.ZodType>

/** The schema of the data of a class. */
export function signalDataOf(name: AnySignalClass): z.ZodObject<Readonly<Record<string, z.ZodType>>> {
  if (isStateClass(name)) return STATE_DATA[name]
  return isOutcomeClass(name) ? OutcomeData : JudgedData
}
