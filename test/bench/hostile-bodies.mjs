/**
 * Hostile requests against a real server in a process of its own: `node test/bench/hostile-bodies.mjs --cases 1000000 [--seed S]`. Every endpoint, the
 * page of approvals included, with credentials of each role and none. Prints a report every 5,000 requests and at the end: requests per
 * status, failures of the server (5xx but for those that limits document as busy), ends of the process, the slowest answers and the
 * memory of the server. Exit code 1: there was a failure. A seed repeats the draws; ids that answers told are part of later requests.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { hostileClient, isFailure, rememberIds } from '../hostile/support/hostile-client.ts'
import { hostileRequest } from '../hostile/support/hostile-requests.ts'
import { random } from '../support/random.ts'

const REPORT_EVERY = 5_000
const SLOWEST_KEPT = 5
/** Requests under way at a time. */
const LANES = 8

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
})
const [wanted, seed] = [Number(values.cases), Number(values.seed)]
const folder = mkdtempSync(join(tmpdir(), 'gradus-hostile-bodies-'))
const child = spawn(process.execPath, [join(import.meta.dirname, 'hostile-server.mjs'), folder], {
  stdio: ['ignore', 'pipe', 'inherit'],
})

const statuses = new Map()
const slowest = []
let [sent, failures, ended, isEnding] = [0, 0, 0, false]
const startMs = performance.now()

const fail = (kind, what) => {
  failures += 1
  if (failures <= 50) console.log(`${kind}: ${JSON.stringify(what)}`)
}
child.on('exit', (code, signal) => {
  if (isEnding) return
  ended += 1
  fail('the server ended', { code, signal, sent })
  console.log(report())
  process.exit(1)
})
const { url, tokens } = await new Promise((resolve) => {
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line)
    if (said.url !== undefined) resolve(said)
    else if (said.failure.level === 'error') fail('logged', said.failure)
  })
})
const { send, close } = hostileClient(url)
const ids = []
const draw = random(seed)

const shown = ({ body, ...rest }) => ({ ...rest, body: body?.toString('latin1').slice(0, 2_000) })

async function one() {
  const request = hostileRequest(draw, { tokens, ids })
  const answer = await send(request)
  rememberIds(ids, answer)
  statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
  if (isFailure(request, answer)) fail('failed', { ...shown(request), answer })
  slowest.push({
    ms: Math.round(answer.ms),
    method: request.method,
    path: request.path.slice(0, 80),
    bytes: request.body?.length ?? 0,
  })
  if (slowest.length > 1_000) keepSlowest()
}

function keepSlowest() {
  slowest.sort((left, right) => right.ms - left.ms).splice(SLOWEST_KEPT)
}

/** Megabytes that the metrics of the server tell. */
async function memory() {
  const { text } = await send({
    method: 'GET',
    path: '/metrics',
    headers: { Authorization: `Bearer ${tokens[7]}` },
    body: undefined,
  })
  const megabytes = (name) => Math.round(Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'mu').exec(text)?.[1]) / 1_048_576)
  return `resident ${megabytes('process_resident_memory_bytes')} MB, heap ${megabytes('nodejs_heap_size_used_bytes')} MB`
}

function report(ofMemory = '') {
  keepSlowest()
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(0)
  const counts = [...statuses].sort(([left], [right]) => left - right).map(([status, count]) => `${status}: ${count}`)
  return `seed ${seed}: ${sent} requests in ${seconds} s, ${failures} failures, ${ended} ends of the process; ${counts.join(', ')}; ${ofMemory}; slowest ${JSON.stringify(slowest)}`
}

while (sent < wanted) {
  const until = Math.min(wanted, sent + REPORT_EVERY)
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      while (sent < until) {
        sent += 1
        await one()
      }
    }),
  )
  console.log(report(await memory()))
}
isEnding = true
close()
child.kill('SIGTERM')
rmSync(folder, { recursive: true, force: true })
process.exit(failures > 0 ? 1 : 0)
