import { readFileSync } from 'node:fs'

import { afterAll, describe, expect, it } from 'vitest'

import { folder, run } from './harness.ts'

type History = {
  readonly id: string
  readonly events: readonly object[]
  readonly read_at: string
  readonly expect: Readonly<Record<string, unknown>>
}
const vectors = JSON.parse(readFileSync(new URL('../data/trust-vectors.json', import.meta.url), 'utf8')) as {
  readonly sequences: readonly History[]
  readonly histories: readonly History[]
}
const files = folder()
afterAll(files.remove)

describe('gradus trust replay', () => {
  it.each([...vectors.sequences, ...vectors.histories])(
    'prints what $id comes to, from JSON and from JSON lines',
    async ({ id, events, read_at, expect: want }) => {
      const array = files.write(`${id}.json`, JSON.stringify(events, null, 2))
      const lines = files.write(`${id}.jsonl`, `${events.map((event) => JSON.stringify(event)).join('\n')}\n`)
      const fromArray = await run(['trust', 'replay', array, '--at', read_at, '--json'])
      const fromLines = await run(['trust', 'replay', lines, '--at', read_at, '--json'])
      expect(fromArray).toEqual({ code: 0, err: '', out: fromLines.out })
      expect(fromArray.out.trimEnd()).not.toContain('\n')
      expect(JSON.parse(fromArray.out)).toMatchObject(want)
    },
  )

  it('reads the history at its latest event unless it is told a time', async () => {
    const [first] = vectors.histories
    const file = files.write('default.json', JSON.stringify(first!.events))
    const latest = first!.events
      .map((event) => String((event as Record<string, unknown>)['event_time'] ?? (event as Record<string, unknown>)['at']))
      .sort()
      .at(-1)!
    expect((await run(['trust', 'replay', file])).out).toBe((await run(['trust', 'replay', file, '--at', latest])).out)
  })

  it('takes standard input', async () => {
    const ran = await run(['trust', 'replay', '-', '--json'], {
      readStdin: () =>
        Promise.resolve('{"layer":"outcome","polarity":"positive","weight":1,"event_time":"2026-01-05T00:00:00Z"}'),
    })
    expect(JSON.parse(ran.out)).toMatchObject({ trust: 0, band: 0, layers: { outcome: { r: 1 } } })
  })

  it.each([
    [
      'a broken line',
      '{"layer":"outcome","polarity":"positive","weight":1,"event_time":"2026-01-05T00:00:00Z"}\n{oops\n',
      ':2: ',
    ],
    [
      'an unknown layer',
      '\n{"layer":"mood","polarity":"positive","weight":1,"event_time":"2026-01-05T00:00:00Z"}\n',
      ':2: event 0, layer',
    ],
    ['broken JSON', '[{"a": }]', ': Unexpected token'],
    ['nothing', '', 'the history is empty'],
  ])('names the place of %s', async (_what, text, message) => {
    const file = files.write('bad.jsonl', text)
    const ran = await run(['trust', 'replay', file])
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain(message)
    expect(ran.err).toContain('\n  fix: ')
  })

  it('refuses a time that is none, and a file that is not there', async () => {
    expect(await run(['trust', 'replay', files.write('e.json', '[]'), '--at', 'tomorrow'])).toMatchObject({ code: 64 })
    expect(await run(['trust', 'replay', 'no-such-file'])).toEqual({
      code: 3,
      out: '',
      err: 'gradus: no-such-file: there is no such file\n  fix: correct the path, or give "-" for standard input\n',
    })
  })
})
