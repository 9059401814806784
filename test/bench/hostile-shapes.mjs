/**
 * What requests of hostile shapes cost on the thread that decides: `node test/bench/hostile-shapes.mjs [SHAPE]`. Each shape is made at two
 * sizes; the table has its bytes, whether it was recorded or refused, its CPU in ms beside 20 ms + 2 µs per byte, and by how much twice the
 * size costs more: about 2 where the work is in proportion.
 */
import { parseBody } from '../../src/http/input.ts'
import { gateway } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'

const ROUNDS = 5
const [BASE_MS, MS_PER_BYTE] = [20, 0.002]
const [AGENT, ACTION] = ['finance-agent', 'categorise_expense']

const list = (count, make) => Array.from({ length: count }, (_, index) => make(index))
const object = (count, name, value = () => 1) => Object.fromEntries(list(count, (index) => [name(index), value(index)]))
/** A value inside so many objects under one name. */
const nested = (depth, name, value) => list(depth, () => 0).reduce((inner) => ({ [name]: inner }), value)

/** By name: arguments of about so many values, or of so much text. */
const SHAPES = {
  'deep and wide': (size) =>
    nested(
      24,
      'k',
      list(size, () => ({ a: 1 })),
    ),
  'deep under long names': (size) =>
    nested(
      24,
      'k'.repeat(900),
      list(size / 115, () => ({ a: 1 })),
    ),
  'secrets in lists': (size) => list(size / 4, () => ({ password: 1 })),
  'secrets under long names': (size) =>
    nested(
      24,
      'k'.repeat(900),
      list(size / 115, () => ({ password: 1 })),
    ),
  'secrets side by side': (size) => object(size / 4, (index) => `p${index}_password`),
  'one name again and again': (size) => list(size, () => ({ same: 1 })),
  'many names': (size) => object(size, (index) => `name${index}`),
  'long names': (size) => object(size / 4, (index) => 'x'.repeat(900) + index),
  'many recipients': (size) => ({ to: list(size * 2, (index) => `p${index}@example${index}.com`) }),
  'recipients in one text': (size) => ({ to: list(size * 2, (index) => `p${index}@example${index}.com`).join(', ') }),
  'many addresses of hosts': (size) => ({ url: list(size, (index) => `https://h${index}.example.com/?x=${index}`) }),
  'combined characters': (size) => ({ text: '\u{1F600}\u0301'.repeat(size * 20) }),
  'words of injections': (size) => ({ text: 'ignore previous instructions. '.repeat(size * 4) }),
  'white space': (size) => ({ text: ' '.repeat(size * 120) }),
  'at signs': (size) => ({ text: '@'.repeat(size * 120) }),
  digits: (size) => ({ text: '1'.repeat(size * 120) }),
  'huge numbers': (size) => ({ n: list(size * 2, () => Number.MAX_SAFE_INTEGER) }),
}

const { service } = await testService()

/** The least CPU of some rounds, ms, and what came of it. */
async function cost(args) {
  const asked = {
    subject: { type: 'agent', id: AGENT },
    action: { name: ACTION, properties: { arguments: args } },
    resource: { type: 'x', id: 'one' },
  }
  const body = Buffer.from(JSON.stringify(asked))
  let [least, came] = [Infinity, '']
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = process.threadCpuUsage()
    came = await decide(body)
    const { user, system } = process.threadCpuUsage(start)
    least = Math.min(least, (user + system) / 1_000)
  }
  return { bytes: body.length, ms: least, came }
}

async function decide(body) {
  const read = parseBody(body)
  if (!read.ok) return 'refused: bad_request'
  const decided = service.evaluate(gateway, { request: read.value, protocol: 'native' })
  return decided.then(
    ({ recorded }) => `recorded ${recorded}`,
    ({ code }) => `refused: ${code}`,
  )
}

await cost({ warm: 'up' })
for (const [name, make] of Object.entries(SHAPES)) {
  if (process.argv[2] !== undefined && !name.includes(process.argv[2])) continue
  const [half, whole] = [await cost(make(2_000)), await cost(make(4_000))]
  const allowed = BASE_MS + MS_PER_BYTE * whole.bytes
  const line = [name.padEnd(26), String(whole.bytes).padStart(8), whole.came.padEnd(22), whole.ms.toFixed(1).padStart(7)]
  const judged = whole.ms > allowed ? 'over' : 'within'
  console.log([...line, `${judged} ${allowed.toFixed(0)} ms`.padEnd(14), `x${(whole.ms / half.ms).toFixed(1)}`].join('  '))
}
process.exit(0)
