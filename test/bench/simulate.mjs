// node test/bench/simulate.mjs [records…]: how long does it take to decide history again, and does memory grow with it?
// Lives through as many decisions as asked for (10,000 and 100,000 by default) on a store of their own, then decides them again under another matrix and other trust constants.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'

import { parse } from 'yaml'

import { openService, openStore } from '../../src/app/compose.ts'
import { loadConfig } from '../../src/config/load-config.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SIZES = process.argv.slice(2).map(Number)
const CONCURRENT = 32
const SECOND_MS = 1_000
const folder = mkdtempSync(join(tmpdir(), 'gradus-bench-simulate-'))
const history = parse(readFileSync(join(ROOT, 'examples/organisation/history.yaml'), 'utf8'))
const caller = {
  tenant: 'default',
  credential: 'bench',
  roles: ['enforcement_point', 'verifier'],
  human_subject_types: [],
  supported_obligations: ['rollback_handle', 'redact_sensitive'],
  verified_facts: ['checks_passed', 'complexity', 'source_verified'],
  trusted_composition: false,
  verifier: 'deterministic',
  layers: [],
}

/** A store with so many decisions, one a second, every tenth with its outcome. */
async function live(records) {
  const dataDir = join(folder, `data-${records}`)
  const loaded = await loadConfig(undefined, ROOT)
  let nowMs = Date.now() - records * SECOND_MS
  const store = await openStore(loaded, dataDir, () => undefined)
  const service = await openService(loaded, store, { clock: { nowMs: () => nowMs, steady: () => true } })
  for (let at = 0; at < records; at += CONCURRENT) {
    const asked = Array.from({ length: Math.min(CONCURRENT, records - at) }, async (_, index) => {
      const { request, outcome } = history.entries[(at + index) % history.entries.length]
      const answer = await service.evaluate(caller, { request, protocol: 'native' })
      if ((at + index) % 10 === 0 && (answer.decision || answer.advice.includes('record_proposal')))
        await service.reportOutcome(caller, { decision_id: answer.decision_id, class: outcome })
    })
    await Promise.all(asked)
    nowMs += CONCURRENT * SECOND_MS
  }
  await service.close()
  return dataDir
}

/** Runs the command; seconds, and the most memory that the process ever held. */
async function simulate(dataDir, ...candidate) {
  const sinceMs = performance.now()
  const child = spawn(process.execPath, ['src/main.ts', 'simulate', ...candidate, '--data-dir', dataDir, '--json'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  let peakMib = 0
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text))
  const timer = setInterval(() => {
    try {
      const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
      peakMib = Math.max(peakMib, Number(kib ?? 0) / 1_024)
    } catch {
      // It has ended.
    }
  }, 100)
  const code = await new Promise((done) => child.once('close', done))
  clearInterval(timer)
  if (code !== 0) throw new Error(`simulate ended with ${code}`)
  return { seconds: (performance.now() - sinceMs) / 1_000, peakMib, report: JSON.parse(out) }
}

const matrix = join(folder, 'matrix.yaml')
const { config } = parse(readFileSync(join(ROOT, 'policies/graduation/data.yaml'), 'utf8'))
const { standard } = config.matrix
// The agents of this history earn nothing, so it is the lowest level that has to be another one.
writeFileSync(matrix, JSON.stringify({ matrix: { standard: { ...standard, 0: standard[1] } } }))
const constants = join(folder, 'constants.yaml')
writeFileSync(constants, 'source_weights: { deterministic: 0.9 }\n')

const revision = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim()
console.log(
  `${cpus()[0]?.model ?? 'cpu'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.versions.node}, ${revision}`,
)
try {
  for (const records of SIZES.length > 0 ? SIZES : [10_000, 100_000]) {
    const dataDir = await live(records)
    for (const candidate of [
      ['--matrix', matrix],
      ['--trust-constants', constants],
    ]) {
      const { seconds, peakMib, report } = await simulate(dataDir, ...candidate)
      const { decided, changed } = report.changes
      console.log(
        `${candidate[0]}: ${decided} decisions in ${seconds.toFixed(1)} s (${Math.round(decided / seconds)} a second), ${Math.round(peakMib)} MiB at most, ${changed.total} changed`,
      )
    }
    rmSync(dataDir, { recursive: true })
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
