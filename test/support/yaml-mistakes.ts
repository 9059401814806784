import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** A text with one small mistake in it; `what` names the mistake and its line, from 1. */
export type YamlMistake = { readonly what: string; readonly after: string }

type Change = (line: string) => string | undefined

/** Changes of one line that people make by accident; undefined where a line offers no place for it. */
const CHANGES: Readonly<Record<string, Change>> = {
  'a colon is dropped': (line) => (/^\s*[\w-]+: ?/u.test(line) ? line.replace(':', '') : undefined),
  'a colon in braces is dropped': (line) => (/\{.*[\w']: /u.test(line) ? line.replace(/(\{ ?[\w']+):/u, '$1') : undefined),
  'a line is indented too far': (line) => (/^\s+[\w-]+:/u.test(line) ? ` ${line}` : undefined),
  'a line is indented too little': (line) => (/^ {2}/u.test(line) ? line.slice(2) : undefined),
  'a tab indents': (line) => (/^ {2}/u.test(line) ? `\t${line.slice(2)}` : undefined),
  'a key is there twice': (line) => (/^\s*[\w-]+: \S/u.test(line) ? `${line}\n${line}` : undefined),
  'a quote is not closed': (line) => (/^[^'"]*: [^'"{[]+$/u.test(line) ? line.replace(': ', ": '") : undefined),
  'a bracket is not closed': (line) => (/[}\]]$/u.test(line) ? line.slice(0, -1) : undefined),
  'an alias has no anchor': (line) => (/: [^'"{[]+$/u.test(line) ? line.replace(/: .*$/u, ': *nowhere') : undefined),
}

/** How many lines of a file get each mistake. */
const LINES_EACH = 2

/** Small mistakes in a YAML text: each kind at a few lines, spread over the text. */
export function mutationsOf(text: string): readonly YamlMistake[] {
  const lines = text.split('\n')
  return Object.entries(CHANGES).flatMap(([kind, change]) => {
    const able = lines.flatMap((line, at) => {
      const instead = line.trimStart().startsWith('#') ? undefined : change(line)
      return instead === undefined ? [] : [{ at, instead }]
    })
    const chosen = [...Array(LINES_EACH).keys()].flatMap(
      (n) => able[Math.floor(((2 * n + 1) * able.length) / (2 * LINES_EACH))] ?? [],
    )
    return chosen.map(({ at, instead }) => ({
      what: `${kind}, line ${at + 1}`,
      after: lines.with(at, instead).join('\n'),
    }))
  })
}

/** The YAML files below a folder, sorted. */
export function yamlFiles(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => join(folder, name))
}
