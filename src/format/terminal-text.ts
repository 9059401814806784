/**
 * What a terminal may not be shown raw: control characters (so no escape sequence), and invisible or text-reordering characters.
 * Line feed and tab are shown too where text has to stay on one line.
 */

const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' }

/** Makes every character that could act on a terminal visible. The text stays on one line. */
export function escapeLine(text: string): string {
  return text.replace(UNSAFE, (char) => NAMED[char] ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}

/** Like `escapeLine`, but keeps line breaks. */
export function escapeText(text: string): string {
  return text.split('\n').map(escapeLine).join('\n')
}

/** JSON text with the escapes of JSON for everything that could act on a terminal; still the same JSON. Line breaks between its parts stay. */
export function escapeJson(text: string): string {
  return text.replace(UNSAFE, (char) => {
    if (char === '\n') return char
    return [...Array(char.length).keys()].map((at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
  })
}

/** How text may look. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan'
/** Gives text a look where there is a terminal; leaves it alone elsewhere. */
export type Paint = (style: Style, text: string) => string
/** Text without a look, for what is no terminal. */
export const plainPaint: Paint = (_style, text) => text
