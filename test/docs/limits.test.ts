import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { overLimit } from '../../src/format/limit.ts'
import { sourceFiles } from '../house/sources.ts'

const HELPER = 'src/format/limit.ts'
/** `| \`name\` | value | where | what | then |` */
const ROW = /^\| `(?<name>[^`]+)` \| (?<value>[^|]+) \| (?<where>[^|]+) \|/gmu
/** What the units of a value are in the sources. */
const UNITS = { HOUR_MS: 3_600_000, 'Number.MAX_SAFE_INTEGER': Number.MAX_SAFE_INTEGER } as const

const rows = [...readFileSync('docs/limits.md', 'utf8').matchAll(ROW)].map(({ groups }) => groups as Record<string, string>)
const known = [...readFileSync(HELPER, 'utf8').matchAll(/^ {2}'(?<name>[^']+)': '/gmu)].map(({ groups }) => groups?.['name'])
const sources = sourceFiles().filter((file) => file !== HELPER)
const texts = new Map(sources.map((file) => [file, readFileSync(file, 'utf8')]))
const constantIn = (file: string, path: string): number => {
  const [name = '', member] = path.split('.')
  const whole = new RegExp(`const ${name}\\b[^=\\n]*= (.+)`, 'u').exec(texts.get(file) ?? '')?.[1] ?? ''
  const written =
    member === undefined ? whole.replace(/ as const$/u, '') : (new RegExp(`\\b${member}: ([\\d_]+)`, 'u').exec(whole)?.[1] ?? '')
  return written
    .split(' * ')
    .reduce(
      (product, factor) =>
        product * (Object.hasOwn(UNITS, factor) ? UNITS[factor as keyof typeof UNITS] : Number(factor.replaceAll('_', ''))),
      1,
    )
}

describe('the table of limits', () => {
  it('has each limit that messages name, in order, and no other', () => {
    expect(rows.map(({ name }) => name)).toEqual([...known].sort())
  })

  it.each(known)('%s is refused somewhere', (name = '') => {
    const spelled = name.replace(/^http\.rates\.\w+\./u, 'http.rates.${rated}.')
    expect([...texts.values()].some((text) => text.includes(`'${name}'`) || text.includes(`\`${spelled}\``))).toBe(true)
  })

  const fixed = rows.filter(({ where }) => where?.startsWith('`'))
  it.each(fixed)('$name has the value of $where', ({ value, where = '' }) => {
    const [file = '', constant = ''] = [...where.matchAll(/`([^`]+)`/gu)].map(([, text]) => text)
    expect(constantIn(file, constant)).toBe(Number(value))
  })

  it('says of every other limit that it is a setting with a row in operations.md, or is set by the member', () => {
    const operations = readFileSync('docs/operations.md', 'utf8')
    for (const { name, value, where } of rows.filter((row) => !fixed.includes(row))) {
      if (where !== 'by member')
        expect(operations).toContain(`| \`${name ?? ''}\` | ${value === '–' ? '–' : `\`${value ?? ''}\``} |`)
      expect(['setting', 'by member']).toContain(where)
    }
  })
})

describe('a message about a limit', () => {
  it('says what came where that is known, and else that it is more', () => {
    expect(overLimit('The path has', 'opa.path_segments_max', { max: 64, came: 65 })).toBe(
      'The path has 65 segments: the limit `opa.path_segments_max` is 64',
    )
    expect(overLimit('The path has', 'opa.path_segments_max', { max: 64 })).toBe(
      'The path has more than 64 segments: the limit `opa.path_segments_max` is 64',
    )
  })

  it('is made in one place: no other text of the sources tells a most without its name', () => {
    // What is told of a decision, a range or a row that stays, not a refusal of input.
    const told = /src\/(?:cli\/(?:observe|simulate|trust)|detect|reports|trust)\//u
    const found = [...texts].flatMap(([file, text]) =>
      text
        .split('\n')
        .filter((line) => /`[^`]*(?:at most|(?:more|longer|larger|deeper) than) \$\{/u.test(line) && !told.test(file))
        .map((line) => `${file}: ${line.trim()}`),
    )
    expect(found).toEqual([])
  })
})
