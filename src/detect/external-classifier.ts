import type { Detector } from './finding.ts'

/** What came of asking a model: a number 0–1, or why there is none, in words of ours. */
export type ClassifierAnswer =
  { readonly kind: 'answered'; readonly value: number } | { readonly kind: 'failed'; readonly why: string }

/** What models said of one action; absent members: not asked. */
export type ClassifierAnswers = {
  /** How sure the classifier is that it is an injection. */
  readonly injection?: ClassifierAnswer
  /** How far the action lies within what was declared. */
  readonly topic?: ClassifierAnswer
}

/** What should have looked and did not. A model that gave no answer, and a detector that could not tell, keep their layer from earning for this action. */
export type DetectorGap = { readonly detector: Detector | 'injection_classifier' | 'topic_model'; readonly reason: string }

/**
 * An outside classifier of prompt injection: texts of one action → confidence 0–1. A rejection, or a number outside of that, is no answer: the detectors go on
 * with their rules alone.
 */
export type InjectionClassifier = (texts: readonly string[]) => Promise<number>

/**
 * An outside topic model: what an action is called (its name, resource, names of arguments) and what was declared → score 0–1, where 1 is wholly within the
 * declared topic. A rejection, or a number outside of that, is no answer.
 */
export type TopicModel = (action: readonly string[], declared: string) => Promise<number>
