import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The root of the repository. */
export const REPOSITORY = resolve(import.meta.dirname, '..', '..')

/** A fenced block. `follows`: nothing but blank lines stands between it and the block before. */
export type Fence = {
  readonly document: string
  readonly line: number
  readonly language: string
  /** `file=PATH` of the info string: the reader is told to write the block there. */
  readonly file: string | undefined
  /** `stays` in the info string: what the block starts runs on while the document goes on. */
  readonly stays: boolean
  readonly text: string
  readonly follows: boolean
}

/** Every document that a reader is given, by its path in the repository. */
export function documents(): readonly string[] {
  const inDocs = readdirSync(join(REPOSITORY, 'docs')).filter((name) => name.endsWith('.md'))
  return ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', ...inDocs.map((name) => `docs/${name}`).sort()]
}

/** The text of a document. */
export function textOf(document: string): string {
  return readFileSync(join(REPOSITORY, document), 'utf8')
}

/** The fenced blocks of a document, in order. */
export function fencesOf(document: string): readonly Fence[] {
  const fences: Fence[] = []
  let open: { readonly line: number; readonly info: string; readonly follows: boolean; readonly lines: string[] } | undefined
  let onlyBlankSince = false
  for (const [index, line] of textOf(document).split('\n').entries()) {
    const info = /^```(.*)$/u.exec(line)?.[1]
    if (open === undefined) {
      if (info !== undefined) open = { line: index + 1, info, follows: onlyBlankSince, lines: [] }
      else if (line.trim() !== '') onlyBlankSince = false
    } else if (info === '') {
      const [language = '', ...attributes] = open.info.trim().split(/\s+/u)
      const file = attributes.map((attribute) => /^file=(.+)$/u.exec(attribute)?.[1]).find((path) => path !== undefined)
      fences.push({
        document,
        line: open.line,
        language,
        file,
        stays: attributes.includes('stays'),
        text: `${open.lines.join('\n')}\n`,
        follows: open.follows,
      })
      open = undefined
      onlyBlankSince = true
    } else open.lines.push(line)
  }
  if (open !== undefined) throw new Error(`${document}:${open.line} opens a block that nothing closes`)
  return fences
}

/** A document without its fenced blocks; lines keep their numbers. */
export function proseOf(document: string): string {
  let inside = false
  return textOf(document)
    .split('\n')
    .map((line) => {
      if (!line.startsWith('```')) return inside ? '' : line
      inside = !inside
      return ''
    })
    .join('\n')
}

/** The rows of all tables of a text, cells trimmed, without header and rule. */
export function tableRows(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    if (!line.startsWith('|') || /^\|[\s:|-]+\|$/u.test(line) || /^\|[\s:|-]+\|$/u.test(lines[index + 1] ?? '')) return []
    return [
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/u)
        .map((cell) => cell.trim()),
    ]
  })
}

/** The part of a document below a heading, down to the next one of the same rank or higher. */
export function sectionOf(document: string, heading: string): string {
  const lines = textOf(document).split('\n')
  const prose = proseOf(document).split('\n')
  const start = prose.findIndex((line) => /^#+ /u.test(line) && line.replace(/^#+ /u, '') === heading)
  if (start < 0) throw new Error(`${document} has no heading "${heading}"`)
  const rank = /^#+/u.exec(lines[start] ?? '')?.[0].length ?? 0
  const end = prose.findIndex((line, index) => index > start && new RegExp(`^#{1,${rank}} `, 'u').test(line))
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n')
}

/** The address that GitHub and others give a heading. */
export function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/gu, '-')
}
