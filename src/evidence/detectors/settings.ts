import { z } from 'zod'

import { DetectSettings } from '../../detect/settings.ts'

const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u

/** Longest that a decision waits for a model, ms. */
export const CLASSIFIER_TIMEOUT_MS_MAX = 5_000

/** A model outside of this decision point that detectors ask (docs/detectors.md). */
export const ExternalClassifier = z.strictObject({
  /** Where texts are sent to. */
  url: z
    .url({ protocol: /^https?$/u })
    .max(2_000)
    .superRefine((url, context) => {
      const wrong = URL.canParse(url) ? wrongIn(new URL(url)) : undefined
      if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong })
    }),
  /** How long a decision waits for it. */
  timeout_ms: z.int().min(10).max(CLASSIFIER_TIMEOUT_MS_MAX).default(200),
  /** Environment variable or file that holds the token which is sent along (`Authorization: Bearer`). */
  secret: z
    .union([z.strictObject({ env: z.string().min(1).max(256) }), z.strictObject({ file: z.string().min(1).max(4_096) })])
    .optional(),
})

export type ExternalClassifier = z.infer<typeof ExternalClassifier>

/** What is wrong with where texts are to be sent; undefined when nothing is. */
function wrongIn({ protocol, hostname, username, password, hash }: URL): string | undefined {
  if (username !== '' || password !== '') return 'no user name or password in the URL: name a "secret"'
  if (hash !== '') return 'no fragment in the URL: it is never sent'
  if (protocol === 'http:' && !LOOPBACK.test(hostname))
    return `http would show "${hostname}" and everybody on the way what agents do: use https, or a proxy on 127.0.0.1`
  return undefined
}

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
