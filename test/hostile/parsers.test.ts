import { describe, expect, it } from 'vitest'

import { random } from '../support/random.ts'
import { runs } from '../support/runs.ts'
import { corpusOf, mutatedFile, PARSERS } from './support/parsers.ts'

/** Most that one small file may take, ms; what grows faster than its input takes far longer. */
const TIME_MS_MAX = 5_000

describe('a parser of what comes from outside', () => {
  it.each(PARSERS)('ends with a value or a refusal that says what is wrong, whatever it is given: $name', async (parser) => {
    const { numRuns, seed = 1 } = runs(400)
    const corpus = corpusOf(parser)
    expect(corpus.length).toBeGreaterThan(0)
    const draw = random(seed)
    const files = [...corpus, ...Array.from({ length: numRuns }, () => mutatedFile(corpus, draw))]
    const ends = new Set<string>()
    for (const bytes of files) {
      const startedMs = performance.now()
      const end = await parser.read(bytes).catch((error: unknown) => {
        throw new Error(`${parser.name} threw for ${bytes.toString('base64').slice(0, 4_000)}`, { cause: error })
      })
      ends.add(end)
      expect(performance.now() - startedMs).toBeLessThan(TIME_MS_MAX)
    }
    // The corpus holds what is right, and most changes make something wrong of it.
    expect(ends).toContain(parser.name === 'bundle' ? 'refused' : 'value')
  })
})
