import { z } from 'zod'

import { ActionCategory, Classification } from '../catalogue/catalogue-file.ts'
import type { CatalogueVocabulary } from '../catalogue/vocabulary.ts'
import { ID_CHARS_MAX } from '../model/request.ts'
import { StakeClass, ToolCategory } from '../model/scope.ts'
import { DetectRuleId } from './sequence-rules.ts'

/** Most argument shapes kept of one action. */
export const SHAPES_MAX = 64
/** Most injection rules reported for one action. */
export const HITS_MAX = 16
/** Longest place of an injection hit, characters. */
export const PLACE_CHARS_MAX = 128

const count = z.int().min(0)
const unit = z.number().min(0).max(1)
/** Milliseconds since 1970-01-01 UTC. */
const timeMs = z.number()
/** An unsalted 32-bit hash: it tells equal from different and gives nothing back. */
const hash = z.int().min(0).max(0xffff_ffff)
/** Of an action name or session id, for people to read. */
const name = z.string().max(ID_CHARS_MAX)

/** One injection rule that hit, and the JSON Pointer of the text (empty: the text itself; cut to 128 characters). Nothing of the text is kept. */
export const InjectionHit = z
  .strictObject({ rule: DetectRuleId, confidence: unit, place: z.string().max(PLACE_CHARS_MAX) })
  .readonly()
export type InjectionHit = z.infer<typeof InjectionHit>

/**
 * What the injection rules found in the texts of one action: characters looked at, whether that was all of it, the rules that hit (strongest
 * first) and the confidence of an outside classifier, null where none was asked or none answered.
 */
export const InjectionScan = z
  .strictObject({
    chars: count,
    complete: z.boolean(),
    hits: z.array(InjectionHit).max(HITS_MAX).readonly(),
    /** What the signs say together, 0–1; absent in records of versions that took the strongest for all. */
    score: unit.optional(),
    classifier: unit.nullable().default(null),
  })
  .readonly()
export type InjectionScan = z.infer<typeof InjectionScan>

/**
 * `related`: its tool or scope is one that the purpose speaks of. `general`: it looks something up, which serves any purpose. `outside`: the purpose speaks of
 * other scopes, and the action leaves them. `unrelated`: none of these.
 */
export const TopicRelation = z.enum(['related', 'general', 'outside', 'unrelated'])
export type TopicRelation = z.infer<typeof TopicRelation>

/**
 * How far the words of an action lie within what was declared: tokens of the action, of the declared topic, how many they share, and the score
 * (0–1) of an outside topic model, null where none was asked or none answered.
 */
export const TopicOverlap = z
  .strictObject({
    action_tokens: count,
    topic_tokens: count,
    shared_tokens: count,
    /** How the action lies to what was declared by the words of the catalogue; absent in records of versions that did not ask it. */
    relation: TopicRelation.optional(),
    model: unit.nullable().default(null),
  })
  .readonly()
export type TopicOverlap = z.infer<typeof TopicOverlap>

/** What kind of text a tool gave back: characters, characters looked at, bits per character, and characters in runs that look encoded. */
export const OutputMeasure = z
  .strictObject({ chars: count, looked_chars: count, bits_per_char: z.number().min(0).max(32), encoded_chars: count })
  .readonly()
export type OutputMeasure = z.infer<typeof OutputMeasure>

const about = {
  at_ms: timeMs,
  action: name,
  /** Tool category, the first half of the trust scope. */
  scope: ToolCategory,
  stake: StakeClass,
  /** Null: the caller named no session. */
  session: name.nullable(),
}

/** What is kept of an action that was decided: enough to update every detector, no argument, no text. */
export const DecidedDigest = z
  .strictObject({
    kind: z.literal('decided'),
    ...about,
    category: ActionCategory,
    destructive: z.boolean(),
    external: z.boolean(),
    classification: Classification.nullable(),
    /** Denied by the base policy. A denial by trust or risk is not one. */
    base_denied: z.boolean(),
    /** Whether the decision let it run. */
    ran: z.boolean(),
    /** Hashes of the shapes of the arguments, sorted; null: no arguments were seen. */
    shapes: z
      .strictObject({ hashes: z.array(hash).max(SHAPES_MAX).readonly(), complete: z.boolean() })
      .readonly()
      .nullable(),
    injection: InjectionScan.nullable(),
    topic: TopicOverlap.nullable(),
  })
  .readonly()
export type DecidedDigest = z.infer<typeof DecidedDigest>

/** What is kept of an action that came to its end. */
export const FinishedDigest = z
  .strictObject({
    kind: z.literal('finished'),
    ...about,
    /** Null: nobody said whether it failed. */
    failed: z.boolean().nullable(),
    /** Tokens used; null: nobody said. */
    tokens: z.number().min(0).nullable(),
    output: OutputMeasure.nullable(),
    injection: InjectionScan.nullable(),
  })
  .readonly()
export type FinishedDigest = z.infer<typeof FinishedDigest>

/** What a record keeps of one observation. Detector state is the fold of these alone. */
export const ObservationDigest = z.discriminatedUnion('kind', [DecidedDigest, FinishedDigest])
export type ObservationDigest = z.infer<typeof ObservationDigest>

type RawAbout = {
  readonly at_ms: number
  readonly action: string
  readonly scope: ToolCategory
  readonly stake: StakeClass
  readonly session?: string | undefined
}

/** An action as it was decided, with all its texts; never stored. `arguments` is any JSON value. */
export type RawDecided = RawAbout & {
  readonly kind: 'decided'
  readonly category: ActionCategory
  readonly destructive: boolean
  readonly external: boolean
  readonly classification?: Classification | undefined
  readonly base_denied: boolean
  readonly ran: boolean
  readonly arguments?: unknown
  readonly resource_type?: string | undefined
  readonly resource_id?: string | undefined
  /** What the session or task was declared to be for. */
  readonly purpose?: string | undefined
  /** Text of the ticket that is being worked on. */
  readonly ticket?: string | undefined
  /** What the catalogue calls its tools and scopes; absent: there is none. */
  readonly vocabulary?: CatalogueVocabulary | undefined
  /** Confidence 0–1 of an outside injection classifier over the arguments. */
  readonly classifier_confidence?: number | undefined
  /** Score 0–1 of an outside topic model: 1 is wholly within the declared topic. */
  readonly topic_model_score?: number | undefined
}

/** An action that ended, with what the tool gave back; never stored. */
export type RawFinished = RawAbout & {
  readonly kind: 'finished'
  readonly failed?: boolean | undefined
  readonly tokens?: number | undefined
  readonly output_text?: string | undefined
  /** Confidence 0–1 of an outside injection classifier over the output. */
  readonly classifier_confidence?: number | undefined
}

/** What `digestOf` reads. */
export type RawObservation = RawDecided | RawFinished
