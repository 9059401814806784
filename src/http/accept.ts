import type { IncomingHttpHeaders } from 'node:http'

/** How much a media type is wanted: its quality (0–1), and how exactly a range names it (0: any type, 1: its group, 2: itself). */
type Wanted = { readonly quality: number; readonly exact: number }

const QUALITY = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/u

/** Whether `Accept` asks for plain text rather than JSON (RFC 9110, 12.5.1); JSON where both are wanted alike or nothing is said. */
export function prefersText({ accept }: IncomingHttpHeaders): boolean {
  if (accept === undefined) return false
  const ranges = accept.split(',').map(rangeOf)
  const text = wanted(ranges, 'text', 'plain')
  const json = wanted(ranges, 'application', 'json')
  if (text.quality !== json.quality) return text.quality > json.quality
  return text.quality > 0 && text.exact > json.exact
}

function rangeOf(range: string): { readonly name: string; readonly quality: number } {
  const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
  const given = parameters.find((parameter) => parameter.startsWith('q='))
  return { name, quality: given === undefined ? 1 : Number(QUALITY.exec(given)?.[1] ?? 0) }
}

/** The range that names a type most exactly says how much it is wanted. */
function wanted(ranges: readonly ReturnType<typeof rangeOf>[], group: string, subtype: string): Wanted {
  const names = [`${group}/${subtype}`, `${group}/*`, '*/*']
  const at = names.findIndex((name) => ranges.some((range) => range.name === name))
  return { quality: ranges.find(({ name }) => name === names[at])?.quality ?? 0, exact: names.length - 1 - at }
}
