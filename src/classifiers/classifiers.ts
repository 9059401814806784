import { z } from 'zod'

import type { SecretSources } from '../access/secret-text.ts'
import type { InjectionClassifier, TopicModel } from '../detect/external-classifier.ts'
import type { ExternalClassifiers } from '../evidence/detectors/external-classifiers.ts'
import type { DetectorSettings, ExternalClassifier } from '../evidence/detectors/settings.ts'
import { askModel, type ModelAt } from './ask-model.ts'
import { limited, MODEL_LIMITS } from './limited.ts'
import { modelToken } from './model-token.ts'

/** The answer of a classifier: its confidence that there is an injection. Other members are ignored. */
const Confidence = z.object({ confidence: z.number().min(0).max(1) }).transform(({ confidence }) => confidence)
/** The answer of a topic model: 1 is fully within the declared topic. Other members are ignored. */
const Score = z.object({ score: z.number().min(0).max(1) }).transform(({ score }) => score)

/** What asking models over HTTP needs; `steadyMs` is a monotonic clock. */
export type ModelDeps = { readonly fetch: typeof fetch; readonly steadyMs: () => number }

type Model = Pick<ExternalClassifier, 'url' | 'timeout_ms'>

/**
 * A classifier behind HTTP: `POST {"texts": […]}` → `{"confidence": 0 to 1}`. Rejects with code `io` if there is no valid answer in
 * time.
 */
export function createInjectionClassifier(model: Model, token: string | undefined, deps: ModelDeps): InjectionClassifier {
  const ask = askWithin(model, token, deps, Confidence)
  return (texts) => ask({ texts })
}

/**
 * A topic model behind HTTP: `POST {"action": […], "topic": "…"}` → `{"score": 0 to 1}`. Rejects with code `io` if there is no valid
 * answer in time.
 */
export function createTopicModel(model: Model, token: string | undefined, deps: ModelDeps): TopicModel {
  const ask = askWithin(model, token, deps, Score)
  return (action, topic) => ask({ action, topic })
}

function askWithin(
  model: Model,
  token: string | undefined,
  deps: ModelDeps,
  answer: z.ZodType<number>,
): (question: object) => Promise<number> {
  const at: ModelAt = { url: model.url, token, fetch: deps.fetch }
  const ask = (question: object, signal: AbortSignal): Promise<number> => askModel(at, question, answer, signal)
  return limited(ask, { ...MODEL_LIMITS, timeoutMs: model.timeout_ms }, deps.steadyMs)
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
