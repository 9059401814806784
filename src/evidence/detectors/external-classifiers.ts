import type { Caller } from '../../access/caller.ts'
import { partiesOf } from '../../access/parties.ts'
import { argumentTexts } from '../../detect/digest.ts'
import type { ClassifierAnswer, ClassifierAnswers, InjectionClassifier, TopicModel } from '../../detect/external-classifier.ts'
import { actionNames, declaredIn } from '../../detect/topic/topic-drift.ts'
import { ServiceError } from '../../format/error.ts'
import type { Layer } from '../../model/layer.ts'
import type { Observer } from '../../model/observation.ts'
import type { Request } from '../../model/request.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { outputText, requestObservation } from './request-detectors.ts'

/** Models that are asked besides the built-in detectors; a member that is absent is not there. */
export type ExternalClassifiers = { readonly injection_classifier?: InjectionClassifier; readonly topic_model?: TopicModel }

/** What asking needs. */
export type ClassifierDeps = { readonly outside: ExternalClassifiers; readonly observe: Observer }

/** Why a model of the configuration is not asked before the next start. */
const NOT_CONNECTED = 'it is in the configuration and was not there at the start: restart'

/**
 * Asks the models about an action that is to be decided: each once, both at a time, and only where its layer is watched and there is something to
 * ask. Undefined: none was asked. Never rejects; what fails is an answer that says so.
 */
export async function classifyAction(
  deps: ClassifierDeps,
  { request, caller }: { readonly request: Request; readonly caller: Caller },
  { settings: { detectors } }: Pick<PolicySet, 'settings'>,
): Promise<ClassifierAnswers | undefined> {
  const { injection, topic_drift } = detectors.settings
  const reads = isAsked('injection_classifier', deps, detectors) && injection.arguments_on
  const compares = isAsked('topic_model', deps, detectors) && topic_drift.on
  if (!(reads || compares) || partiesOf(request, caller).agent === null) return undefined
  const shown = requestObservation(request)
  const texts = reads && shown.arguments !== undefined ? argumentTexts(shown.arguments).texts.map(({ text }) => text) : []
  const declared = compares ? declaredIn(shown) : ''
  const names = (): readonly string[] => actionNames({ action: request.action.name, ...shown })
  return answersOf(
    ...(await Promise.all([
      classified(deps, cut(texts, injection.chars_max)),
      declared === '' ? undefined : answered(deps, 'topic_model', (model) => model(names(), declared)),
    ])),
  )
}

/** Asks the classifier about what a tool gave back, where behaviour is watched. Undefined: it was not asked. Never rejects. */
export async function classifyOutput(
  deps: ClassifierDeps,
  output: unknown,
  { settings: { detectors } }: Pick<PolicySet, 'settings'>,
): Promise<ClassifierAnswers | undefined> {
  const { injection } = detectors.settings
  if (!isAsked('injection_classifier', deps, detectors) || !injection.output_on) return undefined
  const text = outputText(output)
  return text === undefined ? undefined : answersOf(await classified(deps, cut([text], injection.chars_max)), undefined)
}

const LAYER_OF = { injection_classifier: 'behaviour', topic_model: 'context' } as const satisfies Record<
  keyof ExternalClassifiers,
  Layer
>

/** Whether a model is given or configured, and its layer watched. */
function isAsked(
  name: keyof ExternalClassifiers,
  { outside }: ClassifierDeps,
  detectors: PolicySet['settings']['detectors'],
): boolean {
  return (outside[name] !== undefined || detectors[name] !== undefined) && detectors.layers.includes(LAYER_OF[name])
}

function answersOf(injection: ClassifierAnswer | undefined, topic: ClassifierAnswer | undefined): ClassifierAnswers | undefined {
  if (injection === undefined && topic === undefined) return undefined
  return { ...(injection === undefined ? {} : { injection }), ...(topic === undefined ? {} : { topic }) }
}

/** What the classifier says of texts; undefined where there are none. */
async function classified(deps: ClassifierDeps, texts: readonly string[]): Promise<ClassifierAnswer | undefined> {
  return texts.length === 0 ? undefined : answered(deps, 'injection_classifier', (classifier) => classifier(texts))
}

/** What a model says; the metrics hear of one that says nothing. */
async function answered<K extends keyof ExternalClassifiers>(
  { outside, observe }: ClassifierDeps,
  name: K,
  ask: (model: NonNullable<ExternalClassifiers[K]>) => Promise<number>,
): Promise<ClassifierAnswer> {
  const model = outside[name]
  const answer = model === undefined ? ({ kind: 'failed', why: NOT_CONNECTED } as const) : await asked(() => ask(model))
  if (answer.kind === 'failed') observe({ kind: 'degraded', cause: name })
  return answer
}

/** The answer of one call. Only messages of ours are kept: another error could hold what was sent. */
async function asked(ask: () => Promise<number>): Promise<ClassifierAnswer> {
  try {
    const value = await ask()
    // Never −0, which no record gives back.
    if (value >= 0 && value <= 1) return { kind: 'answered', value: Math.abs(value) }
    return { kind: 'failed', why: 'its answer is not a number from 0 to 1' }
  } catch (error) {
    return { kind: 'failed', why: error instanceof ServiceError ? error.message : 'it failed' }
  }
}

/** The first characters of texts that are not empty, as many as the rules look at too. */
function cut(texts: readonly string[], charsMax: number): readonly string[] {
  let left = charsMax
  return texts.flatMap((text) => {
    const looked = text.slice(0, left)
    left -= looked.length
    return looked.trim() === '' ? [] : [looked]
  })
}
