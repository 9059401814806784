/** Escapes of JSON and of most programming languages. */
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|[nrt"\\/])/gu
/** Characters written for markup. */
const ENTITY = /&(?:#(\d{1,6})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot|nbsp|apos));/giu
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', nbsp: ' ', apos: "'" }
/** Four letters or more, each apart from the next. */
const SPACED = /(?<![\p{L}\p{N}])\p{L}(?:[ ._*-]\p{L}){3,}(?![\p{L}\p{N}])/gu
const CODE_POINT_MAX = 0x10ffff
const [HEX, DECIMAL] = [16, 10]

/** A text as it will be shown: one level of escapes of JSON and of markup undone, spaced letters joined. */
export function unwrapText(text: string): string {
  return text.replace(ESCAPE, unescape).replace(ENTITY, character).replace(SPACED, joined)
}

function unescape(whole: string, hex: string | undefined): string {
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, HEX))
  const kind = whole.charAt(1)
  return kind === '"' || kind === '\\' || kind === '/' ? kind : '\n'
}

function character(whole: string, decimal: string | undefined, hex: string | undefined, name: string | undefined): string {
  if (name !== undefined) return NAMED[name.toLowerCase()] as string
  const code = decimal === undefined ? Number.parseInt(hex as string, HEX) : Number.parseInt(decimal, DECIMAL)
  return code <= CODE_POINT_MAX ? String.fromCodePoint(code) : whole
}

function joined(run: string): string {
  return run.replace(/[ ._*-]/gu, '')
}
