import { alarm, clean, notLooked, type Reading, shown } from './finding.ts'
import { foldText } from './injection/fold.ts'
import { unitOrNull } from './injection/injection.ts'
import { leavesOf } from './json-leaves.ts'
import type { RawDecided, TopicOverlap } from './observation.ts'
import type { DetectSettings } from './settings.ts'

/** Most characters read of a purpose or ticket, and of the words of an action. */
const TOPIC_CHARS_MAX = 16_384
const STEM_CHARS_MIN = 3
const CAMEL = /(\p{Ll}|\p{N})(?=\p{Lu})/gu
const WORD = /\p{L}{2,}/gu
/** Words that say nothing of what it is about: grammar, verbs that every tool has, names that every argument has. */
const STOP_WORDS = new Set(
  [
    'the and for with from that this into onto about over under after before are was were will would should could can may must has have had not but all any',
    'our your his her its their them they you she him who what when where which why how there here then than also only please need want help make use using',
    'get set read write list create update delete remove add find search fetch query send post put call run execute do check show view open close start stop',
    'id ids key keys name names value values type types data text body title limit offset page size count filter sort fields format path url options',
    'to of in on at by as is be an or if it we he me my so no up us',
  ].flatMap((line) => line.split(' ').map(stem)),
)

/** What the words of an action mean for the topic that was declared. */
export type TopicReading = { readonly topic: 'in_topic' | 'drift' | 'unknown'; readonly score: number }

/** The stems of a text's words, without stop words. Names in camel case, with `_`, `.` or `-`, fall into their words; what holds digits is dropped. */
export function topicTokens(text: string): ReadonlySet<string> {
  const plain = foldText(text.slice(0, TOPIC_CHARS_MAX).replace(CAMEL, '$1 '))
  const parts = plain.split(/[^\p{L}\p{N}]+/u).filter((part) => !/\p{N}/u.test(part))
  return new Set(
    parts
      .flatMap((part) => part.match(WORD) ?? [])
      .map(stem)
      .filter((token) => !STOP_WORDS.has(token)),
  )
}

/** A light stem of an English word: plural, -ing, -ed, and a final e or y gone. Only equality of stems matters. */
export function stem(word: string): string {
  const bare = word
    .replace(/(?:ies|ied)$/u, 'y')
    .replace(/(?:sses)$/u, 'ss')
    .replace(/(?:ing|ed)$/u, '')
    .replace(/(?<![su])s$/u, '')
  const short = bare.length < STEM_CHARS_MIN ? word : bare
  return short.length > STEM_CHARS_MIN ? short.replace(/[ey]$/u, '') : short
}

/** What was declared: purpose and ticket, one under the other; empty where nothing was. */
export function declaredIn({ purpose, ticket }: Pick<RawDecided, 'purpose' | 'ticket'>): string {
  return [purpose, ticket].filter((text) => text !== undefined && text.trim() !== '').join('\n')
}

/** What an action is called: its name, its resource, the names of its arguments. */
export function actionNames(raw: Pick<RawDecided, 'action' | 'resource_type' | 'resource_id' | 'arguments'>): readonly string[] {
  return [raw.action, raw.resource_type ?? '', raw.resource_id ?? '', ...leavesOf(raw.arguments ?? null).keys]
}

/** Counts the words of action, resource and argument names that lie within the declared purpose, ticket and vocabulary; null where nothing was declared. */
export function overlapOf(raw: RawDecided, settings: DetectSettings['topic_drift']): TopicOverlap | null {
  const declared = declaredIn(raw)
  if (declared === '') return null
  const topic = withVocabulary(topicTokens(declared), settings.vocabulary)
  const action = topicTokens(actionNames(raw).join('\n'))
  const shared = [...action].filter((token) => topic.has(token))
  return {
    action_tokens: action.size,
    topic_tokens: topic.size,
    shared_tokens: shared.length,
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

/** In topic, out of it, or too few words to tell; the score is the model's, else the share of the action's words that are in the topic. */
export function topicOf(overlap: TopicOverlap, settings: DetectSettings['topic_drift']): TopicReading {
  if (overlap.model !== null)
    return { topic: overlap.model < settings.model_score_min ? 'drift' : 'in_topic', score: overlap.model }
  if (Math.min(overlap.action_tokens, overlap.topic_tokens) < settings.tokens_min) return { topic: 'unknown', score: 0 }
  const score = overlap.shared_tokens / overlap.action_tokens
  return { topic: score < settings.containment_min ? 'drift' : 'in_topic', score }
}

/** Jaccard similarity of the two sets of words, 0–1; 0 where there are none. */
export function jaccardOf(overlap: TopicOverlap): number {
  const union = overlap.action_tokens + overlap.topic_tokens - overlap.shared_tokens
  return union === 0 ? 0 : overlap.shared_tokens / union
}

/** What the overlap means. Drift with nothing shared is anomalous, with something it is suspicious. */
export function readTopic(overlap: TopicOverlap | null, settings: DetectSettings['topic_drift']): Reading {
  if (overlap === null) return notLooked('not_applicable', 'no purpose and no ticket was declared: unknown')
  const { topic, score } = topicOf(overlap, settings)
  const by =
    overlap.model === null
      ? `${overlap.shared_tokens} of ${overlap.action_tokens} words of the action are in the declared topic of ${overlap.topic_tokens} (Jaccard ${shown(jaccardOf(overlap))})`
      : `the topic model says ${shown(overlap.model)}`
  if (topic === 'unknown') return notLooked('cannot_tell', `too few words to tell: ${by}`)
  if (topic === 'in_topic') return clean(1 - score, `in topic: ${by}`)
  const isApart = overlap.model !== null || overlap.shared_tokens === 0
  return alarm({
    verdict: isApart ? 'anomalous' : 'suspicious',
    score: 1 - score,
    reason: `out of the declared topic: ${by}`,
    resets: 'with the next action: each is looked at by itself',
  })
}
