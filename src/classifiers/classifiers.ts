import { z } from 'zod'

import type { SecretSources } from '../access/secret-text.ts'
import type { InjectionClassifier, TopicModel } from '../detect/external-classifier.ts'
import type { ExternalClassifiers } from '../evidence/detectors/external-classifiers.ts'
import type { DetectorSettings, ExternalClassifier } from '../evidence/detectors/settings.ts'
import { askModel, type ModelAt } from './ask-model.ts'
import { limited, MODEL_LIMITS } from './limited.ts'
import { modelToken } from './model-token.ts'

/** The answer of a classifier: its confidence that there is an injection. Other members are ignored. */
const Classified = z.object({ confidence: z.number().min(0).max(1) })
/** The answer of a topic model: 1 is fully within the declared topic. Other members are ignored. */
const Scored = z.object({ score: z.number().min(0).max(1) })

/** What asking models over HTTP needs; `steadyMs` is a monotonic clock. */
export type ModelDeps = { readonly fetch: typeof fetch; readonly steadyMs: () => number }

/**
 * A classifier behind HTTP: `POST {"texts": […]}` → `{"confidence": 0 to 1}`. Rejects with code `io` if there is no valid answer
 * in time.
 */
export function createInjectionClassifier(
  model: Pick<ExternalClassifier, 'url' | 'timeout_ms'>,
  token: string | undefined,
  deps: ModelDeps,
): InjectionClassifier {
  const at: ModelAt = { url: model.url, token, fetch: deps.fetch }
  const ask = async (texts: readonly string[], signal: AbortSignal): Promise<number> =>
    (await askModel(at, { texts }, Classified, signal)).confidence
  return limited(ask, { ...MODEL_LIMITS, timeoutMs: model.timeout_ms }, deps.steadyMs)
}

/**
 * A topic model behind HTTP: `POST {"action": […], "topic": "…"}` → `{"score": 0 to 1}`. Rejects with code `io` if there is no
 * valid answer in time.
 */
export function createTopicModel(
  model: Pick<ExternalClassifier, 'url' | 'timeout_ms'>,
  token: string | undefined,
  deps: ModelDeps,
): TopicModel {
  const at: ModelAt = { url: model.url, token, fetch: deps.fetch }
  const ask = async (question: { readonly action: readonly string[]; readonly topic: string }, signal: AbortSignal) =>
    (await askModel(at, question, Scored, signal)).score
  const within = limited(ask, { ...MODEL_LIMITS, timeoutMs: model.timeout_ms }, deps.steadyMs)
  return (action, topic) => within({ action, topic })
}

/** The models of a configuration, with their tokens. Throws `bad_config` if a token is missing or malformed. */
export function connectClassifiers(
  { injection_classifier: classifier, topic_model: topic }: DetectorSettings,
  sources: SecretSources,
  deps: ModelDeps,
): ExternalClassifiers {
  const tokenOf = (name: string, model: ExternalClassifier): string | undefined => modelToken(name, model, sources)
  return {
    ...(classifier === undefined
      ? {}
      : { injection_classifier: createInjectionClassifier(classifier, tokenOf('injection_classifier', classifier), deps) }),
    ...(topic === undefined ? {} : { topic_model: createTopicModel(topic, tokenOf('topic_model', topic), deps) }),
  }
}
