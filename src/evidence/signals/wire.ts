import { z } from 'zod'

import { identifier } from '../../format/identifier.ts'
import { Layer } from '../../model/layer.ts'
import { OutcomeClass, SignalClass } from '../../model/outcome-classes.ts'
import { Problem } from '../../model/problem.ts'
import { ID_CHARS_MAX, TYPE_CHARS_MAX } from '../../model/request.ts'
import { ScopeKey } from '../../model/scope.ts'
import { STATE_CLASSES, type StateClass } from '../../model/signal-classes.ts'
import type { JudgedData, OutcomeData, STATE_DATA } from '../../model/signal-data.ts'
import { WireId } from '../../model/wire-fields.ts'
import { Severity } from '../../trust/constants.ts'
import { TrustChange } from '../../trust/trust-change.ts'

/** Events that one batch may hold. */
export const BATCH_SIGNALS_MAX = 1_000
/** Longest source and id of a signal, characters. */
const SOURCE_CHARS_MAX = 512

const agent = identifier(ID_CHARS_MAX)
/** RFC 3339, any offset. */
const time = z.iso.datetime({ offset: true })
/** Free detail; kept in the record, sealed. */
const detail = z.json().optional()
const source = z.string().min(1).max(SOURCE_CHARS_MAX).regex(/^\S+$/u, 'a URI reference, without white space')
const signalId = z.string().min(1).max(SOURCE_CHARS_MAX)

/** A class about an agent or a session with its data. */
export type StateSignal = {
  readonly [C in StateClass]: { readonly class: C; readonly data: z.infer<(typeof STATE_DATA)[C]> }
}[StateClass]
/** Any class with its data. */
export type SignalBody =
  | StateSignal
  | { readonly class: SignalClass; readonly data: z.infer<typeof JudgedData> }
  | { readonly class: OutcomeClass; readonly data: z.infer<typeof OutcomeData> }

/** One signal as an adapter hands it over, whatever form it came in. */
export type SignalEvent = {
  readonly signal: SignalBody
  /** The agent that it is about, where it says so. */
  readonly agent: string | null
  /** What tells it from others of the same credential; null where it is told by nothing, and may count again. */
  readonly origin: { readonly source: string; readonly id: string } | null
  /** RFC 3339; null: now. */
  readonly event_time: string | null
  /** The whole event as it came; kept in the record, sealed. */
  readonly raw: Readonly<Record<string, unknown>>
  /** What it is compared by when it comes again, where that is not the whole of it. */
  readonly compared?: Readonly<Record<string, unknown>>
}

/** A history as it is handed over: JSON lines, and the Ed25519 signature over their bytes. */
export type SignedHistory = { readonly bytes: Uint8Array; readonly signature: Uint8Array }

/** What tells one signal of a source from another; both or none. */
const origin = { source: source.optional(), id: signalId.optional() }

/** `POST /api/v1/signals`, the plain form about a decision, with or without what tells it from others. */
export const DecisionSignal = z.strictObject({
  decision_id: WireId,
  layer: Layer.optional(),
  class: z.union([SignalClass, OutcomeClass]),
  event_time: time.optional(),
  result: detail,
  detail,
  ...origin,
})
export type DecisionSignal = z.infer<typeof DecisionSignal>

/** `POST /api/v1/signals`, the plain form about an agent or a session. `data` depends on the class (docs/signals.md). */
export const AgentSignal = z.strictObject({
  class: z.enum(STATE_CLASSES),
  agent,
  data: z.record(z.string(), z.json()).default({}),
  event_time: time.optional(),
  ...origin,
})
export type AgentSignal = z.infer<typeof AgentSignal>

/** Either plain form. */
export const PlainSignal = z.union([DecisionSignal, AgentSignal])

