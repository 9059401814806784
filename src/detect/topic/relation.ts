import type { CatalogueVocabulary } from '../../catalogue/vocabulary.ts'
import type { RawDecided, TopicRelation } from '../observation.ts'
import { isGeneral, isOpenEnded, topicsOf } from './everyday-topics.ts'
import { topicTokens } from './tokens.ts'

/** Stems, and the topics of everyday work that they belong to. */
type Words = { readonly tokens: ReadonlySet<string>; readonly topics: ReadonlySet<string> }

/** The words of a catalogue, made once per catalogue. */
const wordsOfCatalogue = new WeakMap<CatalogueVocabulary, ReadonlyMap<string, Words>>()

/** How an action lies to what was declared, by the words of the catalogue and those of everyday work; undefined without a catalogue. */
export function relationOf(
  raw: Pick<RawDecided, 'action' | 'scope' | 'category' | 'resource_type' | 'resource_id' | 'vocabulary'>,
  names: ReadonlySet<string>,
  topic: ReadonlySet<string>,
): TopicRelation | undefined {
  const { vocabulary } = raw
  if (vocabulary === undefined) return undefined
  const scopes = scopeWords(vocabulary)
  const declared = wordsOf(topic)
  const own = wordsOf(new Set([...names, ...topicTokens(vocabulary.tools.get(raw.action) ?? '')]))
  const scope = scopes.get(raw.scope)
  if (meets(own, declared) || (scope !== undefined && meets(scope, declared))) return 'related'
  const others = [...scopes].filter(([name, words]) => name !== raw.scope && meets(words, declared)).map(([name]) => name)
  const object = wordsOf(topicTokens([raw.resource_type ?? '', raw.resource_id ?? ''].join('\n')))
  const isElsewhere =
    !(scope !== undefined && meets(object, scope)) &&
    [...scopes].some(([name, words]) => name !== raw.scope && !others.includes(name) && meets(object, words))
  if (others.length > 0 && !isOpenEnded(topic) && (isElsewhere || reachesFar(raw))) return 'outside'
  return raw.category === 'read_only' && [...topicTokens(raw.action)].every(isGeneral) ? 'general' : 'unrelated'
}

/** What cannot be taken back, or leaves: outside of what was declared it is no preparation. */
function reachesFar({ category }: Pick<RawDecided, 'category'>): boolean {
  return category !== 'read_only' && category !== 'local_reversible_write'
}

function scopeWords(vocabulary: CatalogueVocabulary): ReadonlyMap<string, Words> {
  const known = wordsOfCatalogue.get(vocabulary)
  if (known !== undefined) return known
  const words = new Map([...vocabulary.scopes].map(([name, text]) => [name, wordsOf(topicTokens(text))]))
  wordsOfCatalogue.set(vocabulary, words)
  return words
}

function wordsOf(tokens: ReadonlySet<string>): Words {
  return { tokens, topics: topicsOf(tokens) }
}

/** They share a word, or a topic of everyday work. */
function meets(one: Words, other: Words): boolean {
  return (
    [...one.tokens].some((token) => !isGeneral(token) && other.tokens.has(token)) ||
    [...one.topics].some((topic) => other.topics.has(topic))
  )
}
