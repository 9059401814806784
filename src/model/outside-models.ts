import { z } from 'zod'

import type { Detector } from './detect-finding.ts'

/** Longest that a decision waits for a model, ms. */
export const MODEL_TIMEOUT_MS_MAX = 5_000

/** A model outside of this decision point that detectors ask (docs/detectors.md). */
export const OutsideModel = z.strictObject({
  /** Where texts are sent to. */
  url: z
    .url({ protocol: /^https?$/u })
    .max(2_000)
    .superRefine((url, context) => {
      const wrong = URL.canParse(url) ? wrongIn(new URL(url)) : undefined
      if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong })
    }),
  /** How long a decision waits for it. */
  timeout_ms: z.int().min(10).max(MODEL_TIMEOUT_MS_MAX).default(200),
  /** Environment variable or file that holds the token which is sent along (`Authorization: Bearer`). */
  secret: z
    .union([z.strictObject({ env: z.string().min(1).max(256) }), z.strictObject({ file: z.string().min(1).max(4_096) })])
    .optional(),
})
export type OutsideModel = z.infer<typeof OutsideModel>

const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u

/** What is wrong with where texts are to be sent; undefined when nothing is. */
function wrongIn({ protocol, hostname, username, password, hash }: URL): string | undefined {
  if (username !== '' || password !== '') return 'no user name or password in the URL: name a "secret"'
  if (hash !== '') return 'no fragment in the URL: it is never sent'
  if (protocol === 'http:' && !LOOPBACK.test(hostname))
    return `http would show "${hostname}" and everybody on the way what agents do: use https, or a proxy on 127.0.0.1`
  return undefined
}

/** What came of asking a model: a number 0–1, or why there is none, in words of ours. */
export type OutsideAnswer =
  { readonly kind: 'answered'; readonly value: number } | { readonly kind: 'failed'; readonly why: string }

/** What models said of one action; absent members: not asked. */
export type OutsideAnswers = {
  /** How sure the classifier is that it is an injection. */
  readonly injection?: OutsideAnswer
  /** How far the action lies within what was declared. */
  readonly topic?: OutsideAnswer
}

/** What should have looked and did not. A model that gave no answer, and a detector that could not tell, keep their layer from earning for this action. */
export type Blind = { readonly detector: Detector | 'injection_classifier' | 'topic_model'; readonly reason: string }
