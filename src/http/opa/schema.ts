import { z } from 'zod'

import { REJECTIONS } from '../../decisions/opa-log/wire.ts'

/** Body of `POST /v1/data/{path}`. Other members are accepted and ignored, as OPA does. */
export const DataRequest = z.looseObject({ input: z.json().optional() })

/** Answer of the data API. `result` is absent when undefined. */
export const DataResponse = z.strictObject({
  decision_id: z.string().optional(),
  result: z.json().optional(),
  warning: z.strictObject({ code: z.string(), message: z.string() }).optional(),
})

/** OPA's form of an error. */
export const OpaError = z.strictObject({
  code: z.string(),
  message: z.string(),
  errors: z.array(z.looseObject({ code: z.string(), message: z.string() })).optional(),
})

/** `GET /health`: empty when well. */
export const Health = z.strictObject({ error: z.string().optional(), warnings: z.array(z.string()).optional() })

/** Body of `POST /logs`: entries of OPA's decision log (EventV1); members that are not named here are accepted and not read. */
export const DecisionLogBody = z.array(
  z.looseObject({
    decision_id: z.string(),
    timestamp: z.string(),
    path: z.string().optional(),
    input: z.json().optional(),
    result: z.json().optional(),
  }),
)

/** What became of an uploaded decision log. */
export const LogAnswerBody = z.strictObject({
  received: z.int(),
  recorded: z.int(),
  /** Entries that were recorded before. */
  repeated: z.int(),
  rejected: z.int(),
  /** The first entries that were rejected. */
  problems: z.array(
    z.strictObject({
      index: z.int(),
      decision_id: z.string().nullable(),
      reason: z.enum(REJECTIONS),
      message: z.string(),
    }),
  ),
})
