import { describe, expect, it } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { ServiceError } from '../../src/format/error.ts'
import { parseYaml } from '../../src/format/yaml.ts'

/** The error of a configuration. */
function errorOf(...lines: readonly string[]): ServiceError {
  try {
    parseYaml('gradus.yaml', lines.join('\n'), Config, 'bad_config')
  } catch (error) {
    if (error instanceof ServiceError) return error
    throw error
  }
  throw new Error('the configuration was accepted')
}

const NESTED = [
  ['b', 'a'],
  ['c', 'b'],
  ['d', 'c'],
  ['e', 'd'],
] as const

describe('aliases that cannot be followed', () => {
  it.each([
    ['one without its anchor', ['policies: here', 'http: { listen: *a }'], { line: 2, column: 17 }, 'Unresolved alias'],
    ['one in a list', ['entrypoints:', '  - ok', '  - *gone'], { line: 3, column: 5 }, 'Unresolved alias'],
    [
      'more of them than any file needs',
      [
        'policies: &a [x, x, x, x, x, x, x, x, x]',
        ...NESTED.map(([name, of]) => `${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]`),
      ],
      { line: 2 },
      'Excessive alias count',
    ],
  ])('%s is an error of the file, with its place', (_name, lines, place, message) => {
    const error = errorOf(...lines)
    expect(error).toMatchObject({
      code: 'bad_config',
      place: { file: 'gradus.yaml', ...place },
      fix: 'write the value out instead of the alias',
    })
    expect(error.message).toContain(message)
  })
})

describe('a configuration that does not fit', () => {
  it.each([
    [
      'an unknown key of a section',
      ['http:', '  listen: 127.0.0.1:0', '  lissen: 3'],
      [3, 3],
      '/http/lissen',
      'http.lissen: there is no such member',
    ],
    ['an unknown key at the top', ['policies: here', 'polices: there'], [2, 1], '/polices', 'polices: there is no such member'],
    [
      'an unknown key in a list',
      ['credentials:', '  - id: a', `    token_sha256: ${'a'.repeat(64)}`, '    rolls: [operator]'],
      [4, 5],
      '/credentials/0/rolls',
      'credentials.0.rolls: there is no such member',
    ],
    [
      'a wrong value',
      ['trust:', '  automatic_level_max: 9'],
      [2, 24],
      '/trust/automatic_level_max',
      'trust.automatic_level_max: Too big: expected number to be <=3',
    ],
    [
      'a member that is missing',
      ['', 'http:', '  tls:', '    key: here'],
      [3, 3],
      '/http/tls/certificate',
      'http.tls.certificate',
    ],
    [
      'a trust constant against the others',
      ['trust:', '  constants:', '    prior_units: 3', '    thresholds: [0, 0.5, 0.3, 0.7, 0.9]'],
      [4, 17],
      '/trust/constants/thresholds',
      'trust.constants.thresholds: must start at 0 and rise strictly',
    ],
    [
      'a live layer twice',
      ['trust:', '  live_layers: [identity, identity]'],
      [2, 16],
      '/trust/live_layers',
      'trust.live_layers: must not name a layer twice',
    ],
    ['a syntax error', ['policies: here', 'http: [1'], [2, 9], undefined, 'Flow sequence'],
  ] as const)('because of %s says where, and what to do', (_what, lines, [line, column], pointer, message) => {
    const error = errorOf(...lines)
    expect(error).toMatchObject({ code: 'bad_config', place: { file: 'gradus.yaml', line, column } })
    expect(error.place.pointer).toBe(pointer)
    expect(error.message).toContain(message)
    expect(error.fix).toBeTruthy()
  })

  it('names the unknown key first that comes first, and counts the others', () => {
    const error = errorOf('a: 1', 'http:', '  b: 2', '  listen: 3', 'c: 3')
    expect(error.message).toMatch(/ \(and 3 more\)$/u)
    expect(error.fix).toBeTruthy()
  })
})
