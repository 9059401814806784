import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { tableRows, textOf } from '../docs/markdown.ts'
import { exportsInSource, scriptImports, usingFiles } from './sources.ts'

/** Names that two files export on purpose, each with the reason. */
const TWICE: Readonly<Record<string, string>> = {}

describe('exported names', () => {
  it('mean one thing in the whole tree', () => {
    const files = Map.groupBy(exportsInSource(), ({ name }) => name)
    const twice = [...files].filter(([name, places]) => places.length > 1 && !Object.hasOwn(TWICE, name))
    expect(twice.map(([name, places]) => `${name}: ${places.map(({ file }) => file).join(', ')}`)).toEqual([])
    expect(Object.keys(TWICE).filter((name) => (files.get(name)?.length ?? 0) < 2)).toEqual([])
  })

  it('are used by another file, where they are values', () => {
    const texts = usingFiles()
    const unused = exportsInSource().filter(
      ({ name, file, isType }) =>
        !isType && file !== 'src/index.ts' && !texts.some((other) => other.file !== file && other.words.has(name)),
    )
    // Take the word "export" away, or the whole of it.
    expect(unused.map(({ name, file }) => `${name} in ${file}`)).toEqual([])
  })

  it('that scripts and benchmarks import are there: no compiler reads those files', () => {
    const exported = Map.groupBy(exportsInSource(), ({ file }) => file)
    const missing = scriptImports().filter(({ to, name }) => !(exported.get(to) ?? []).some((each) => each.name === name))
    expect(missing.map(({ from, name, to }) => `${from} imports ${name} of ${to}`)).toEqual([])
  })

  it('are made of words of docs/glossary.md and of everyday English', () => {
    const known = new Set([...glossary(), ...everydayWords()])
    const unknown = Map.groupBy(
      exportsInSource().flatMap(({ name, file }) => wordsOf(name).map((word) => ({ word, name, file }))),
      ({ word }) => word,
    )
    const coined = [...unknown].filter(([word]) => !known.has(word) && !known.has(singular(word)))
    // Say what the word means in docs/glossary.md, or take one that is there.
    expect(coined.map(([word, [first]]) => `${word} (${first?.name ?? ''} in ${first?.file ?? ''})`)).toEqual([])
  })
})

describe('docs/glossary.md', () => {
  it('explains each word once, in the order of the alphabet', () => {
    const heads = tableRows(textOf('docs/glossary.md')).map(([head = '']) => head.toLowerCase())
    expect(heads).toEqual([...new Set(heads)].sort())
  })

  it('explains nothing that the everyday list has', () => {
    const explained = new Set(glossary())
    expect(everydayWords().filter((word) => explained.has(word))).toEqual([])
  })
})

/** The words of the first column: `promotion, promote` are two. */
function glossary(): readonly string[] {
  return tableRows(textOf('docs/glossary.md')).flatMap(([head = '']) => head.toLowerCase().split(/[\s,]+/u))
}

function everydayWords(): readonly string[] {
  return readFileSync(join(import.meta.dirname, 'everyday-words.txt'), 'utf8')
    .trim()
    .split('\n')
}

/** `loadRiskDocuments` → load, risk, documents; `HTTPError` → http, error; single letters and numbers say nothing. */
function wordsOf(name: string): readonly string[] {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/gu, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/gu, '$1 $2')
    .split(/[\s_$]+/u)
  return parts.map((part) => part.toLowerCase().replace(/\d+$/u, '')).filter((part) => part.length > 1)
}

function singular(word: string): string {
  return word
    .replace(/ies$/u, 'y')
    .replace(/(s|x|ch|sh)es$/u, '$1')
    .replace(/([^s])s$/u, '$1')
}
