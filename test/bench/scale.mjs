// node test/bench/scale.mjs [agents…]: what do many agents cost? For 100, 10,000 and 1,000,000 agents of one scope each: disk, start-up,
// memory per scope, and the time of a decision, of evidence and of a look at trust. The SQLite store, each size in a process of its own.
// --quick is a smoke run with 100 and 1,000 agents.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'

import { openStore } from '../../src/app/compose.ts'
import { loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { LAYERS } from '../../src/model/layer.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { rewriteState } from '../../src/stores/sqlite/rewrite-state.ts'
import { addEvidence } from '../../src/trust/evidence.ts'
import { newAgentTrust } from '../../src/trust/stored-trust.ts'

/** Decides, reports outcomes and looks at trust. */
export const CALLER = {
  tenant: 'default',
  credential: 'bench',
  roles: ['enforcement_point', 'verifier', 'operator'],
  human_subject_types: [],
  supported_obligations: [],
  verified_facts: [],
  trusted_composition: false,
  verifier: 'deterministic',
  layers: [],
}

/** The name of one of the agents. */
export function agentName(index) {
  return `agent-${index}`
}

const ROOT = resolve(import.meta.dirname, '../..')
const VARIETY = 500
const HOUR_MS = 3_600_000

/** Documents of agents that lived through some weeks, as text; so many different ones. */
function lives() {
  const nowMs = Date.now()
  return Array.from({ length: VARIETY }, (_, index) => {
    let agent = newAgentTrust()
    for (let turn = 0; turn < 20 + (index % 60); turn += 1)
      for (const layer of LAYERS) {
        const bad = layer === 'outcome' && (turn + index) % 31 === 30
        const eventTimeMs = nowMs - (80 - turn) * 7 * HOUR_MS - index * 61_000
        const evidence = {
          scope: 'file_operations:light',
          layer,
          polarity: bad ? 'negative' : 'positive',
          weight: bad ? 1 : 0.5,
          eventTimeMs,
          countsForLadder: layer === 'outcome',
          verifier: 'bench',
        }
        agent = addEvidence(agent, evidence, eventTimeMs, DEFAULT_TRUST_CONSTANTS).agent
      }
    return JSON.stringify(agent)
  })
}

async function seed(dataDir, agents) {
  mkdirSync(dataDir, { recursive: true })
  const file = await loadConfig(join(PACKAGE_ROOT, 'gradus.yaml'), dataDir)
  const loaded = { ...file, config: { ...file.config, store: { ...file.config.store, engine: 'sqlite', data_dir: dataDir } } }
  await (await openStore(loaded, dataDir, () => undefined)).close()
  const texts = lives()
  function* documents() {
    for (let index = 0; index < agents; index += 1)
      yield { key: { kind: 'agent', tenant: 'default', id: agentName(index) }, text: texts[index % VARIETY] }
  }
  rewriteState(dataDir, { documents: documents(), constants: undefined })
}

function measure(dataDir, agents, calls) {
  const options = JSON.stringify({ dataDir, agents, calls })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'scale-one.mjs'), options], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part))
  return new Promise((done, fail) =>
    child.once('close', (code) => (code === 0 ? done(JSON.parse(text)) : fail(new Error(`${agents} agents ended with ${code}`)))),
  )
}

const mib = (bytes) => (bytes / 2 ** 20).toFixed(bytes < 2 ** 27 ? 1 : 0)
const rows = [
  ['database, MiB', ({ databaseBytes }) => mib(databaseBytes)],
  ['start-up, s', ({ startSeconds }) => startSeconds.toFixed(2)],
  ['memory taken by the start, MiB', ({ startedBytes }) => mib(startedBytes)],
  ['memory per scope that is kept, bytes', ({ keptBytes, kept }) => (kept < 1_000 ? '-' : Math.round(keptBytes / kept))],
  ['memory of all that are kept, MiB', ({ keptBytes }) => mib(keptBytes)],
  ['whole process, MiB', ({ rssBytes }) => mib(rssBytes)],
  ['facts of a decision, µs', ({ facts }) => facts.toFixed(1)],
  ['decision, alone, µs', ({ decision }) => Math.round(decision)],
  ['decision, 32 at a time, µs each', ({ decisionTogether }) => Math.round(decisionTogether)],
  ['evidence written, alone, µs', ({ evidence }) => Math.round(evidence)],
  ['evidence written, 32 at a time, µs each', ({ evidenceTogether }) => Math.round(evidenceTogether)],
  ['trust of an agent read, µs', ({ read }) => read.toFixed(1)],
]

async function main() {
  const quick = process.argv.includes('--quick')
  const given = process.argv.slice(2).filter((each) => /^\d+$/.test(each))
  const sizes = given.length > 0 ? given.map(Number) : quick ? [100, 1_000] : [100, 10_000, 1_000_000]
  const calls = quick ? 320 : 3_200
  const git = (...args) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout.trim()
  const load = loadavg().map((each) => each.toFixed(1))
  console.log(
    `machine   ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${load.join(' ')} at the start`,
  )
  console.log(`software  node ${process.versions.node}`)
  console.log(
    `revision  ${git('rev-parse', '--short', 'HEAD') || 'no commit yet'}${git('status', '--porcelain') === '' ? '' : ', with changes'}`,
  )
  console.log(
    `agents of one scope each, SQLite, durable; medians of ${calls} (alone: ${calls >> 2}) calls for agents drawn at random\n`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'gradus-bench-scale-'))
  try {
    const columns = []
    for (const agents of sizes) {
      const dataDir = join(folder, String(agents))
      await seed(dataDir, agents)
      const databaseBytes = statSync(join(dataDir, 'gradus.db')).size
      columns.push({ agents, databaseBytes, ...(await measure(dataDir, agents, calls)) })
      rmSync(dataDir, { recursive: true })
    }
    const pad = (text) => String(text).padStart(12)
    console.log(`${'agents'.padEnd(42)}${columns.map(({ agents }) => pad(agents.toLocaleString('en'))).join('')}`)
    for (const [name, of] of rows) console.log(`${name.padEnd(42)}${columns.map((column) => pad(of(column))).join('')}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) await main()