/** One CloudEvent of the type `gradus.signal.<class>`; an extension is a scalar with a name of lower-case letters and digits. */
export const SignalCloudEvent = z
  .object({
    specversion: z.literal('1.0'),
    id: signalId,
    source,
    type: z.string().min(1).max(TYPE_CHARS_MAX),
    /** The agent that it is about. */
    subject: agent.optional(),
    /** When it happened; now when absent. */
    time: time.optional(),
    datacontenttype: z
      .string()
      .max(256)
      .regex(/^application\/(?:[a-z0-9.+-]+\+)?json(?:\s*;.*)?$/iu, 'the data of a signal are JSON: "application/json"')
      .optional(),
    dataschema: z.string().min(1).max(2_048).optional(),
    data: z.record(z.string(), z.json()).default({}),
  })
  .catchall(z.union([z.string().max(1_024), z.boolean(), z.int()]))
  .superRefine((event, context) => {
    for (const name of Object.keys(event))
      if (!/^[a-z0-9]{1,20}$/u.test(name) || name === 'data_base64')
        context.addIssue({
          code: 'custom',
          path: [name],
          message:
            name === 'data_base64'
              ? 'the data of a signal are JSON: send "data"'
              : 'the name of an attribute is 1 to 20 lower-case letters and digits',
        })
  })
export type SignalCloudEvent = z.infer<typeof SignalCloudEvent>

/** A batch of CloudEvents. */
export const SignalBatch = z.array(SignalCloudEvent).max(BATCH_SIGNALS_MAX)

/** What a signal did. The same signal again is answered alike, with `duplicate`. */
export const SignalAnswer = z.strictObject({
  record_id: WireId,
  leaf_index: z.int(),
  state_version: z.int(),
  class: z.string(),
  layer: Layer,
  agent: z.string().nullable(),
  decision_id: z.string().nullable(),
  /** What it did, in words; empty: it is recorded, and that is all. */
  did: z.array(z.string()),
  changes: z.array(TrustChange),
  /** True: it was taken before, and nothing was written now. */
  duplicate: z.boolean(),
})
export type SignalAnswer = z.infer<typeof SignalAnswer>

/** What became of one event of a batch; `status` is what it would have been alone. */
export const SignalItem = z.strictObject({
  index: z.int(),
  source: z.string().nullable(),
  id: z.string().nullable(),
  status: z.int(),
  answer: SignalAnswer.optional(),
  problem: Problem.optional(),
})
export type SignalItem = z.infer<typeof SignalItem>

/** What became of a batch. A refused event changes nothing and holds up no other. */
export const SignalBatchAnswer = z.strictObject({
  accepted: z.int(),
  /** Of the accepted, those that were taken before. */
  duplicates: z.int(),
  refused: z.int(),
  items: z.array(SignalItem),
})
export type SignalBatchAnswer = z.infer<typeof SignalBatchAnswer>

/** One line of a history that is imported: a verified success or failure of long ago. */
export const ImportLine = z
  .strictObject({
    id: signalId.optional(),
    agent,
    scope: ScopeKey,
    layer: Layer,
    polarity: z.enum(['positive', 'negative']),
    /** How bad a failure was; `minor` when absent. */
    severity: Severity.optional(),
    /** What was at stake; an executed action when absent. */
    stake: z.enum(['read', 'proposal', 'executed']).default('executed'),
    event_time: time,
  })
  .refine((line) => line.polarity === 'negative' || line.severity === undefined, {
    message: 'a success has no severity',
    path: ['severity'],
  })
export type ImportLine = z.infer<typeof ImportLine>

/** What an import did. */
export const ImportAnswer = z.strictObject({
  record_id: WireId,
  leaf_index: z.int(),
  state_version: z.int(),
  /** SHA-256 of the file. */
  digest: z.string(),
  /** Id of the key that signed it. */
  key: z.string(),
  lines: z.int(),
  /** Units by agent, scope and layer, decayed to now; `good` is what the limit left of them. */
  totals: z.array(
    z.strictObject({ agent: WireId, scope: ScopeKey, layer: Layer, good: z.number(), bad: z.number(), good_given: z.number() }),
  ),
  changes: z.array(TrustChange),
  duplicate: z.boolean(),
})
export type ImportAnswer = z.infer<typeof ImportAnswer>
