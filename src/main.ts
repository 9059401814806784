import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { candidatePolicySet } from './app/candidate.ts'
import { openService, openStore, proofText, systemClock } from './app/compose.ts'
import { lockProject, packClone } from './app/pack-clone.ts'
import { buildBundles, bundledPolicySet, cachedPolicySet, packageVersion } from './app/policy-sources.ts'
import { startServer } from './app/serve.ts'
import { staleFindings } from './app/stale-bundles.ts'
import { stopSignal } from './app/stop-signal.ts'
import { eraseRecords } from './audit/removal/erase.ts'
import { placeHold, releaseHold } from './audit/removal/legal-hold.ts'
import { createRetention } from './audit/removal/retain.ts'
import { exportLine } from './audit/export.ts'
import { noteVerifier } from './audit/note.ts'
import { rebuildState, type WriteState } from './audit/rebuild.ts'
import { verifyLog } from './audit/verify.ts'
import { walkRecords } from './audit/walk-records.ts'
import { runCli } from './cli/program.ts'
import type { CliAdapters, CliProcess, LoadedConfig, RebuildOptions, VerifyLogOptions } from './cli/support/deps.ts'
import type { Rebuilding, LogVerification } from './ledger/log-verification.ts'
import { watchFiles } from './cli/support/watch-files.ts'
import { type ConfigFile, loadConfig, PACKAGE_ROOT } from './config/load-config.ts'
import { ServiceError } from './format/error.ts'
import { unreadable } from './format/read-text.ts'
import { SECOND_MS } from './format/time.ts'
import type { LogEntry } from './http/log.ts'
import { project } from './ledger/fold/fold.ts'
import type { Store } from './ledger/store.ts'
import { archiveDigest, readCatalogue, readRisk, restorePolicySet } from './rego/assemble-policy-set.ts'
import { hasOpa } from './rego/built-bundle.ts'
import { checkRego } from './rego/check.ts'
import { BundleError } from './rego/error.ts'
import { OPA_VERSION } from './rego/opa-tool.ts'
import { createMemoryStore } from './stores/memory/memory-store.ts'
import { openLog } from './stores/sqlite/raw-log.ts'
import { openReadOnlyStore } from './stores/sqlite/read-only-store.ts'
import { rewriteState, underTheLock } from './stores/sqlite/rewrite-state.ts'
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
    verifyLog: (options) => Promise.resolve().then(() => verifyDataDir(options)),
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

/** What every head of a data directory's log has to be signed with. */
function trustedBy({ publicKey, dataDir }: Pick<VerifyLogOptions, 'publicKey' | 'dataDir'>) {
  const key = noteVerifier(publicKey ?? publicKeyOf(dataDir))
  if (!key.ok)
    throw new ServiceError('bad_request', `the log's public key cannot be read: ${key.error.message}`, {
      fix: 'pass the key that the log was started with',
    })
  return { verifiers: [key.verifier], origin: key.verifier.name, fold: project, policySetDigest: archiveDigest }
}

/** Derives the state of a data directory again, and writes it where that is asked for. */
function rebuildDataDir({ dataDir, publicKey, write, onProgress }: RebuildOptions): Rebuilding {
  const derive = (writeState?: WriteState): Rebuilding => {
    const reader = openLog(dataDir)
    try {
      return rebuildState(reader, { ...trustedBy({ dataDir, publicKey }), onProgress }, writeState)
    } finally {
      reader.close()
    }
  }
  return write ? underTheLock(dataDir, () => derive((state) => rewriteState(dataDir, state))) : derive()
}

/** Verifies the log of a data directory offline, with what was kept outside of it. */
function verifyDataDir(options: VerifyLogOptions): LogVerification {
  const { heads, receipts, onProgress } = options
  const trusted = trustedBy(options)
  const reader = openLog(options.dataDir)
  try {
    return verifyLog(reader, {
      ...trusted,
      heads: heads.map(({ name, text }) => ({ name, note: text })),
      receipts,
      onProgress,
    })
  } finally {
    reader.close()
  }
}

function publicKeyOf(dataDir: string): string {
  const file = join(dataDir, 'audit.vkey')
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw unreadable(cause, { file, code: 'io', fix: 'name the data directory of a server that ran, or pass the key' })
  }
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
