/** Marks markup. Not exported: only this file makes it, so a string is never taken for markup. */
const MARKUP: unique symbol = Symbol('markup')

/** Text that is HTML already, complete and escaped. */
export type Html = { readonly [MARKUP]: string }

/** What a template takes: text is escaped and shows its invisible characters, markup stays as it is, null is nothing. */
export type HtmlPart = string | number | Html | readonly Html[] | null

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/**
 * What a reader would not see, or what would move other characters about: controls, format and bidirectional characters, private
 * and unassigned ones, fillers, variation selectors, line separators, and every space but the plain one.
 */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|[^\P{Zs} ]/gu

/**
 * Fills a template. Every value is escaped for text and for attributes in double quotes, which are the only places where a
 * template may have one.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return markup(strings.map((string, at) => string + partText(parts[at] ?? null)).join(''))
}

/** The HTML as it is sent. */
export function htmlText(part: Html): string {
  return part[MARKUP]
}

/** A constant of ours as it is. Never for anything that comes from outside. */
export function unescaped(constant: string): Html {
  return markup(constant)
}

/** Text kept character by character: for what a form sends back. */
export function exact(text: string): Html {
  return markup(escape(text))
}

/** Text with its invisible characters as `U+202E` in a mark of their own, so that text that looks like one cannot be taken for one. */
export function marked(text: string): Html {
  const shown = splitInvisible(text).map(({ plain, hidden }) =>
    hidden === undefined ? escape(plain) : `<mark>${codePoint(hidden)}</mark>`,
  )
  return markup(shown.join(''))
}

/** Text with its own line breaks; every other invisible character is marked. */
export function paragraphs(text: string): Html {
  return markup(
    text
      .split('\n')
      .map((line) => htmlText(marked(line)))
      .join('<br>'),
  )
}

/** A JSON value indented by two, complete; each string is a piece of its own, so that its writing direction moves nothing else. */
export function jsonHtml(value: unknown, indent = ''): Html {
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const items = value.map((each: unknown) => inner + htmlText(jsonHtml(each, inner)))
    return markup(items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n${indent}]`)
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => `${inner}${stringHtml(name)}: ${htmlText(jsonHtml(member, inner))}`,
    )
    return markup(members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n${indent}}`)
  }
  return markup(typeof value === 'string' ? stringHtml(value) : escape(JSON.stringify(value)))
}

/** A text is folded from this length on, in characters, and shows so many of them then. */
const [FOLDED_CHARS_MIN, BEGINNING_CHARS] = [400, 80] as const

function stringHtml(text: string): string {
  const whole = `<bdi>${htmlText(marked(JSON.stringify(text)))}</bdi>`
  if (text.length < FOLDED_CHARS_MIN) return whole
  const hidden = text.match(INVISIBLE)?.length ?? 0
  const said = `${text.length} characters${hidden === 0 ? '' : `, ${hidden} of them invisible`}`
  const beginning = htmlText(marked(cutText(text, BEGINNING_CHARS)))
  return `<details class="long"><summary><bdi>${beginning}</bdi> <span class="small">${said}</span></summary>${whole}</details>`
}

/** The beginning of a text with an ellipsis, in UTF-16 code units without half a character; the whole where it is not longer. */
export function cutText(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax).replace(/[\uD800-\uDBFF]$/u, '')}…`
}

function markup(text: string): Html {
  return { [MARKUP]: text }
}

function partText(part: HtmlPart): string {
  if (part === null) return ''
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') return escape(part.replaceAll(INVISIBLE, (hidden) => `⟨${codePoint(hidden)}⟩`))
  return isHtml(part) ? part[MARKUP] : part.map(htmlText).join('')
}

function isHtml(part: Html | readonly Html[]): part is Html {
  return MARKUP in part
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/gu, (character) => ENTITIES[character] ?? '')
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

type Piece = { readonly plain: string; readonly hidden: string | undefined }

function splitInvisible(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const { 0: hidden, index } of text.matchAll(INVISIBLE)) {
    pieces.push({ plain: text.slice(from, index), hidden: undefined }, { plain: '', hidden })
    from = index + hidden.length
  }
  return [...pieces, { plain: text.slice(from), hidden: undefined }]
}
