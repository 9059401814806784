import type * as Crypto from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'

import type { Caller } from '../../src/access/caller.ts'
import { proofText } from '../../src/app/compose.ts'
import { liveThrough } from '../../src/app/demo.ts'
import { bundledPolicySet, cachedPolicySet } from '../../src/app/policy-sources.ts'
import { walkRecords } from '../../src/audit/walk-records.ts'
import { type ConfigFile, loadConfig } from '../../src/config/load-config.ts'
import type { LogLine } from '../../src/decisions/opa-log/wire.ts'
import { replayDecision } from '../../src/decisions/replay.ts'
import { DetectorSettings } from '../../src/evidence/detectors/settings.ts'
import { fixtureFiles, loadFixtures } from '../../src/fixtures/load.ts'
import { runCase } from '../../src/fixtures/run-case.ts'
import { uuidv7 } from '../../src/format/uuid.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import type { Store } from '../../src/ledger/store.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import type * as CreateService from '../../src/service/create-service.ts'
import { createService } from '../../src/service/create-service.ts'
import { simulate } from '../../src/simulate/simulate.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { openScratch } from '../../src/stores/sqlite/scratch.ts'
import { createTranscript, transcribed, transcribeLog, type Transcript } from './transcript.ts'

/**
 * Records and answers, byte for byte, of every fixture and of the example organisation's past: the same clock, ids, salts and
 * key give the same log. GRADUS_GOLDEN=write rewrites the digests; GRADUS_TRANSCRIPTS=FOLDER keeps what they are made of.
 */
const ROOT = join(import.meta.dirname, '../..')
const FILE = join(import.meta.dirname, 'digests.json')
const WRITE = process.env['GRADUS_GOLDEN'] === 'write'
const NOW_MS = Date.UTC(2026, 2, 2, 10)
const FOLDERS = ['', 'templates/default', 'templates/customer-support', 'templates/coding-agents']
const KEY = `-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n`

const random = vi.hoisted(() => {
  let state = 1
  return {
    restart: () => void (state = 1),
    bytes: (length: number) => {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at < length; at += 1) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
        bytes[at] = state >>> 16
      }
      return bytes
    },
  }
})
const current: { transcript?: Transcript } = vi.hoisted(() => ({}))

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof Crypto>()
  const generateKeyPairSync = () => ({ privateKey: real.createPrivateKey(KEY) })
  return { ...real, randomBytes: random.bytes, generateKeyPairSync }
})
vi.mock('../../src/service/create-service.ts', async (original) => {
  const real = await original<typeof CreateService>()
  return {
    ...real,
    createService: async (deps: Parameters<typeof createService>[0]) =>
      transcribed(await real.createService(deps), current.transcript ?? createTranscript()),
  }
})

const expected = (WRITE ? {} : JSON.parse(readFileSync(FILE, 'utf8'))) as Record<string, string>
const found: Record<string, string> = {}
const elapsed = (): number => 0

function check(name: string, transcript: Transcript): void {
  found[name] = transcript.digest(name)
  if (!WRITE) expect(found[name]).toBe(expected[name])
}

beforeEach(() => random.restart())
afterAll(() => {
  if (WRITE) writeFileSync(FILE, `${JSON.stringify(found, null, 2)}\n`)
})

describe.each(FOLDERS)('fixtures of %s', (folder) => {
  it('answer and record as they did', async () => {
    const loaded = folder === '' ? await unwatched() : await loadConfig(undefined, join(ROOT, folder))
    const policySet = await (folder === '' ? bundledPolicySet : cachedPolicySet)(loaded, NOW_MS)
    for (const file of await fixtureFiles(join(ROOT, folder, 'policies', 'fixtures'))) {
      random.restart()
      const transcript = createTranscript()
      current.transcript = transcript
      const { cases } = await loadFixtures(file)
      for (const each of cases) {
        let opened: Store | undefined
        transcript.write('case', each.fixture.name)
        const openMemoryStore = (projector: typeof project): Store => {
          const store = createMemoryStore({ project: projector, origin: 'gradus.test/differential' })
          opened = { ...store, close: async () => transcribeLog(store, transcript).then(() => store.close()) }
          return opened
        }
        await runCase(each, { openMemoryStore, formatProof: proofText, elapsed, policySet })
      }
      check(relative(ROOT, file), transcript)
    }
  }, 600_000)
})

