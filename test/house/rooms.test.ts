import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { describe, expect, it } from 'vitest'

import limitExceptions from '../../scripts/limit-exceptions.cjs'
import { MAY_IMPORT, SETTINGS } from '../../scripts/rooms.cjs'
import { sectionOf, tableRows } from '../docs/markdown.ts'
import { importsInSource, REPOSITORY, roomOf, rooms, sourceFiles } from './sources.ts'

const README_LINES_MAX = 25
const FOLDER_FILES_MAX = 25

describe('the rooms', () => {
  it('may import what docs/architecture.md says', () => {
    const words = (cell = ''): readonly string[] => cell.split(/, /u).filter((word) => word !== '–')
    const shown = tableRows(sectionOf('docs/architecture.md', 'Rooms'))
      .filter(([, below]) => below !== 'everything')
      .map(([room = '', below]) => [room.replaceAll('`', ''), words(below)])
    expect(Object.fromEntries(shown)).toEqual(MAY_IMPORT)
  })

  it('are the folders of src', () => {
    expect(Object.keys(MAY_IMPORT).sort()).toEqual([...rooms()].sort())
  })

  it('import each other in no circle', () => {
    const below = new Map<string, Set<string>>(rooms().map((room) => [room, new Set()]))
    // A settings file is a leaf that every room may import.
    const outsideSettings = importsInSource().filter(({ from, to }) => ![from, to].some((file) => isSettings(file)))
    for (const { from, to } of outsideSettings) if (roomOf(from) !== roomOf(to)) below.get(roomOf(from))?.add(roomOf(to))
    const reaches = (start: string, goal: string, seen = new Set<string>()): boolean =>
      [...(below.get(start) ?? [])].some((room) => {
        if (room === goal) return true
        if (seen.has(room)) return false
        seen.add(room)
        return reaches(room, goal, seen)
      })
    expect(rooms().filter((room) => reaches(room, room))).toEqual([])
  })

  it(`have at most ${FOLDER_FILES_MAX} files in a folder`, () => {
    const counts = new Map<string, number>()
    for (const file of sourceFiles()) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
    const large = [...counts].filter(([, count]) => count > FOLDER_FILES_MAX).map(([folder]) => folder)
    expect(large).toEqual(Object.keys(limitExceptions.folders))
  })
})

describe.each(rooms())('the README of src/%s', (room) => {
  const file = join(REPOSITORY, 'src', room, 'README.md')

  it(`is there, in at most ${README_LINES_MAX} lines, with its table`, () => {
    expect(existsSync(file)).toBe(true)
    const text = readFileSync(file, 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(README_LINES_MAX)
    expect(text).toMatch(/^\| to change(?: …)? *\| start at(?: …)? *\|$/mu)
  })

  it('names only files and folders that exist', () => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const named = [...text.matchAll(/`([^`\s]+)`/gu)].map((found) => found[1] ?? '').filter(isPath)
    expect(named.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([])
  })
})

/** Of the repository: something with a slash that begins with one of its folders, or a name with the ending of a file. */
function isPath(word: string): boolean {
  return (
    /^(?:src|test|docs|scripts|policies|schemas|bundles|examples|bin|templates)\//u.test(word) ||
    /^[\w./-]+\.(?:ts|md|mjs|cjs|ya?ml|rego)$/u.test(word)
  )
}

function isSettings(file: string): boolean {
  return new RegExp(SETTINGS, 'u').test(file)
}
