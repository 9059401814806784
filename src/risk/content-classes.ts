/** Most characters of a request's texts that are searched; of a longer one the classes cannot be known. */
export const CONTENT_CHARS_MAX = 262_144

/**
 * What each class of content looks like. Words and patterns that a person can read and correct, not a model; every pattern is a list
 * of words or of bounded repetitions, so that a search takes time linear in the text.
 */
const PATTERNS = {
  pricing: [
    /\b(?:price|prices|pricing|discount|discounts|quote|quotation|rebate|surcharge|refund|refunds|invoice total)\b/u,
    /\b(?:per (?:seat|user|month|year)|list price|volume discount|special offer|price match)\b/u,
    /(?:[$€£¥] ?\d|\d ?(?:[$€£¥]|usd\b|eur\b|gbp\b|chf\b))/u,
  ],
  account_changes: [
    /\b(?:change|changed|update|updated|reset|close|closed|cancel|cancelled|delete|suspend|reactivate|upgrade|downgrade) (?:your|the|this|my|their|customer|user)? ?(?:account|password|subscription|plan|email address|billing|bank details|payment method)\b/u,
    /\b(?:account (?:closure|deletion|suspension|cancellation|takeover)|password reset|new bank details|new iban)\b/u,
  ],
  emotional_language: [
    /\b(?:angry|furious|outraged|disgusted|heartbroken|devastated|desperate|ashamed|terrified|humiliated|unacceptable|disappointed|frustrated)\b/u,
    /\b(?:we are (?:so|deeply|truly) sorry|sincerely apologi[sz]e|i feel your pain|condolences|please do not panic|you will regret)\b/u,
    /!!!/u,
  ],
  personal_data: [
    /\b(?:social security number|ssn|passport number|passport no|date of birth|driver'?s licen[cs]e|national id|tax id|home address|medical record|diagnosis|health insurance number|maiden name|ethnicity|religion|sexual orientation)\b/u,
    /\b\d{3}-\d{2}-\d{4}\b/u,
    /\b[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){3,7}(?: ?[a-z0-9]{1,4})?\b/u,
    /\b\d(?:[ -]?\d){12,18}\b/u,
  ],
} as const satisfies Readonly<Record<string, readonly RegExp[]>>

/** A class of content that is recognised. */
export type ContentClass = keyof typeof PATTERNS
/** The classes of content that are recognised, sorted. */
export const CONTENT_CLASSES = (Object.keys(PATTERNS) as ContentClass[]).sort()

/**
 * The classes found in the texts of JSON values, sorted; undefined where there is more text than is searched. Letter case,
 * compatibility forms and invisible characters do not matter.
 */
export function contentClasses(values: readonly unknown[]): readonly ContentClass[] | undefined {
  const texts: string[] = []
  const left = values.reduce<number>((chars, value) => collect(value, texts, chars), CONTENT_CHARS_MAX)
  if (left < 0) return undefined
  const text = texts
    .join('\n')
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase()
    .replace(/\s+/gu, ' ')
  return CONTENT_CLASSES.filter((name) => PATTERNS[name].some((pattern) => pattern.test(text)))
}

/** Gathers the texts and member names of a value; returns how many characters may still come, negative once they are too many. */
function collect(value: unknown, texts: string[], left: number): number {
  if (left < 0) return left
  if (typeof value === 'string' || typeof value === 'number') {
    texts.push(String(value))
    return left - String(value).length - 1
  }
  if (typeof value !== 'object' || value === null) return left
  if (Array.isArray(value)) return value.reduce<number>((chars, item) => collect(item, texts, chars), left)
  return Object.entries(value).reduce(
    (chars, [name, item]) => collect(item, texts, collect(name.replaceAll('_', ' '), texts, chars)),
    left,
  )
}
