/**
 * Kills a real server under load, again and again: `node test/bench/kill.mjs --kills 1000 [--seed S]`, after `make build`. It decides and takes reports
 * of outcomes, is killed with SIGKILL at a random moment and started anew. Every 100 kills and at the end everything that it acknowledged has to be in
 * the log once, at its place, and `gradus audit verify` reads the log and derives the state anew. Prints figures every 20 kills
 * and at the end. Exit code 1: something acknowledged was lost, or the log does not verify. A seed repeats the pauses, not the load.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { openLog } from '../../dist/stores/sqlite/raw-log.js'
import { openRecord } from '../../dist/audit/leaf.js'

const ROOT = resolve(import.meta.dirname, '../..')
const CLIENTS = 8
const LOAD_MS_MAX = 400
/** Longest wait for a first acknowledged record before a kill, ms; each fourth kill does not wait. */
const FIRST_MS_MAX = 10_000
const START_MS_MAX = 60_000
const REPORT_EVERY = 20
const VERIFY_EVERY = 100
const READ = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'read_file', properties: { arguments: { path: 'README.md' } } },
  resource: { type: 'file', id: 'README.md' },
  context: { purpose: 'merge reviewed changes' },
}

const { values } = parseArgs({ options: { kills: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } } })
const [kills, seed] = [Number(values.kills), Number(values.seed)]
if (!Number.isSafeInteger(kills) || kills < 1) throw new Error('--kills: give a whole number from 1')
const folder = mkdtempSync(join(tmpdir(), 'gradus-kill-'))
const dataDir = join(folder, 'data')
const command = (...args) => [
  join(ROOT, 'bin', 'gradus.js'),
  ...args,
  '--config',
  join(ROOT, 'gradus.yaml'),
  '--data-dir',
  dataDir,
]

let state = seed >>> 0
/** A number in [0, 1) that depends on the seed only. */
const draw = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296

/** Starts the server; resolves when it listens, with how long that took in ms. */
function start() {
  const since = performance.now()
  const child = spawn(process.execPath, command('serve', '--listen', '127.0.0.1:0'), {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((done) => child.once('close', done))
  return new Promise((done, fail) => {
    let output = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX)
    const hear = (text) => {
      output += text
      const url = /listens on (http:\/\/\S+)/u.exec(output)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      done({ child, ended, url, startMs: performance.now() - since })
    }
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear)
    void ended.then(() => fail(new Error(`the server did not start:\n${output}`)))
  })
}

/** Sends a body; undefined once the connection broke. */
async function post(url, path, body, token) {
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  try {
    const response = await fetch(new URL(path, url), { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: response.status, body: await response.json() }
  } catch {
    return undefined
  }
}

const pause = (ms) => new Promise((go) => setTimeout(go, ms))
const wrong = []
/** Decides and reports until the connection breaks; keeps what was acknowledged whole. */
async function client({ url }, token, fresh) {
  for (;;) {
    const decided = await post(url, '/api/v1/decisions', READ)
    if (decided === undefined) return
    if (decided.status === 429) continue
    if (decided.body.recorded !== true) return void wrong.push(decided)
    fresh.set(decided.body.decision_id, decided.body.leaf_index)
    if (decided.body.decision !== true) continue
    const reported = await post(url, '/api/v1/outcomes', { decision_id: decided.body.decision_id, class: 'validated' }, token)
    if (reported === undefined) return
    if (reported.status === 429) continue
    if (reported.status !== 200) return void wrong.push(reported)
    fresh.set(reported.body.record_id, reported.body.leaf_index)
  }
}

/** How many of the acknowledged records are not in the log, or not where they were said to be; records twice in the log count too. */
function lostOf(acknowledged) {
  const reader = openLog(dataDir)
  try {
    const places = new Map()
    let twice = 0
    for (const { leafIndex, leaf, payload } of reader.rows()) {
      const opened = openRecord(leaf, JSON.parse(payload))
      if (!opened.ok) throw new Error(`leaf ${leafIndex} cannot be opened`)
      if (places.has(opened.record.id)) twice += 1
      places.set(opened.record.id, leafIndex)
    }
    return twice + [...acknowledged].filter(([id, leafIndex]) => places.get(id) !== leafIndex).length
  } finally {
    reader.close()
  }
}

const all = new Map()
const starts = []
let [lost, verified, done] = [0, 0, 0]

function verify() {
  execFileSync(process.execPath, command('audit', 'verify'), { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
  verified += 1
}

function report() {
  const sorted = starts.toSorted((left, right) => left - right).map(Math.round)
  const figures = { kills: done, acknowledged: all.size, lost, wrong: wrong.length, verified }
  console.log(JSON.stringify({ ...figures, start_ms: { median: sorted[sorted.length >> 1], max: sorted.at(-1) } }))
}

try {
  while (done < kills) {
    const server = await start()
    starts.push(server.startMs)
    const token = readFileSync(join(dataDir, 'operator.token'), 'utf8').trim()
    const clients = Array.from({ length: CLIENTS }, () => client(server, token, all))
    const before = all.size
    for (let waited = 0; done % 4 !== 3 && all.size === before && waited < FIRST_MS_MAX; waited += 10) await pause(10)
    await pause(draw() * LOAD_MS_MAX)
    server.child.kill('SIGKILL')
    await Promise.all(clients)
    await server.ended
    done += 1
    if (done % REPORT_EVERY === 0) report()
    if (done % VERIFY_EVERY !== 0) continue
    lost = Math.max(lost, lostOf(all))
    verify()
  }
  const last = await start()
  starts.push(last.startMs)
  last.child.kill('SIGTERM')
  await last.ended
  lost = Math.max(lost, lostOf(all))
  verify()
  report()
  if (wrong.length > 0) console.log(JSON.stringify({ first_wrong: wrong[0] }))
  process.exitCode = lost === 0 && wrong.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
