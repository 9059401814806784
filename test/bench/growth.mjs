/**
 * Does memory, disk or the time of a decision grow with what a caller makes up? `node test/bench/growth.mjs [--requests N] [--as stranger|vouched]`, after
 * `make build`. Each request has a new agent, session, domain and tool. `stranger`: a caller without a credential, for whom nobody vouches; its rate is raised to the
 * utmost here, so that the run ends: with the default of 20 a second 200,000 requests take close to three hours. `vouched`: the owner answers for the listener. Prints at each step memory after a collection of
 * garbage, disk, and the p50 of decisions of a known agent with a credential, alone.
 */
import { execFileSync, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { Agent, request as send } from 'node:http'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { parse, stringify } from 'yaml'

const ROOT = resolve(import.meta.dirname, '../..')
const MIB = 2 ** 20
const LANES = 16
const SAMPLE = 300

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '200000' }, as: { type: 'string', default: 'stranger' } },
})
const wanted = Number(values.requests)
const steps = [1_000, 50_000, 100_000, 200_000].filter((step) => step < wanted).concat(wanted)
/** The default rate of all strangers together, per second, and its burst. */
const DEFAULT_RATE = { per_second: 20, burst: 200 }

const folder = mkdtempSync(join(tmpdir(), 'gradus-growth-'))
const output = (command, args) => execFileSync(command, args, { cwd: ROOT, encoding: 'utf8' }).trim()
const diskBytes = () =>
  readdirSync(join(folder, 'data'), { recursive: true }).reduce((sum, name) => sum + statSync(join(folder, 'data', name)).size, 0)

function configure() {
  for (const part of ['policies', 'bundles']) cpSync(join(ROOT, part), join(folder, part), { recursive: true })
  const organisation = parse(readFileSync(join(ROOT, 'gradus.yaml'), 'utf8'))
  const most = { per_second: 1_000_000, burst: 10_000_000 }
  const config = {
    ...organisation,
    http: {
      ...organisation.http,
      listen: '127.0.0.1:0',
      anonymous: values.as === 'vouched' ? organisation.http.anonymous : {},
      rates: { anonymous: most, reports: most },
    },
    credentials: [
      { id: 'known', roles: ['enforcement_point'], token_sha256: createHash('sha256').update('token-of-known').digest('hex') },
    ],
  }
  writeFileSync(join(folder, 'gradus.yaml'), stringify(config))
}

const madeUp = (at) => ({
  subject: { type: 'agent', id: `made-up-${at}` },
  action: {
    name: `tool-${at}`,
    properties: { arguments: { to: `someone@domain-${at}.example`, url: `https://domain-${at}.example/` } },
  },
  resource: { type: `thing-${at}`, id: `thing-${at}`, properties: { classification: 'internal' } },
  context: { session: `session-${at}`, purpose: `purpose ${at}` },
})
const known = (at) => ({
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'read_file', properties: { arguments: { path: `workspace/${at % 10}.md` } } },
  resource: { type: 'file', id: `workspace/${at % 10}.md`, properties: { classification: 'internal' } },
})

function client(url) {
  const { hostname, port } = new URL(url)
  const agent = new Agent({ keepAlive: true })
  return (body, token) =>
    new Promise((done, fail) => {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const headers = { 'content-type': 'application/json', ...authorization }
      const message = send({ hostname, port, agent, method: 'POST', path: '/api/v1/decisions', headers }, (answer) => {
        answer.resume().on('end', () => (answer.statusCode === 200 ? done() : fail(new Error(`answered ${answer.statusCode}`))))
      })
      message.on('error', fail)
      message.end(JSON.stringify(body))
    })
}

async function p50(post) {
  const latencies = []
  for (let at = 0; at < SAMPLE; at += 1) {
    const sinceMs = performance.now()
    await post(known(at), 'token-of-known')
    latencies.push(performance.now() - sinceMs)
  }
  return latencies.toSorted((left, right) => left - right)[SAMPLE >> 1]
}

const answerOf = (child) => new Promise((done) => child.once('message', done))

configure()
const child = fork(join(import.meta.dirname, 'growth-server.mjs'), [join(folder, 'gradus.yaml'), join(folder, 'data')], {
  cwd: folder,
  execArgv: ['--expose-gc'],
})
try {
  const { url } = await answerOf(child)
  const post = client(url)
  const dirty = output('git', ['status', '--porcelain']) === '' ? '' : ', with changes'
  const load = loadavg().map((each) => each.toFixed(1))
  console.log(`machine   ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, load ${load.join(' ')} at the start`)
  console.log(`revision  ${output('git', ['rev-parse', '--short', 'HEAD'])}${dirty}, node ${process.versions.node}`)
  console.log(`caller    ${values.as}; each request with a new agent, session, domain and tool\n`)
  console.log(
    `${'requests'.padStart(9)}${'heap MiB'.padStart(10)}${'RSS MiB'.padStart(9)}${'disk MiB'.padStart(10)}${'p50 ms of a decision'.padStart(22)}`,
  )
  let sent = 0
  let first
  for (const step of [0, ...steps]) {
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        while (sent < step) await post(madeUp((sent += 1)))
      }),
    )
    const decision = await p50(post)
    const answered = answerOf(child)
    child.send('measure')
    const { rss, heapUsed } = await answered
    const disk = diskBytes()
    if (step === steps[0]) first = { step, disk }
    const cells = [
      (heapUsed / MIB).toFixed(1).padStart(10),
      (rss / MIB).toFixed(0).padStart(9),
      (disk / MIB).toFixed(1).padStart(10),
      decision.toFixed(2).padStart(22),
    ]
    console.log(`${String(step).padStart(9)}${cells.join('')}`)
  }
  const perRequest = (diskBytes() - first.disk) / (sent - first.step)
  const perDay = DEFAULT_RATE.burst + DEFAULT_RATE.per_second * 86_400
  console.log(
    `\n${Math.round(perRequest)} bytes on the disk for each request; at the default rate of strangers (${DEFAULT_RATE.per_second} a second) at most ${((perRequest * perDay) / 2 ** 30).toFixed(1)} GiB a day`,
  )
} finally {
  child.send('end')
  await new Promise((done) => child.once('close', done))
  rmSync(folder, { recursive: true, force: true })
}
