import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { EXIT_CODES, exitCodeOf, exitCodeOfOutcome } from '../../src/cli/support/exit-codes.ts'
import { ERROR_CODES, ServiceError } from '../../src/format/error.ts'
import { OUTCOMES } from '../../src/model/outcome.ts'
import { run } from './harness.ts'

describe('exit codes', () => {
  it('are small, positive and different from each other', () => {
    const codes = Object.values(EXIT_CODES)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes.every((code) => Number.isInteger(code) && code >= 0 && code < 126)).toBe(true)
  })

  it('are all in docs/cli.md', () => {
    const documented = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
    for (const [name, code] of Object.entries(EXIT_CODES)) expect(documented).toContain(`| ${code} | \`${name}\` |`)
  })

  it.each(ERROR_CODES)('%s ends with a code other than 0', async (code) => {
    const ran = await run(['eval', 'x'], {
      loadConfig: () => Promise.reject(new ServiceError(code, 'so it is')),
      readStdin: () => Promise.resolve(''),
    })
    expect(exitCodeOf(code)).toBeGreaterThan(0)
    expect(ran.code).toBeGreaterThan(0)
  })

  it('tell outcomes apart only where nothing runs', () => {
    expect(OUTCOMES.map(exitCodeOfOutcome)).toEqual([10, 11, 12, 0, 0])
  })
})

describe('the command line itself', () => {
  it.each([
    [['nonsense'], 64],
    [['trust', 'show'], 64],
    [['test', '--format', 'xml'], 64],
    [['test', '--filter', '('], 64],
    [['audit', 'replay'], 64],
    [['serve', '--store', 'paper'], 64],
    [['--help'], 0],
    [['help', 'eval'], 0],
    [['--version'], 0],
    [['version'], 0],
  ])('%j ends with %i', async (argv, code) => {
    expect((await run(argv)).code).toBe(code)
  })

  it('shows what there is when it is asked for nothing', async () => {
    const ran = await run([])
    for (const command of ['serve', 'eval', 'explain', 'test', 'check', 'build', 'trust', 'audit', 'version'])
      expect(ran.out + ran.err).toContain(command)
  })

  it('prints versions as JSON', async () => {
    expect(JSON.parse((await run(['version', '--json'])).out)).toEqual({ gradus: '1.2.3', node: '24.0.0', opa: '1.22.0' })
  })

  it('prints errors as JSON where JSON was asked for', async () => {
    const ran = await run(['trust', 'replay', 'missing.json', '--json'])
    expect(JSON.parse(ran.err)).toEqual({
      error: {
        code: 'not_found',
        message: 'there is no such file',
        place: { file: 'missing.json' },
        fix: 'correct the path, or give "-" for standard input',
      },
    })
  })

  it('says that a bug is a bug', async () => {
    const ran = await run(['eval', '-'], {
      loadConfig: () => Promise.reject(new TypeError('no\u001b[31m')),
      readStdin: () =>
        Promise.resolve('{"subject":{"type":"a","id":"b"},"action":{"name":"c"},"resource":{"type":"d","id":"e"}}'),
    })
    expect(ran.code).toBe(70)
    expect(ran.err).toContain('this is a bug in gradus')
    expect(ran.err).not.toContain('\u001b')
  })

  it('escapes what an error quotes', async () => {
    const ran = await run(['trust', 'replay', 'evil\u001b[2J.json'])
    expect(ran.err).toContain('evil\\e[2J.json')
  })
})
