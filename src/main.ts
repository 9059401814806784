import { randomBytes } from 'node:crypto'
import { readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { eraseRecords } from './audit/erase.ts'
import { exportLine } from './audit/export.ts'
import { noteVerifier } from './audit/note.ts'
import { walkRecords } from './audit/query.ts'
import { verifyLog } from './audit/verify.ts'
import type { CliDeps, VerifyLogOptions, VerifyLogReport } from './cli/deps.ts'
import { runCli } from './cli/program.ts'
import { openService, openStore, proofText, systemClock } from './compose.ts'
import type { LogEntry } from './http/log.ts'
import { loadConfig, PACKAGE_ROOT, type ConfigFile } from './load-config.ts'
import type { Config } from './model/config.ts'
import { ServiceError } from './model/error.ts'
import { buildBundles, bundledPolicySet, cachedPolicySet, packageVersion } from './policy-sources.ts'
import { checkRego } from './rego/check.ts'
import { BundleError } from './rego/error.ts'
import { OPA_VERSION } from './rego/opa-tool.ts'
import { readCatalogue, readRisk, restorePolicySet } from './rego/policy-set.ts'
import type { Store } from './service/ports.ts'
import { project } from './service/projection.ts'
import { serve } from './serve.ts'
import { createMemoryStore } from './stores/memory/memory-store.ts'
import { openLog } from './stores/sqlite/log-reader.ts'
import { openReadOnlyStore } from './stores/sqlite/read-only-store.ts'

/** Origin of a memory store's log; it dies with the process. */
const EPHEMERAL_ORIGIN = 'gradus.local/ephemeral'

/** The composition root: connects the command line to the adapters and the process. */
async function main(): Promise<number> {
  const version = await packageVersion(PACKAGE_ROOT)
  const warn = (line: string): void => void process.stderr.write(`${line}\n`)
  const log = ({ level, event, ...more }: LogEntry): void => {
    if (level !== 'info') warn(JSON.stringify({ level, event, ...more }))
  }
  const cwd = process.cwd()
  const asFile = (loaded: { readonly config: Config; readonly root: string; readonly file: string | null }): ConfigFile => ({
    ...loaded,
    file: loaded.file ?? '',
  })
  const deps: CliDeps = {
    env: process.env,
    cwd,
    readStdin: () => text(process.stdin),
    stdout: (line) => void process.stdout.write(line),
    stderr: (line) => void process.stderr.write(line),
    stdoutIsTty: process.stdout.isTTY,
    stderrIsTty: process.stderr.isTTY,
    columns: process.stdout.isTTY ? process.stdout.columns : 100,
    nowMs: () => Date.now(),
    elapsed: () => performance.now() / 1_000,
    random: (bytes) => randomBytes(bytes),
    version: { gradus: version, node: process.versions.node, opa: OPA_VERSION },
    fetch,
    watch: (paths, changed) => {
      const watchers = paths.map((path) => watch(path, { recursive: true }, changed))
      return () => watchers.forEach((watcher) => watcher.close())
    },
    stopped: new Promise((stop) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop())
    }),
    onHangup: (handler) => void process.on('SIGHUP', handler),

    loadConfig: (file) => loadConfig(file, cwd),
    loadPolicySet: async (loaded, { sources, print }) =>
      sources ? cachedPolicySet(asFile(loaded), Date.now(), print) : bundledPolicySet(asFile(loaded), Date.now(), print),
    restorePolicySet: (archive) => restorePolicySet(archive),
    readCatalogue,
    readRisk,
    checkRego: async (folder, options) => checkRego(folder, options).catch(asPolicyError),
    buildBundles,
    openMemoryStore: (projector) => createMemoryStore({ project: projector, origin: EPHEMERAL_ORIGIN }),
    openStore: async (dataDir, mode, loaded) =>
      mode === 'write' ? openStore(asFile(loaded), dataDir, warn) : readerAsStore(openReadOnlyStore(dataDir)),
    openService: async (loaded, dataDir) =>
      openService(asFile(loaded), await openStore(asFile(loaded), dataDir, warn), { clock: systemClock() }),
    formatProof: proofText,
    verifyLog: (options) => Promise.resolve().then(() => verifyDataDir(options)),
    walkRecords,
    exportLine,
    eraseRecords,
    serve: (options) => serve(options, { cwd, version, log, warn }),
  }
  return runCli(deps, process.argv.slice(2))
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
  return { ...reader, transact: refuse, archive: refuse, erase: refuse, fenced: () => undefined }
}

/** Verifies the log of a data directory offline, with what was kept outside of it. */
function verifyDataDir(options: VerifyLogOptions): VerifyLogReport {
  const key = noteVerifier(options.publicKey ?? publicKeyOf(options.dataDir))
  if (!key.ok)
    throw new ServiceError('bad_request', `the log's public key cannot be read: ${key.error.message}`, {
      fix: 'pass the key that the log was started with',
    })
  const { heads, receipts, onProgress } = options
  const reader = openLog(options.dataDir)
  try {
    return verifyLog(reader, {
      verifiers: [key.verifier],
      origin: key.verifier.name,
      fold: project,
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
    throw new ServiceError('io', `cannot read the log's public key ${file}`, {
      place: { file },
      fix: 'name the data directory of a server that ran, or pass the key',
      cause,
    })
  }
}

process.exitCode = await main()
