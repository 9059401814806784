import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { candidatePolicySet } from '../../src/app/candidate.ts'
import { proofText } from '../../src/app/compose.ts'
import { runMutants } from '../../src/app/mutants/run-mutants.ts'
import { policySetPlace } from '../../src/app/policy-sources.ts'
import { eraseRecords } from '../../src/audit/removal/erase.ts'
import { placeHold, releaseHold } from '../../src/audit/removal/legal-hold.ts'
import { createRetention } from '../../src/audit/removal/retain.ts'
import { exportLine } from '../../src/audit/export.ts'
import { walkRecords } from '../../src/audit/walk-records.ts'
import { runCli } from '../../src/cli/program.ts'
import type { CliDeps } from '../../src/cli/support/deps.ts'
import { loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { ServiceError } from '../../src/format/error.ts'
import { uuidv7 } from '../../src/format/uuid.ts'
import { runLives } from '../../src/labs/trust-worlds/run-lives.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import type { LogVerification } from '../../src/ledger/log-verification.ts'
import type { Store } from '../../src/ledger/store.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import {
  assemblePolicySet,
  readCatalogue,
  readPolicyParts,
  readRisk,
  restorePolicySet,
} from '../../src/rego/assemble-policy-set.ts'
import { createService } from '../../src/service/create-service.ts'
import type { Service } from '../../src/service/service.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { openScratch } from '../../src/stores/sqlite/scratch.ts'

/** What a command line did. */
export type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** The moment of every test: a Tuesday in business hours. */
export const NOW_MS = Date.parse('2026-03-03T10:00:00.000Z')

const refused = (what: string) => (): Promise<never> => Promise.reject(new ServiceError('io', `${what} is not part of this test`))
let shipped: Promise<PolicySet> | undefined

/** The example organisation's policy set, from the committed bundles; compiled once per test file. */
export async function shippedPolicySet(): Promise<PolicySet> {
  shipped ??= (async () =>
    assemblePolicySet(await readPolicyParts(policySetPlace(await loadConfig(undefined, PACKAGE_ROOT))), NOW_MS))()
  return shipped
}

/** Runs one command line with real adapters where they need no disk; `changes` replaces some. */
export async function run(argv: readonly string[], changes: Partial<CliDeps> = {}): Promise<Ran> {
  const written = { out: '', err: '' }
  const deps: CliDeps = {
    env: {},
    cwd: PACKAGE_ROOT,
    packageRoot: PACKAGE_ROOT,
    readStdin: () => Promise.resolve(''),
    stdout: (text) => void (written.out += text),
    stderr: (text) => void (written.err += text),
    stdoutIsTty: false,
    stderrIsTty: false,
    columns: 100,
    nowMs: () => NOW_MS,
    elapsed: () => performance.now() / 1_000,
    processors: 2,
    random: (bytes) => new Uint8Array(bytes),
    version: { gradus: '1.2.3', node: '24.0.0', opa: '1.22.0' },
    fetch: refused('the network'),
    watch: () => () => undefined,
    stopped: () => new Promise(() => undefined),
    onHangup: () => undefined,
    loadConfig: async (file) => loadConfig(file, changes.cwd ?? PACKAGE_ROOT),
    loadPolicySet: () => shippedPolicySet(),
    restorePolicySet: (archive) => restorePolicySet(archive),
    loadCandidate: (loaded, files) => candidatePolicySet({ ...loaded, file: loaded.file ?? '' }, files, NOW_MS),
    runMutants,
    openScratch,
    readCatalogue,
    readRisk,
    checkRego: () => Promise.resolve([]),
    hasOpa: () => Promise.resolve(true),
    packClone: () => Promise.resolve(undefined),
    lockProject: () => Promise.resolve(true),
    staleBundles: () => Promise.resolve([]),
    buildBundles: refused('building'),
    openMemoryStore: (projector) => createMemoryStore({ project: projector, origin: 'gradus.test/audit' }),
    openStore: refused('a store on disk'),
    openService: refused('a service on disk'),
    formatProof: proofText,
    verifyLog: refused('verifying'),
    rebuildState: refused('rebuilding'),
    walkRecords,
    exportLine,
    eraseRecords,
    createRetention,
    placeHold,
    releaseHold,
    runLives,
    serve: refused('serving'),
    ...changes,
  }
  const code = await runCli(deps, argv)
  return { code, ...written }
}

/** A folder for one test, and a writer into it. */
export type Folder = {
  readonly path: string
  readonly write: (name: string, text: string) => string
  readonly remove: () => void
}

/** An empty temporary folder. */
export function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'gradus-cli-'))
  return {
    path,
    write: (name, text) => {
      writeFileSync(join(path, name), text)
      return join(path, name)
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** A real service on a store that forgets, whose store commands may open as if it were on disk. */
export async function liveService(): Promise<{
  readonly service: Service
  readonly store: Store
  readonly open: CliDeps['openStore']
}> {
  const store = createMemoryStore({ project, origin: 'gradus.test/audit' })
  let ticks = 0
  const nowMs = (): number => NOW_MS + ticks++
  const service = await createService({
    store,
    clock: { nowMs, steady: () => true },
    newId: uuidv7(nowMs, (bytes) => Uint8Array.from({ length: bytes }, (_, at) => at)),
    loadPolicySet: shippedPolicySet,
    observe: () => undefined,
    elapsed: () => 0,
    mask: true,
    formatProof: proofText,
  })
  return { service, store, open: () => Promise.resolve({ ...store, close: () => Promise.resolve() }) }
}

/** Whoever reaches a listener whose owner vouches for it. */
export const ANYBODY = {
  tenant: 'default',
  credential: 'listener:http',
  roles: ['enforcement_point' as const],
  human_subject_types: [],
  supported_obligations: [],
  verified_facts: [],
  trusted_composition: false,
  layers: [],
}

/** What verifying a log of three records finds that is whole. */
export const WHOLE_LOG: LogVerification = {
  ok: true,
  records: 3,
  masked: 0,
  masksUnbound: 0,
  erased: 0,
  expired: 0,
  policySets: 1,
  unsigned: 0,
  storedHeads: 1,
  outsideHeads: 0,
  witnessed: [],
  receipts: 0,
  documents: 2,
  root: 'AAAA',
  findings: [],
  omitted: 0,
}
