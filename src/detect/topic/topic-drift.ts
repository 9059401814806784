import { alarm, clean, notLooked, type Reading, shown } from '../finding.ts'
import { unitOrNull } from '../injection/injection.ts'
import { leavesOf } from '../json-leaves.ts'
import type { RawDecided, TopicOverlap } from '../observation.ts'
import type { DetectSettings } from '../settings.ts'
import { relationOf } from './relation.ts'
import { topicTokens } from './tokens.ts'

/** What a ticket is about besides its own words. */
const TICKET = 'ticket'

/** What the words of an action mean for the topic that was declared. */
export type TopicReading = { readonly topic: 'in_topic' | 'suspected' | 'outside' | 'unknown'; readonly score: number }

/** What was declared: purpose and ticket, one under the other; empty where nothing was. */
export function declaredIn({ purpose, ticket }: Pick<RawDecided, 'purpose' | 'ticket'>): string {
  return [purpose, ticket].filter((text) => text !== undefined && text.trim() !== '').join('\n')
}

/** What an action is called: its name, its resource, the names of its arguments. */
export function actionNames(raw: Pick<RawDecided, 'action' | 'resource_type' | 'resource_id' | 'arguments'>): readonly string[] {
  return [raw.action, raw.resource_type ?? '', raw.resource_id ?? '', ...leavesOf(raw.arguments ?? null).keys]
}

/** Counts the words of action, resource and argument names that lie within the declared purpose, ticket and vocabulary, and asks the catalogue; null where nothing was declared. */
export function overlapOf(raw: RawDecided, settings: DetectSettings['topic_drift']): TopicOverlap | null {
  const declared = declaredIn(raw)
  if (declared === '') return null
  const said = topicTokens(raw.ticket === undefined ? declared : `${declared}\n${TICKET}`)
  const topic = withVocabulary(said, settings.vocabulary)
  const action = topicTokens(actionNames(raw).join('\n'))
  const relation = relationOf(raw, action, topic)
  return {
    action_tokens: action.size,
    topic_tokens: topic.size,
    shared_tokens: [...action].filter((token) => topic.has(token)).length,
    ...(relation === undefined ? {} : { relation }),
    model: unitOrNull(raw.topic_model_score),
  }
}

/** The topic with the words of each vocabulary that it names, or of which it has two words. */
function withVocabulary(
  topic: ReadonlySet<string>,
  vocabulary: DetectSettings['topic_drift']['vocabulary'],
): ReadonlySet<string> {
  const declared = Object.entries(vocabulary).flatMap(([name, words]) => {
    const tokens = [...topicTokens(words.join('\n'))]
    const isNamed = [...topicTokens(name)].some((token) => topic.has(token))
    return isNamed || tokens.filter((token) => topic.has(token)).length > 1 ? tokens : []
  })
  return new Set([...topic, ...declared])
}

/** In topic, outside of it, perhaps outside, or too few words to tell; the score is the model's, else the share of the action's words that are in the topic. */
export function topicOf(overlap: TopicOverlap, settings: DetectSettings['topic_drift']): TopicReading {
  const { model, relation } = overlap
  const apart = relation === 'outside' ? 'outside' : 'suspected'
  if (model !== null) return { topic: model < settings.model_score_min ? apart : 'in_topic', score: model }
  const score = overlap.action_tokens === 0 ? 0 : overlap.shared_tokens / overlap.action_tokens
  if (relation === 'related') return { topic: 'in_topic', score: Math.max(score, settings.containment_min) }
  if (relation === 'outside') return { topic: 'outside', score: 0 }
  if (relation === 'general' || Math.min(overlap.action_tokens, overlap.topic_tokens) < settings.tokens_min)
    return { topic: 'unknown', score: 0 }
  return { topic: score < settings.containment_min ? 'suspected' : 'in_topic', score }
}

/** Jaccard similarity of the two sets of words, 0–1; 0 where there are none. */
export function jaccardOf(overlap: TopicOverlap): number {
  const union = overlap.action_tokens + overlap.topic_tokens - overlap.shared_tokens
  return union === 0 ? 0 : overlap.shared_tokens / union
}

const BY_RELATION = {
  related: '; the purpose speaks of its tool or scope',
  general: '; it looks something up, which serves any purpose',
  outside: '; the purpose speaks of other scopes',
  unrelated: '; the purpose speaks of no scope that it belongs to',
} as const satisfies Record<NonNullable<TopicOverlap['relation']>, string>

/** What the overlap means. Outside of the declared scope is anomalous; what may be outside is suspicious. */
export function readTopic(overlap: TopicOverlap | null, settings: DetectSettings['topic_drift']): Reading {
  if (overlap === null) return notLooked('not_applicable', 'no purpose and no ticket was declared: unknown')
  const { topic, score } = topicOf(overlap, settings)
  const by = reasonOf(overlap)
  if (topic === 'unknown') return notLooked('cannot_tell', `too few words to tell: ${by}`)
  if (topic === 'in_topic') return clean(1 - score, `in topic: ${by}`)
  return alarm({
    verdict: topic === 'outside' ? 'anomalous' : 'suspicious',
    score: 1 - score,
    reason: `${topic === 'outside' ? 'outside of the declared scope' : 'perhaps out of the declared topic'}: ${by}`,
    resets: 'with the next action: each is looked at by itself',
  })
}

function reasonOf(overlap: TopicOverlap): string {
  if (overlap.model !== null) return `the topic model says ${shown(overlap.model)}`
  const { action_tokens, topic_tokens, shared_tokens, relation } = overlap
  const words = `${shared_tokens} of ${action_tokens} words of the action are in the declared topic of ${topic_tokens} (Jaccard ${shown(jaccardOf(overlap))})`
  return `${words}${relation === undefined ? '' : BY_RELATION[relation]}`
}
