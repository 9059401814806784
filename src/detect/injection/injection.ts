import { byCodeUnit } from '../../format/order.ts'
import { alarm, clean, learning, notLooked, type Reading, shown } from '../finding.ts'
import { HITS_MAX, type InjectionHit, type InjectionScan, PLACE_CHARS_MAX } from '../observation.ts'
import type { DetectSettings } from '../settings.ts'
import { INJECTION_RULES } from './default-rules.ts'
import { decodedTexts } from './encoded.ts'
import { foldText, wordsOf } from './fold.ts'
import { findPhrases, indexPhrases, type PhraseIndex } from './phrase-matcher.ts'
import type { CHARACTER_KINDS, InjectionRule, InjectionRules } from './rule-schema.ts'

/** A text and where it stands (a JSON Pointer; empty: it is the text itself). */
export type PlacedText = { readonly text: string; readonly place: string }

const CHARACTERS: Readonly<Record<(typeof CHARACTER_KINDS)[number], RegExp>> = {
  tag: /[\u{E0000}-\u{E007F}]/gu,
  bidi_control: /[\u202A-\u202E\u2066-\u2069]/gu,
  zero_width: /[\u200B-\u200D\u2060\uFEFF]/gu,
}

type Compiled = {
  readonly phrases: PhraseIndex
  readonly literals: readonly { readonly id: string; readonly text: string }[]
  readonly characters: readonly Extract<InjectionRule, { kind: 'characters' }>[]
  readonly confidence: ReadonlyMap<string, number>
}

/** Compiled rules by the settings they come from: what is the same is made once. */
const compiledOf = new WeakMap<DetectSettings['injection'], Compiled>()

/** The rules in force: the built-in ones that are not disabled, then the configured ones, which replace a built-in one of their id. */
export function injectionRules(settings: DetectSettings['injection']): InjectionRules {
  const replaced = new Set([...settings.disabled, ...settings.rules.map(({ id }) => id)])
  return [...INJECTION_RULES.filter(({ id }) => !replaced.has(id)), ...settings.rules]
}

function compile(settings: DetectSettings['injection']): Compiled {
  const known = compiledOf.get(settings)
  if (known !== undefined) return known
  const rules = injectionRules(settings)
  const compiled = {
    phrases: indexPhrases(
      rules.flatMap((rule) =>
        rule.kind === 'words' ? rule.phrases.map((steps) => ({ id: rule.id, steps, gapWords: rule.gap_words })) : [],
      ),
    ),
    literals: rules.flatMap((rule) =>
      rule.kind === 'literal' ? rule.texts.map((text) => ({ id: rule.id, text: foldText(text) })) : [],
    ),
    characters: rules.flatMap((rule) => (rule.kind === 'characters' ? [rule] : [])),
    confidence: new Map(rules.map(({ id, confidence }) => [id, confidence])),
  }
  compiledOf.set(settings, compiled)
  return compiled
}

/**
 * Looks for the rules in texts, in order, up to `chars_max` characters over all of them, and in what base64 in them says. Linear in the characters. What was
 * not looked at makes the scan incomplete. `complete`: whether the texts are all there were.
 */
export function scanTexts(
  texts: readonly PlacedText[],
  settings: DetectSettings['injection'],
  from: { readonly complete: boolean; readonly classifier?: number | undefined },
): InjectionScan {
  const compiled = compile(settings)
  const places = new Map<string, string>()
  let left = settings.chars_max
  for (const { text, place } of texts) {
    const looked = text.slice(0, left)
    left -= looked.length
    for (const id of rulesIn(looked, compiled))
      if (!places.has(id)) places.set(id, place.slice(0, PLACE_CHARS_MAX).toWellFormed())
  }
  const total = texts.reduce((sum, { text }) => sum + text.length, 0)
  const chars = settings.chars_max - left
  const hits = [...places].map(([rule, place]): InjectionHit => ({
    rule,
    confidence: compiled.confidence.get(rule) as number,
    place,
  }))
  return {
    chars,
    complete: from.complete && chars === total,
    hits: hits.sort((a, b) => b.confidence - a.confidence || byCodeUnit(a.rule, b.rule)).slice(0, HITS_MAX),
    classifier: unitOrNull(from.classifier),
  }
}

/** The rules that hit in one text. */
function rulesIn(text: string, { phrases, literals, characters }: Compiled): ReadonlySet<string> {
  const found = new Set<string>()
  for (const part of [text, ...decodedTexts(text)]) {
    for (const { id, characters: kind, count_min } of characters)
      if ((part.match(CHARACTERS[kind]) ?? []).length >= count_min) found.add(id)
    const folded = foldText(part)
    for (const literal of literals) if (folded.includes(literal.text)) found.add(literal.id)
    for (const id of findPhrases(wordsOf(folded), phrases)) found.add(id)
  }
  return found
}

/** A number within 0–1 (never −0, which no record gives back); null for what is none. */
export function unitOrNull(value: number | undefined): number | null {
  return value !== undefined && value >= 0 && value <= 1 ? Math.abs(value) : null
}

/** What a scan means: the strongest rule or the classifier, whichever is surer. Only a whole text without any hit is clean. */
export function readInjection(scan: InjectionScan | null, settings: DetectSettings['injection'], noun: string): Reading {
  if (scan === null) return notLooked('not_applicable', `there was no ${noun} to look at`)
  const rules = scan.hits.map(({ rule }) => rule)
  const confidence = Math.max(scan.classifier ?? 0, ...scan.hits.map((hit) => hit.confidence))
  const by = `${rules.length === 0 ? 'no rule' : rules.join(', ')}${scan.classifier === null ? '' : `; classifier ${shown(scan.classifier)}`}`
  if (confidence >= settings.suspicious_confidence && confidence > 0)
    return alarm({
      verdict: confidence >= settings.anomalous_confidence ? 'anomalous' : 'suspicious',
      score: confidence,
      reason: `signs of prompt injection in the ${noun} (${shown(confidence)}): ${by}`,
      rules,
      resets: 'with the next action: each is looked at by itself',
    })
  if (!scan.complete)
    return notLooked('cannot_tell', `only ${scan.chars} characters of the ${noun} were looked at, and not all of it`)
  if (rules.length > 0) return learning(`weak signs of prompt injection in the ${noun}: ${by}`, confidence)
  return clean(confidence, `${scan.chars} characters of the ${noun} looked at: ${by}`)
}
