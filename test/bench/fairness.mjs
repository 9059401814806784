/**
 * Does heavy reading of one tenant slow the decisions of another? `node test/bench/fairness.mjs [--rounds N] [--seconds S] [--lanes L] [--only WORD]
 * [--root DIR]`, after `make build`. A real server with a durable log; a victim of one tenant decides at a modest rate, alone and beside each noisy neighbour
 * of another tenant in turn, window by window (alone, beside, alone, beside …), so that what else the machine does meets both alike. Prints the victim's p50 and p99, and the
 * ratio of the medians. Exit code 1: some neighbour more than doubled the p50. `--root`: another checkout to measure.
 */
import { execFileSync, fork, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as send } from 'node:http'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { parse, stringify } from 'yaml'

import { noisyKinds } from './fairness-kinds.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '1.5' },
    lanes: { type: 'string', default: '8' },
    records: { type: 'string', default: '6000' },
    only: { type: 'string', default: '' },
    root: { type: 'string', default: resolve(import.meta.dirname, '../..') },
  },
})
const ROOT = values.root
const [ROUNDS, SECONDS, LANES, RECORDS] = [values.rounds, values.seconds, values.lanes, values.records].map(Number)
/** The victim asks this often, ms. */
const PACE_MS = 15
const RATIO_MAX = 2
const AGENTS = ['coding-agent', 'finance-agent', 'support-agent', 'research-agent']
/** Every round begins this long after the neighbour does, ms. */
const SETTLE_MS = 250
const START_MS_MAX = 60_000

const pause = (ms) => new Promise((done) => setTimeout(done, ms))
const sorted = (numbers) => numbers.toSorted((left, right) => left - right)
const at = (numbers, share) => sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))]

const folder = mkdtempSync(join(tmpdir(), 'gradus-fairness-'))
const children = []

const ROLES = [
  { id: 'gateway', roles: ['enforcement_point'] },
  { id: 'own', roles: ['agent'], agent: 'coding-agent' },
  { id: 'uploader', roles: ['log_uploader'] },
  { id: 'detectors', roles: ['signal_source'], layers: ['identity', 'behaviour', 'context'] },
  { id: 'checks', roles: ['verifier'], verifier: 'deterministic' },
  { id: 'operator', roles: ['operator'], person: 'olga' },
  { id: 'approver', roles: ['approver'], person: 'anton' },
  { id: 'auditor', roles: ['auditor'] },
]

/** The example organisation, and a second tenant with a credential of each role; rates are no help here. */
function configure() {
  for (const part of ['policies', 'bundles']) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  const organisation = parse(readFileSync(join(ROOT, 'gradus.yaml'), 'utf8'))
  const hash = (token) => createHash('sha256').update(token).digest('hex')
  const credential = (name, standing) => ({ ...standing, id: name, token_sha256: hash(`token-of-${name}`) })
  const config = {
    ...organisation,
    http: { ...organisation.http, listen: '127.0.0.1:0', rates: { reports: { per_second: 1e6, burst: 1e7 } } },
    credentials: [
      credential('victim', { roles: ['enforcement_point'] }),
      ...ROLES.map((role) => credential(`noisy-${role.id}`, { ...role, tenant: 'noisy' })),
    ],
  }
  writeFileSync(join(folder, 'gradus.yaml'), stringify(config))
}

