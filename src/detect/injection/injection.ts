import { byCodeUnit } from '../../format/order.ts'
import { alarm, clean, learning, notLooked, type Reading, shown } from '../finding.ts'
import { HITS_MAX, type InjectionHit, type InjectionScan, PLACE_CHARS_MAX } from '../observation.ts'
import type { DetectSettings } from '../settings.ts'
import { decodedTexts } from './encoded.ts'
import { foldText, tokensOf } from './fold.ts'
import { findPhrases, indexPhrases, type PhraseIndex } from './phrase-matcher.ts'
import type { CHARACTER_KINDS, InjectionRule, InjectionRules } from './rule-schema.ts'
import { INJECTION_RULES } from './rules/default-rules.ts'
import { type Sign, strongestWindow, type Window } from './strongest-window.ts'
import { unwrapText } from './unwrap.ts'

/** A text and where it stands (a JSON Pointer; empty: it is the text itself). */
export type PlacedText = { readonly text: string; readonly place: string }

/** Signs that say less than this share of what is suspicious are what honest texts have, too. */
const WEAK_SHARE = 0.75
/** Scores are kept to so many parts of one. */
const SCORE_STEPS = 1_000

const CHARACTERS: Readonly<Record<(typeof CHARACTER_KINDS)[number], RegExp>> = {
  tag: /[\u{E0000}-\u{E007F}]/gu,
  bidi_control: /[\u202A-\u202E\u2066-\u2069]/gu,
  zero_width: /[\u200B-\u200D\u2060\uFEFF]/gu,
}

type Compiled = {
  readonly phrases: PhraseIndex
  readonly literals: readonly { readonly id: string; readonly text: string }[]
  readonly characters: readonly Extract<InjectionRule, { kind: 'characters' }>[]
  readonly rules: ReadonlyMap<string, InjectionRule>
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
    rules: new Map(rules.map((rule) => [rule.id, rule])),
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
  let score = 0
  for (const { text, place } of texts) {
    const looked = text.slice(0, left)
    left -= looked.length
    const found = scanText(looked, compiled)
    score = Math.max(score, found.score)
    for (const id of found.rules) if (!places.has(id)) places.set(id, place.slice(0, PLACE_CHARS_MAX).toWellFormed())
  }
  const total = texts.reduce((sum, { text }) => sum + text.length, 0)
  const chars = settings.chars_max - left
  const hits = [...places].map(([rule, place]): InjectionHit => ({ rule, confidence: confidenceOf(rule, compiled), place }))
  return {
    chars,
    complete: from.complete && chars === total,
    hits: hits.sort((a, b) => b.confidence - a.confidence || byCodeUnit(a.rule, b.rule)).slice(0, HITS_MAX),
    score: Math.round(score * SCORE_STEPS) / SCORE_STEPS,
    classifier: unitOrNull(from.classifier),
  }
}

function confidenceOf(rule: string, { rules }: Compiled): number {
  return (rules.get(rule) as InjectionRule).confidence
}

/** The signs of one text that say most together: in it, or in what base64 in it says. */
function scanText(text: string, compiled: Compiled): Window {
  return [text, ...decodedTexts(text)]
    .map((part) => strongestWindow(signsIn(part, compiled), characterSigns(part, compiled)))
    .reduce((best, one) => (one.score > best.score ? one : best))
}

function signsIn(part: string, compiled: Compiled): readonly Sign[] {
  const folded = foldText(unwrapText(part))
  const { words, starts } = tokensOf(folded)
  return [
    ...findPhrases(words, compiled.phrases).map(({ id, at }) => signOf(id, starts[at] as number, compiled)),
    ...compiled.literals.flatMap(({ id, text }) => placesOf(text, folded).map((at) => signOf(id, at, compiled))),
  ]
}

/** Every place of a text in another. */
function placesOf(literal: string, text: string): readonly number[] {
  const places: number[] = []
  for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + literal.length)) places.push(at)
  return places
}

function characterSigns(part: string, compiled: Compiled): readonly Sign[] {
  return compiled.characters
    .filter(({ characters, count_min }) => (part.match(CHARACTERS[characters]) ?? []).length >= count_min)
    .map(({ id }) => signOf(id, 0, compiled))
}

function signOf(id: string, at: number, { rules }: Compiled): Sign {
  const { group, confidence } = rules.get(id) as InjectionRule
  return { rule: id, group: group ?? id, confidence, at }
}

/** A number within 0–1 (never −0, which no record gives back); null for what is none. */
export function unitOrNull(value: number | undefined): number | null {
  return value !== undefined && value >= 0 && value <= 1 ? Math.abs(value) : null
}

/** What a scan means: what the signs say together or the classifier, whichever is surer. A whole text whose signs say little is clean. */
export function readInjection(scan: InjectionScan | null, settings: DetectSettings['injection'], noun: string): Reading {
  if (scan === null) return notLooked('not_applicable', `there was no ${noun} to look at`)
  const rules = scan.hits.map(({ rule }) => rule)
  // Scans of earlier versions have no score: the strongest sign spoke for all.
  const signs = scan.score ?? Math.max(0, ...scan.hits.map((hit) => hit.confidence))
  const confidence = Math.max(scan.classifier ?? 0, signs)
  const by = `${shownSigns(scan)}${scan.classifier === null ? '' : `; classifier ${shown(scan.classifier)}`}`
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
  if (signs >= settings.suspicious_confidence * WEAK_SHARE && rules.length > 0)
    return learning(`weak signs of prompt injection in the ${noun}: ${by}`, confidence)
  return clean(confidence, `${scan.chars} characters of the ${noun} looked at: ${by}`)
}

/** The signs with what each says by itself. */
function shownSigns({ hits, score }: InjectionScan): string {
  if (hits.length === 0) return 'no rule'
  return hits.map(({ rule, confidence }) => (score === undefined ? rule : `${rule} ${shown(confidence)}`)).join(', ')
}
