import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

import { describe, expect, it } from 'vitest'

import { documents, fencesOf, proseOf, REPOSITORY, slug, textOf } from './markdown.ts'

/** What a document for strangers does not name: places of one machine, private registries, who wrote it. */
const FORBIDDEN: readonly (readonly [string, RegExp])[] = [
  ['a path of one machine', /(?<![\w.])\/(?:work|root|home\/[a-z]+|Users|tmp)\//u],
  ['a folder beside the repository', /\.\.\/shared/u],
  ['a package registry', /registry\.(?:npmjs|yarnpkg)|proxy\.golang|artifactory|nexus|verdaccio/iu],
  ['a ticket', /\bissues? #?\d+\b/iu],
  ['something to be done', /\b(?:TODO|FIXME|XXX)\b/u],
]

type Link = { readonly line: number; readonly target: string }

function linksOf(document: string): readonly Link[] {
  return proseOf(document)
    .split('\n')
    .flatMap((text, index) =>
      [...text.replace(/`[^`]*`/gu, '').matchAll(/\]\(([^)\s]+)\)/gu)].map((found) => ({
        line: index + 1,
        target: found[1] ?? '',
      })),
    )
}

function anchorsOf(document: string): ReadonlySet<string> {
  return new Set([...proseOf(document).matchAll(/^#+ (.+)$/gmu)].map((found) => slug(found[1] ?? '')))
}

function problemOf(document: string, { line, target }: Link): string | undefined {
  if (/^[a-z]+:/u.test(target)) return undefined
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? document : relative(REPOSITORY, join(REPOSITORY, dirname(document), path))
  const place = `${document}:${line}`
  if (!existsSync(join(REPOSITORY, file))) return `${place} links to ${file}, which does not exist`
  if (anchor === undefined || statSync(join(REPOSITORY, file)).isDirectory()) return undefined
  return anchorsOf(file).has(anchor) ? undefined : `${place} links to ${file}#${anchor}, which has no such heading`
}

describe('documents', () => {
  it.each(documents())('%s links only to what exists', (document) => {
    expect(linksOf(document).flatMap((link) => problemOf(document, link) ?? [])).toEqual([])
  })

  it.each(documents())('%s names no machine, registry, ticket or open work', (document) => {
    const lines = textOf(document).split('\n')
    const found = FORBIDDEN.flatMap(([what, pattern]) =>
      lines.flatMap((line, index) => (pattern.test(line) ? [`${document}:${index + 1} names ${what}: ${line}`] : [])),
    )
    expect(found).toEqual([])
  })

  it.each(documents())('%s names each file that a reader has to write, just above its content', (document) => {
    const lines = textOf(document).split('\n')
    const unnamed = fencesOf(document).flatMap(({ file, line }) =>
      file === undefined || lines.slice(line - 5, line - 1).some((text) => text.includes(basename(file)))
        ? []
        : [`${document}:${line} ${file}`],
    )
    expect(unnamed).toEqual([])
  })

  it('are all reached from the README', () => {
    const reached = new Set<string>()
    const visit = (document: string): void => {
      if (reached.has(document) || !document.endsWith('.md')) return
      reached.add(document)
      for (const { target } of linksOf(document))
        if (!/^[a-z]+:/u.test(target))
          visit(
            relative(REPOSITORY, join(REPOSITORY, dirname(document), target.split('#')[0] || document.split('/').at(-1) || '')),
          )
    }
    visit('README.md')
    expect(documents().filter((document) => !reached.has(document) && document !== 'docs/README.md')).toEqual([])
  })
})
