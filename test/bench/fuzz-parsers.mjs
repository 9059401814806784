/**
 * Gives parsers changed files of their corpora: `node test/bench/fuzz-parsers.mjs --cases 100000 [--seed S] [--parser NAME]`, so many for each. Prints the ends, the
 * slowest, and each file for which something other than a refusal was thrown, in Base 64; keep such a file in test/hostile/corpora/.
 */
import { parseArgs } from 'node:util'

import { corpusOf, mutatedFile, PARSERS } from '../hostile/support/parsers.ts'
import { random } from '../support/random.ts'

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' }, parser: { type: 'string' } },
})
let failures = 0
for (const parser of PARSERS.filter(({ name }) => values.parser === undefined || values.parser === name)) {
  const [corpus, draw] = [corpusOf(parser), random(Number(values.seed))]
  const ends = { value: 0, refused: 0, thrown: 0 }
  let [slowestMs, slowestBytes] = [0, 0]
  const seen = new Set()
  for (let count = 0; count < Number(values.cases); count += 1) {
    const bytes = mutatedFile(corpus, draw)
    const startedMs = performance.now()
    try {
      ends[await parser.read(bytes)] += 1
    } catch (error) {
      ends.thrown += 1
      failures += 1
      const kind = String(error.stack).split('\n').slice(0, 3).join(' ')
      if (!seen.has(kind) && seen.size < 20) console.log(`${parser.name}: ${kind}: ${bytes.toString('base64').slice(0, 2_000)}`)
      seen.add(kind)
    }
    const ms = performance.now() - startedMs
    if (ms > slowestMs) [slowestMs, slowestBytes] = [ms, bytes.length]
  }
  console.log(`${parser.name}: ${JSON.stringify(ends)}, slowest ${slowestMs.toFixed(1)} ms for ${slowestBytes} bytes`)
}
process.exit(failures > 0 ? 1 : 0)
