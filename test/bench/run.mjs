// make bench: how fast is this decision point, beside OPA and beside servers that decide nothing, in one run on one machine?
// GRADUS_BENCH_ROUNDS, GRADUS_BENCH_SECONDS, GRADUS_BENCH_CONNECTIONS change it; --quick is a smoke run.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'

import { findOpa } from '../../src/rego/opa-tool.ts'
import { requestOf } from '../support/arbitraries.ts'
import { measureSteps } from './steps.mjs'

const ROOT = resolve(import.meta.dirname, '../..')
const quick = process.argv.includes('--quick')
const number = (name, usual, short) => Number(process.env[name] ?? (quick ? short : usual))
const ROUNDS = number('GRADUS_BENCH_ROUNDS', 5, 1)
const SECONDS = number('GRADUS_BENCH_SECONDS', 3, 0.5)
const CONNECTIONS = number('GRADUS_BENCH_CONNECTIONS', 32, 32)
const WARM_MS = quick ? 300 : 700
const STEP_CALLS = quick ? 640 : 3_200
const SIZES = [300, 2_048]
const START_MS_MAX = 30_000

const folder = mkdtempSync(join(tmpdir(), 'gradus-bench-'))
const children = []
const output = (command, args) => {
  const { status, stdout } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : ''
}
const pause = (ms) => new Promise((done) => setTimeout(done, ms))
const median = (numbers) => [...numbers].sort((left, right) => left - right)[numbers.length >> 1]

/** Starts a server that says where it listens. */
async function startNode(args) {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text))
  const sinceMs = performance.now()
  for (;;) {
    const url = /listens on (http:\/\/\S+)/.exec(said)?.[1]
    if (url !== undefined) return url
    if (child.exitCode !== null || performance.now() - sinceMs > START_MS_MAX)
      throw new Error(`${args[0]} did not start: ${said}`)
    await pause(50)
  }
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** OPA with the same policies: base, graduation, and their meet; what a decision looked up and computed is given to it as data. */
function opaPolicies(record) {
  const place = join(folder, 'opa')
  for (const name of ['rbac', 'graduation']) {
    mkdirSync(join(place, name), { recursive: true })
    for (const file of readdirSync(join(ROOT, 'policies', name)).filter((each) => !each.endsWith('_test.rego')))
      cpSync(join(ROOT, 'policies', name, file), join(place, name, file))
  }
  const { facts, risk } = record.body
  const at = new Date(facts.at_ms)
  const time = { epoch_ms: facts.at_ms, iso: at.toISOString(), hour: at.getUTCHours(), weekday: at.getUTCDay() }
  const { agent, action, trust } = facts
  mkdirSync(join(place, 'bench'))
  writeFileSync(
    join(place, 'bench', 'data.json'),
    JSON.stringify({
      base: { tenant: 'default', time, agent, action_class: action },
      graduation: {
        tenant: 'default',
        time,
        human: false,
        agent,
        action,
        trust,
        risk,
        classification: 'internal',
        sensitive: false,
        facts: {},
        overrides: {},
      },
    }),
  )
  writeFileSync(
    join(place, 'gate.rego'),
    `package gate

ranks := ["deny", "suggest", "require_approval", "allow_guarded", "allow"]

base := answer if answer := data.rbac.decision with input as object.union(input, data.bench.base)

ceilings := answer if answer := data.graduation.ceilings with input as object.union(data.bench.graduation, {"request": input})

decision := {"outcome": ranks[min([rank | some rank, outcome in ranks; outcome in outcomes])], "base": base, "ceilings": ceilings}

outcomes := {base.outcome} | {ceiling.outcome | some ceiling in ceilings}
`,
  )
  return place
}

async function startOpa(opa, place, log) {
  const port = await freePort()
  const args = [
    'run',
    '--server',
    '--addr',
    `127.0.0.1:${port}`,
    '--log-level',
    'error',
    '--skip-version-check',
    ...(log ? ['--set', 'decision_logs.console=true'] : []),
    place,
  ]
  // OPA writes its decision log to standard error.
  const nowhere = openSync('/dev/null', 'w')
  const complaints = join(folder, 'opa.err')
  const child = spawn(opa, args, { stdio: ['ignore', nowhere, log ? nowhere : openSync(complaints, 'w')] })
  children.push(child)
  const url = `http://127.0.0.1:${port}`
  for (const sinceMs = performance.now(); performance.now() - sinceMs < START_MS_MAX; await pause(50)) {
    const up = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (up) return url
  }
  throw new Error(`opa did not start: ${readFileSync(complaints, 'utf8')}`)
}

async function outcomeOf({ url, path, wrap }) {
  const request = requestOf(SIZES[0])
  const response = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(wrap ? { input: request } : request),
  })
  const answer = await response.json()
  return answer.outcome ?? answer.result?.outcome
}

function load({ url, path, wrap }, bytes) {
  const bodyFile = join(folder, `${bytes}${wrap ? '-wrapped' : ''}.json`)
  const request = requestOf(bytes)
  writeFileSync(bodyFile, JSON.stringify(wrap ? { input: request } : request))
  const options = { url, path, bodyFile, connections: CONNECTIONS, warmMs: WARM_MS, seconds: SECONDS }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.mjs'), JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part))
  return new Promise((done, fail) =>
    child.once('close', (code) =>
      code === 0 ? done(JSON.parse(text)) : fail(new Error(`the load generator ended with ${code}`)),
    ),
  )
}

