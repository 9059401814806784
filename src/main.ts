import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { text } from 'node:stream/consumers'

import { candidatePolicySet } from './app/candidate.ts'
import { openService, openStore, proofText, systemClock } from './app/compose.ts'
import { lockProject, packClone } from './app/pack-clone.ts'
import { buildBundles, bundledPolicySet, cachedPolicySet, packageVersion } from './app/policy-sources.ts'
import { startServer } from './app/serve.ts'
import { staleFindings } from './app/stale-bundles.ts'
import { stopSignal } from './app/stop-signal.ts'
import { rebuildDataDir, verifyDataDir } from './app/verify-data-dir.ts'
import { eraseRecords } from './audit/removal/erase.ts'
import { placeHold, releaseHold } from './audit/removal/legal-hold.ts'
import { createRetention } from './audit/removal/retain.ts'
import { exportLine } from './audit/export.ts'
import { walkRecords } from './audit/walk-records.ts'
import { runCli } from './cli/program.ts'
import type { CliAdapters, CliProcess, LoadedConfig } from './cli/support/deps.ts'
import { watchFiles } from './cli/support/watch-files.ts'
import { type ConfigFile, loadConfig, PACKAGE_ROOT } from './config/load-config.ts'
import { ServiceError } from './format/error.ts'
import { SECOND_MS } from './format/time.ts'
import type { LogEntry } from './http/log.ts'
import type { Store } from './ledger/store.ts'
import { readCatalogue, readRisk, restorePolicySet } from './rego/assemble-policy-set.ts'
import { hasOpa } from './rego/built-bundle.ts'
import { checkRego } from './rego/check.ts'
import { BundleError } from './rego/error.ts'
import { OPA_VERSION } from './rego/opa-tool.ts'
import { createMemoryStore } from './stores/memory/memory-store.ts'
import { openReadOnlyStore } from './stores/sqlite/read-only-store.ts'
import { openScratch } from './stores/sqlite/scratch.ts'

/** Origin of a memory store's log; it dies with the process. */
const EPHEMERAL_ORIGIN = 'gradus.local/ephemeral'

/** The composition root: connects the command line to the adapters and the process. */
async function main(): Promise<number> {
  const version = await packageVersion(PACKAGE_ROOT)
  return runCli({ ...processAround(version), ...adapters(process.cwd(), version) }, process.argv.slice(2))
}

/** The process as the commands see it. */
function processAround(version: string): CliProcess {
  return {
    env: process.env,
    cwd: process.cwd(),
    packageRoot: PACKAGE_ROOT,
    readStdin: () => text(process.stdin),
    stdout: (line) => void process.stdout.write(line),
    stderr: (line) => void process.stderr.write(line),
    stdoutIsTty: process.stdout.isTTY,
    stderrIsTty: process.stderr.isTTY,
    columns: process.stdout.isTTY ? process.stdout.columns : 100,
    nowMs: () => Date.now(),
    elapsed: () => performance.now() / SECOND_MS,
    processors: availableParallelism(),
    random: (bytes) => randomBytes(bytes),
    version: { gradus: version, node: process.versions.node, opa: OPA_VERSION },
    fetch,
    watch: watchFiles,
    stopped: stopSignal,
    onHangup: (handler) => void process.on('SIGHUP', handler),
  }
}

/** What the commands work with: configuration, policies, the data directory, the log, the server. */
function adapters(cwd: string, version: string): CliAdapters {
  return {
    loadConfig: (file) => loadConfig(file, cwd),
    ...policyAdapters(),
    ...storeAdapters(),
    packClone: (folder) => packClone(PACKAGE_ROOT, folder),
    lockProject,
    formatProof: proofText,
    verifyLog: (options) => verifyDataDir(options),
    rebuildState: (options) => Promise.resolve().then(() => rebuildDataDir(options)),
    walkRecords,
    exportLine,
    eraseRecords,
    createRetention,
    placeHold,
    releaseHold,
    // Loaded by the one command that needs it, never by a server.
    runLives: async (jobs, options) => (await import('./labs/trust-worlds/run-lives.ts')).runLives(jobs, options),
    serve: (options) => startServer(options, { cwd, version, log, warn }),
  }
}

type PolicyAdapter =
  | 'loadPolicySet'
  | 'restorePolicySet'
  | 'loadCandidate'
  | 'runMutants'
  | 'readCatalogue'
  | 'readRisk'
  | 'checkRego'
  | 'hasOpa'
  | 'staleBundles'
  | 'buildBundles'

function policyAdapters(): Pick<CliAdapters, PolicyAdapter> {
  return {
    loadPolicySet: async (loaded, { sources, print }) =>
      sources ? cachedPolicySet(asFile(loaded), Date.now(), print) : bundledPolicySet(asFile(loaded), Date.now(), print),
    restorePolicySet: (archive) => restorePolicySet(archive),
    loadCandidate: (loaded, files) => candidatePolicySet(asFile(loaded), files, Date.now()),
    // Loaded by the one command that needs it, never by a server.
    runMutants: async (loaded, job) => (await import('./app/mutants/run-mutants.ts')).runMutants(loaded, job),
    readCatalogue,
    readRisk,
    checkRego: async (folder, options) => checkRego(folder, options).catch(asPolicyError),
    hasOpa,
    staleBundles: (loaded) => staleFindings(asFile(loaded)),
    buildBundles,
  }
}

function storeAdapters(): Pick<CliAdapters, 'openScratch' | 'openMemoryStore' | 'openStore' | 'openService'> {
  return {
    openScratch,
    openMemoryStore: (projector) => createMemoryStore({ project: projector, origin: EPHEMERAL_ORIGIN }),
    openStore: async (dataDir, mode, loaded) =>
      mode === 'write' ? openStore(asFile(loaded), dataDir, { warn }) : readerAsStore(openReadOnlyStore(dataDir)),
    openService: async (loaded, dataDir) =>
      openService(asFile(loaded), await openStore(asFile(loaded), dataDir, { warn }), { clock: systemClock() }),
  }
}

function warn(line: string): void {
  process.stderr.write(`${line}\n`)
}

function log({ level, event, ...more }: LogEntry): void {
  if (level !== 'info') warn(JSON.stringify({ level, event, ...more }))
}

function asFile(loaded: LoadedConfig): ConfigFile {
  return { ...loaded, file: loaded.file ?? '' }
}

function asPolicyError(error: unknown): never {
  if (error instanceof BundleError) throw new ServiceError('bad_policy', error.message, { fix: error.fix, cause: error })
  throw error
}

/** A store that refuses to write, for commands beside a running server. */
function readerAsStore(reader: ReturnType<typeof openReadOnlyStore>): Store {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new ServiceError('store_locked', 'this command only reads; the store is opened read-only', {
        fix: 'stop the server, or use its API with --server',
      }),
    )
  return { ...reader, transact: refuse, archive: refuse, erasable: refuse, erase: refuse, fenced: () => undefined }
}

/** Commands that print records and nothing else; without a reader there is nothing left to do. */
const PRINTING = ['export', 'query']

/** A reader that goes away, such as `head`, is no error. What serves, or whose exit code is a verdict, goes on without it. */
function outliveReaders([group = '', command = '']: readonly string[]): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (stream === process.stdout && group === 'audit' && PRINTING.includes(command)) process.exit(0)
    })
}

outliveReaders(process.argv.slice(2))
process.exitCode = await main()