describe('the example organisation', () => {
  it.each([
    ['enforced', {}],
    ['observed', { modes: [{ mode: 'observe' as const }] }],
    ['partly observed', { modes: [{ agent: 'coding-agent', mode: 'observe' as const }, { mode: 'enforce' as const }] }],
    ['with detectors', { detectors: { layers: ['behaviour', 'context'] as const, settings: {} } }],
  ])(
    '%s: its past, an OPA log, replay and simulation are as they were',
    async (name, settings) => {
      const transcript = createTranscript()
      current.transcript = transcript
      const loaded = await unwatched()
      const shipped = await bundledPolicySet(loaded, NOW_MS)
      const policySet = { ...shipped, settings: { ...shipped.settings, ...modesOf(shipped, settings) } }
      let nowMs = NOW_MS - 366 * 86_400_000
      const store = createMemoryStore({ project, origin: 'gradus.test/differential' })
      const service = await createService({
        store,
        clock: { nowMs: () => nowMs, steady: () => true },
        newId: uuidv7(() => nowMs, random.bytes),
        loadPolicySet: () => Promise.resolve(policySet),
        observe: () => undefined,
        elapsed,
        mask: true,
        formatProof: proofText,
        modeKey: new Uint8Array(32),
      })
      const count = await liveThrough(service, join(ROOT, 'examples', 'organisation', 'history.yaml'), NOW_MS, (ms) => {
        nowMs = ms
      })
      transcript.write('decisions', count)
      await service.ingestLog(uploader(), logOf(await store.query({ kinds: ['decision'], limit: 60 })))
      await transcribeLog(store, transcript)
      await replayAndSimulate(store, policySet, transcript)
      await store.close()
      check(`organisation ${name}`, transcript)
    },
    600_000,
  )
})

/** The configuration of the example organisation with its detectors off, whatever they make of it: what they change is told by the cases that name them. */
async function unwatched(): Promise<ConfigFile> {
  const loaded = await loadConfig(undefined, ROOT)
  return { ...loaded, config: { ...loaded.config, detectors: DetectorSettings.parse({}) } }
}

type Deviation = { readonly modes?: readonly object[]; readonly detectors?: { readonly layers: readonly string[] } }

function modesOf({ settings }: PolicySet, { modes, detectors }: Deviation): object {
  return {
    ...(modes === undefined ? {} : { modes }),
    ...(detectors === undefined ? {} : { detectors: { ...settings.detectors, layers: detectors.layers } }),
  }
}

function uploader(): Caller {
  return {
    tenant: 'default',
    credential: 'opa-uploader',
    roles: ['log_uploader'],
    human_subject_types: [],
    supported_obligations: [],
    verified_facts: [],
    trusted_composition: false,
    layers: [],
  }
}

/** Recorded requests as an OPA elsewhere would have logged them, allowed and denied in turn, and two that cannot be read. */
async function* logOf(stored: Awaited<ReturnType<Store['query']>>): AsyncGenerator<LogLine> {
  for (const [at, { record }] of stored.entries()) {
    await Promise.resolve()
    const { request } = record.body as { readonly request?: unknown }
    const decision = { decision_id: `opa-${at}`, path: 'rbac/decision', input: request, timestamp: record.at }
    yield { ok: true, value: { ...decision, result: at % 3 !== 0 } }
  }
  yield { ok: true, value: { decision_id: 'again' } }
  yield { ok: false, message: 'not JSON' }
}

async function replayAndSimulate(store: Store, policySet: PolicySet, transcript: Transcript): Promise<void> {
  for await (const stored of walkRecords(store, { kinds: ['decision'] }))
    if (stored.leafIndex % 20 === 0) transcript.write('replay', await replayDecision(stored, policySet))
  const { settings, constants } = policySet
  const candidates: readonly PolicySet[] = [
    policySet,
    { ...policySet, settings: { ...settings, guardrails: { ...settings.guardrails, excess: 'deny' } } },
    { ...policySet, constants: { ...constants, prior_units: constants.prior_units * 2 } },
  ]
  for (const candidate of candidates) {
    const scratch = openScratch()
    const ran = {
      store,
      walk: walkRecords,
      scratch,
      candidate,
      baseline: null,
      promotes: true,
      sinceMs: 0,
      onProgress: () => undefined,
    }
    transcript.write('simulation', await simulate(ran))
    scratch.close()
  }
}