const pad = (text, width) => String(text).padStart(width)
const fixed = (value, digits) => (value === null ? '-' : value.toFixed(digits))

async function main() {
  const opa = await findOpa().catch(() => undefined)
  const revision = output('git', ['rev-parse', '--short', 'HEAD']) || 'no commit yet'
  const dirty = output('git', ['status', '--porcelain']) === '' ? '' : ', with changes'
  const [cpu] = cpus()
  console.log(
    `machine   ${cpu?.model ?? 'unknown'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()
      .map((each) => each.toFixed(1))
      .join(' ')} at the start`,
  )
  console.log(
    `software  node ${process.versions.node}, opa ${opa === undefined ? 'not found, left out' : output(opa, ['version']).split('\n')[0]?.replace('Version: ', '')}`,
  )
  console.log(`revision  ${revision}${dirty}`)
  console.log(
    `load      ${CONNECTIONS} connections, ${ROUNDS} interleaved rounds of ${SECONDS} s each, medians; the load generator shares the machine\n`,
  )

  const inProcess = {}
  for (const bytes of SIZES) inProcess[bytes] = await measureSteps(bytes, STEP_CALLS)
  console.log(`in process, µs (median)${pad('300 B', 28)}${pad('2 kB', 10)}`)
  for (const step of Object.keys(inProcess[SIZES[0]].steps))
    console.log(`  ${step.padEnd(40)}${SIZES.map((bytes) => pad(fixed(inProcess[bytes].steps[step], 1), 9)).join(' ')}`)

  const { answerBytes, recordBytes, record } = inProcess[SIZES[0]]
  const bare = (more) => startNode([join(import.meta.dirname, 'bare.mjs'), JSON.stringify({ answerBytes, recordBytes, ...more })])
  const targets = [
    {
      name: 'gradus, durable audit',
      url: await startNode([
        'src/main.ts',
        'serve',
        '--config',
        'gradus.yaml',
        '--listen',
        '127.0.0.1:0',
        '--data-dir',
        join(folder, 'data'),
      ]),
      path: '/api/v1/decisions',
      wrap: false,
    },
    ...(opa === undefined
      ? []
      : [
          {
            name: 'opa, no log',
            url: await startOpa(opa, opaPolicies(record), false),
            path: '/v1/data/gate/decision',
            wrap: true,
          },
          {
            name: 'opa, decision log',
            url: await startOpa(opa, join(folder, 'opa'), true),
            path: '/v1/data/gate/decision',
            wrap: true,
          },
        ]),
    { name: 'node:http, nothing else', url: await bare({}), path: '/', wrap: false },
    { name: 'node:http, equal record', url: await bare({ file: join(folder, 'bare.db') }), path: '/', wrap: false },
  ]
  const outcomes = await Promise.all(targets.filter(({ name }) => !name.startsWith('node:')).map(outcomeOf))
  if (new Set(outcomes).size !== 1 || outcomes[0] === undefined)
    throw new Error(`the deciding servers do not agree: ${outcomes.join(', ')}`)
  console.log(`\nall that decide answer ${outcomes[0]}; answers of ${answerBytes} bytes, records of ${recordBytes} bytes`)

  const runs = new Map()
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const bytes of SIZES) {
      for (const target of targets) {
        const key = `${target.name} ${bytes}`
        runs.set(key, [...(runs.get(key) ?? []), await load(target, bytes)])
      }
    }
  }
  for (const bytes of SIZES) {
    const row = ({ name }) => {
      const all = runs.get(`${name} ${bytes}`)
      const of = (member) => median(all.map((each) => each[member]))
      return {
        name,
        perSecond: of('perSecond'),
        p50Ms: of('p50Ms'),
        p99Ms: of('p99Ms'),
        failed: all.reduce((sum, { failed }) => sum + failed, 0),
      }
    }
    const rows = targets.map(row)
    console.log(
      `\nrequests of ${bytes} bytes${pad('per second', 19)}${pad('p50 ms', 10)}${pad('p99 ms', 10)}${pad('gradus is', 12)}`,
    )
    for (const { name, perSecond, p50Ms, p99Ms, failed } of rows) {
      const ratio = `${(rows[0].perSecond / perSecond).toFixed(2)} ×`
      console.log(
        `  ${name.padEnd(28)}${pad(Math.round(perSecond), 10)}${pad(fixed(p50Ms, 1), 10)}${pad(fixed(p99Ms, 1), 10)}${pad(ratio, 12)}${failed === 0 ? '' : `  ${failed} failed`}`,
      )
    }
    if (rows.some(({ failed }) => failed > 0)) process.exitCode = 1
  }
}

try {
  await main()
} finally {
  await Promise.all(
    children.map(
      (child) =>
        new Promise((done) => {
          if (child.exitCode !== null || child.signalCode !== null) return done()
          child.once('close', done)
          child.kill('SIGTERM')
        }),
    ),
  )
  rmSync(folder, { recursive: true, force: true })
}