function start() {
  const args = [join(ROOT, 'bin/gradus.js'), 'serve', '--config', join(folder, 'gradus.yaml'), '--data-dir', join(folder, 'data')]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  return new Promise((done, fail) => {
    let said = ''
    const timer = setTimeout(() => fail(new Error(`the server did not start: ${said}`)), START_MS_MAX)
    const hear = (text) => {
      said = (said + text).slice(-10_000)
      const url = /listens on (http:\/\/[^\s/]+)/u.exec(said)?.[1]
      if (url === undefined) return
      clearTimeout(timer)
      done(url)
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    child.once('close', (code) => fail(new Error(`the server ended with ${code}: ${said}`)))
  })
}

function client(url) {
  const { hostname, port } = new URL(url)
  const agent = new Agent({ keepAlive: true })
  return (path, token, body) =>
    new Promise((done, fail) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer token-of-${token}` }
      const asked = send({ hostname, port, agent, method: 'POST', path, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part) => (text += part))
        answer.on('end', () => done({ status: answer.statusCode, body: JSON.parse(text) }))
      })
      asked.on('error', fail)
      asked.end(JSON.stringify(body))
    })
}

const reading = (agent, at) => ({
  subject: { type: 'agent', id: agent },
  action: { name: 'read_file', properties: { arguments: { path: `workspace/${at}.md` } } },
  resource: { type: 'file', id: `workspace/${at}.md`, properties: { classification: 'internal' } },
})
const paying = (at) => ({
  subject: { type: 'agent', id: 'finance-agent' },
  action: { name: 'record_payment', properties: { arguments: { amount: 10 + at, currency: 'EUR', invoice: `i-${at}` } } },
  resource: { type: 'invoice', id: `i-${at}`, properties: { classification: 'internal' } },
})

/** A log of the noisy tenant: half of it about one agent, the rest about 500 that nobody knows, with reports of outcomes, approvals and incidents. */
async function fill(post) {
  const ids = []
  let next = 0
  const outcomes = {}
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < RECORDS) {
        const at = (next += 1)
        const asked = at % 20 === 0 ? paying(at) : reading(at % 2 === 0 ? 'coding-agent' : `stranger-${at % 500}`, at)
        const { body } = await post('/api/v1/decisions', 'noisy-gateway', asked)
        outcomes[body.outcome] = (outcomes[body.outcome] ?? 0) + 1
        ids.push(body.decision_id)
        if (at % 3 === 0) await post('/api/v1/outcomes', 'noisy-checks', { decision_id: body.decision_id, class: 'validated' })
        if (at % 100 === 0)
          await post('/api/v1/incidents', 'noisy-operator', { agent: AGENTS[at % AGENTS.length], class: 'other', reach: 'agent' })
      }
    }),
  )
  return { ids, outcomes }
}

/** The victim's latencies of one window, ms: asked at a pace, whatever the answers take. */
async function victim(post, seconds) {
  const latencies = []
  const until = performance.now() + seconds * 1_000
  let [at, due] = [0, performance.now()]
  while (performance.now() < until) {
    const begun = performance.now()
    const { status, body } = await post('/api/v1/decisions', 'victim', reading('coding-agent', (at += 1)))
    if (status !== 200 || body.recorded !== true) throw new Error(`the victim was answered ${status}: ${JSON.stringify(body)}`)
    latencies.push(performance.now() - begun)
    due = Math.max(due + PACE_MS, performance.now())
    await pause(Math.max(0, due - performance.now()))
  }
  return latencies
}

function noise(url, kind, ids) {
  const child = fork(join(import.meta.dirname, 'fairness-noise.mjs'), [
    JSON.stringify({ url, kind, lanes: LANES, ids: ids.slice(0, 2_000) }),
  ])
  children.push(child)
  return new Promise((done) => child.once('message', () => done(child)))
}

async function measure(url, post, kind, ids) {
  const child = await noise(url, kind, ids)
  const [alone, beside] = [[], []]
  let counts = {}
  const ended = () => new Promise((done) => child.once('message', (message) => done((counts = message.counts))))
  for (let round = 0; round < ROUNDS; round += 1) {
    alone.push(...(await victim(post, SECONDS)))
    child.send('go')
    await pause(SETTLE_MS)
    beside.push(...(await victim(post, SECONDS)))
    child.send('stop')
    await ended()
  }
  child.send('end')
  return { kind, alone, beside, counts }
}

const output = (command, args) => execFileSync(command, args, { cwd: ROOT, encoding: 'utf8' }).trim()

try {
  configure()
  const url = await start()
  const post = client(url)
  const dirty = output('git', ['status', '--porcelain']) === '' ? '' : ', with changes'
  console.log(
    `machine   ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, load ${loadavg()
      .map((each) => each.toFixed(1))
      .join(' ')} at the start`,
  )
  console.log(`revision  ${output('git', ['rev-parse', '--short', 'HEAD'])}${dirty}, node ${process.versions.node}`)
  const { ids, outcomes } = await fill(post)
  console.log(`log       ${RECORDS} decisions of the noisy tenant (${JSON.stringify(outcomes)}) and what belongs to them`)
  console.log(
    `victim    one decision each ${PACE_MS} ms at most; ${ROUNDS} × ${SECONDS} s alone and beside ${LANES} requests in flight, interleaved\n`,
  )
  console.log(
    `${'ms'.padEnd(34)}${'p50 alone'.padStart(10)}${'beside'.padStart(9)}${'ratio'.padStart(9)}${'p99 alone'.padStart(12)}${'beside'.padStart(9)}   answers`,
  )
  await victim(post, 1)
  for (const kind of Object.keys(noisyKinds(url, ids)).filter((each) => each.includes(values.only))) {
    const { alone, beside, counts } = await measure(url, post, kind, ids)
    const ratio = at(beside, 0.5) / at(alone, 0.5)
    const cells = [
      at(alone, 0.5).toFixed(2).padStart(10),
      at(beside, 0.5).toFixed(2).padStart(9),
      `${ratio.toFixed(2)} ×`.padStart(9),
      at(alone, 0.99).toFixed(1).padStart(12),
      at(beside, 0.99).toFixed(1).padStart(9),
    ]
    console.log(`${kind.padEnd(34)}${cells.join('')}   ${JSON.stringify(counts)}${ratio > RATIO_MAX ? '  OVER' : ''}`)
    if (ratio > RATIO_MAX) process.exitCode = 1
  }
} finally {
  for (const child of children) child.kill('SIGTERM')
  await pause(500)
  rmSync(folder, { recursive: true, force: true })
}
