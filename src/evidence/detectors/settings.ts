import { z } from 'zod'

import { DetectSettings } from '../../detect/settings.ts'
import { outboundUrl } from '../../format/outbound-url.ts'

/** Longest that a decision waits for a model, ms. */
const CLASSIFIER_TIMEOUT_MS_MAX = 5_000

/** An external classifier that detectors ask (docs/detectors.md). */
export const ExternalClassifier = z.strictObject({
  /** Where texts are sent to. */
  url: outboundUrl({ insteadOfPassword: 'name a "secret"', shown: 'what agents do' }),
  /** How long a decision waits for it. */
  timeout_ms: z.int().min(10).max(CLASSIFIER_TIMEOUT_MS_MAX).default(200),
  /** Environment variable or file that holds the token which is sent along (`Authorization: Bearer`). */
  secret: z
    .union([z.strictObject({ env: z.string().min(1).max(256) }), z.strictObject({ file: z.string().min(1).max(4_096) })])
    .optional(),
})

export type ExternalClassifier = z.infer<typeof ExternalClassifier>

/** `detectors` of the configuration (docs/detectors.md): which layers they watch, their thresholds, and classifiers elsewhere. */
export const DetectorSettings = z
  .strictObject({
    /** Layers that they watch and earn in; none by default, so that only reported signals count. */
    layers: z
      .array(z.enum(['identity', 'behaviour', 'context']))
      .max(3)
      .default([]),
    settings: DetectSettings.prefault({}),
    /** A model that says how sure it is of a prompt injection; asked where behaviour is watched. */
    injection_classifier: ExternalClassifier.optional(),
    /** A model that says how far an action lies within its declared topic; asked where context is watched. */
    topic_model: ExternalClassifier.optional(),
  })
  .superRefine(({ layers, injection_classifier, topic_model }, context) => {
    const refuse = (name: string, layer: string): void =>
      context.addIssue({ code: 'custom', path: [name], message: `it is never asked: add "${layer}" to "layers"` })
    if (injection_classifier !== undefined && !layers.includes('behaviour')) refuse('injection_classifier', 'behaviour')
    if (topic_model !== undefined && !layers.includes('context')) refuse('topic_model', 'context')
  })
  .prefault({})
export type DetectorSettings = z.infer<typeof DetectorSettings>
