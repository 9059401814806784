import type { CatalogueFile } from '../../catalogue/catalogue-file.ts'
import type { Config } from '../../config/config.ts'
import type { LoadedCase } from '../../fixtures/load.ts'
import type { JudgedMutation } from '../../fixtures/mutants/mutation.ts'
import type { PolicyTrace } from '../../fixtures/mutants/trace.ts'
import type { SourceFinding } from '../../format/source-place.ts'
import type { runLives } from '../../labs/trust-worlds/run-lives.ts'
import type { project } from '../../ledger/fold/fold.ts'
import type { Scratch } from '../../ledger/scratch.ts'
import type { LogVerification, Rebuilding } from '../../ledger/log-verification.ts'
import type { RecordKind } from '../../ledger/record.ts'
import type { RecordSelection } from '../../ledger/record-selection.ts'
import type { RecordQuery, Store, StoredRecord } from '../../ledger/store.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import type { LegalHoldOrder } from '../../reports/legal-holds.ts'
import type { RiskDocument } from '../../risk/rule-document.ts'
import type { ServiceDeps } from '../../service/create-service.ts'
import type { Service } from '../../service/service.ts'

/** A configuration that was read and checked. `root` is the directory its paths are relative to; `file` null: built-in defaults. */
export type LoadedConfig = { readonly config: Config; readonly root: string; readonly file: string | null }

/** What `gradus serve` is asked for; absent members are what the configuration says. */
export type ServeOptions = {
  readonly configFile: string | undefined
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly listen: string | undefined
  readonly dataDir: string | undefined
  readonly store: 'sqlite' | 'memory' | undefined
  readonly demo: boolean
  readonly watch: boolean
  /** Bundles that are older than their sources decide all the same. */
  readonly allowStale?: boolean | undefined
  /** The file of `audit.checkpoint_file` is begun anew where it is missing. */
  readonly acceptNewCheckpointFile?: boolean | undefined
}

/** A server that answers. */
export type RunningServer = {
  /** Where it listens, `http://127.0.0.1:8181`. */
  readonly url: string
  /** Null with the memory store. */
  readonly dataDir: string | null
  /** What a person should know before the first request: the policy set, where the operator token is, commands to try. */
  readonly notes: readonly string[]
  /** Loads the policies again; resolves with what is in force now, rejects with why the new ones are not. */
  readonly reload: () => Promise<string>
  /** Stops taking requests, finishes those under way, closes the store. */
  readonly close: () => Promise<void>
}

/** A compiled bundle as it was written. */
export type BundleFile = {
  readonly name: string
  readonly file: string
  readonly digest: string
  readonly revision: string
  readonly entrypoints: readonly string[]
}

/** What the offline verifier is given: a data directory, and what people kept outside of it. */
export type VerifyLogOptions = {
  readonly dataDir: string
  readonly loaded: LoadedConfig
  /** Signed tree heads kept elsewhere, with the names of their files. */
  readonly heads: readonly NamedText[]
  /** Folders of signed tree heads, in files that end in `.checkpoint`. */
  readonly headFolders: readonly string[]
  /** The witnesses of the configuration are asked what they vouch for. */
  readonly askWitnesses: boolean
  /** Proofs or decision answers that callers kept. */
  readonly receipts: readonly NamedText[]
  /** The log's public key (a C2SP verifier key); absent: that of the data directory. */
  readonly publicKey: string | undefined
  readonly onProgress: (done: number, total: number) => void
}

/** A text and the name of the file it came from. */
export type NamedText = { readonly name: string; readonly text: string }

/** What deriving the state again is given. */
export type RebuildOptions = Pick<VerifyLogOptions, 'dataDir' | 'loaded' | 'publicKey' | 'onProgress'> & {
  /** Put the derived state in the place of the stored one; takes the lock. */
  readonly write: boolean
}

/** Files or folders that a candidate takes instead of what the configuration names (`gradus simulate`). */
export type CandidateSources = {
  readonly policies?: string | undefined
  readonly rules?: string | undefined
  readonly matrix?: string | undefined
  readonly trustConstants?: string | undefined
}

/** Adapters that commands need; the composition root connects them. Every one rejects with a `ServiceError` where the world is not as it must be. */
export type CliAdapters = {
  /** Reads a configuration file; undefined: `gradus.yaml` in the working directory if there is one, otherwise the built-in example. */
  readonly loadConfig: (file: string | undefined) => Promise<LoadedConfig>
  /**
   * Loads the policy set. `sources` true: Rego is compiled anew where its contents changed since it was last compiled (cached by content
   * hash, so a bundle is never stale); false: the bundles as they are. `print` gets what `print()` in a policy says.
   */
  readonly loadPolicySet: (
    loaded: LoadedConfig,
    options: { readonly sources: boolean; readonly print?: (line: string) => void },
  ) => Promise<PolicySet>
  readonly restorePolicySet: (archive: Uint8Array) => Promise<PolicySet>
  /** The configuration's policy set with a candidate's parts in it (absolute paths), and what is not as configured. */
  readonly loadCandidate: (
    loaded: LoadedConfig,
    files: CandidateSources,
  ) => Promise<{ readonly policySet: PolicySet; readonly changed: readonly string[] }>
  /** Judges every mutation of the policies of a configuration by cases that pass (`app/mutants/run-mutants.ts`). */
  readonly runMutants: (
    loaded: LoadedConfig,
    job: {
      readonly cases: readonly LoadedCase[]
      readonly trace: PolicyTrace
      readonly threads: number
      readonly nowMs: number
      readonly onProgress: (done: number, total: number) => void
    },
  ) => Promise<readonly JudgedMutation[]>
  /** Room outside of memory for documents of which there are as many as decisions. */
  readonly openScratch: () => Scratch
  readonly readCatalogue: (folder: string) => Promise<CatalogueFile>
  readonly readRisk: (folder: string) => Promise<readonly RiskDocument[]>
  /** `opa check --strict` with schemas, `opa fmt`, and whether the host has every built-in that is called; `packages` are the folders that become bundles. */
  readonly checkRego: (
    folder: string,
    options: { readonly schemas?: string; readonly allowBuiltins?: readonly string[]; readonly packages?: readonly string[] },
  ) => Promise<readonly SourceFinding[]>
  /** Whether the pinned compiler is here. Without it, policies are as their bundles have them, if those are of exactly these sources. */
  readonly hasOpa: () => Promise<boolean>
  /** The bundles that are not of their sources, as findings. */
  readonly staleBundles: (loaded: LoadedConfig) => Promise<readonly SourceFinding[]>
  /** Compiles the policies of a configuration's policy folder into bundles of a folder. */
  readonly buildBundles: (options: {
    readonly policies: string
    readonly out: string
    readonly onProgress: (name: string) => void
    /** Built-ins that the configuration allows the base. */
    readonly allowBuiltins?: readonly string[]
  }) => Promise<readonly BundleFile[]>
  /** Packs this package into a project where it is a clone that no registry has; answers the file in the project. */
  readonly packClone: (folder: string) => Promise<string | undefined>
  /** Writes the lock file of a project; false where it cannot be. */
  readonly lockProject: (folder: string) => Promise<boolean>
  /** A store that forgets, folding effects with this projector. */
  readonly openMemoryStore: (projector: typeof project) => Store
  /** The store of a data directory; `read` works beside a running server, `write` takes the lock or rejects with `store_locked`. */
  readonly openStore: (dataDir: string, mode: 'read' | 'write', loaded: LoadedConfig) => Promise<Store>
  /** The whole service on a data directory, holding its lock. */
  readonly openService: (loaded: LoadedConfig, dataDir: string) => Promise<Service>
  readonly formatProof: ServiceDeps['formatProof']
  readonly verifyLog: (options: VerifyLogOptions) => Promise<LogVerification>
  readonly rebuildState: (options: RebuildOptions) => Promise<Rebuilding>
  /** All records of a query, page by page, without a limit to the end of the log (`audit/walk-records.ts`). */
  readonly walkRecords: (
    store: Pick<Store, 'query'>,
    query: Omit<RecordQuery, 'limit'> & { readonly limit?: number },
  ) => AsyncIterable<StoredRecord>
  /** One record as a line of an export, without the line break (`audit/export.ts`). */
  readonly exportLine: (stored: StoredRecord) => string
  /** Removes sealed values; the log says so first (`audit/removal/`). */
  readonly eraseRecords: (
    store: Store,
    selection: RecordSelection,
    order: { readonly newId: () => string; readonly at: string; readonly actor: string; readonly reason: string },
  ) => Promise<{ readonly leafIndex: number; readonly records: number; readonly values: number }>
  readonly createRetention: (deps: {
    readonly store: Store
    readonly rules: Config['audit']['retention']
    readonly nowMs: () => number
    readonly newId: () => string
    readonly actor: string
  }) => () => Promise<{ readonly records: number; readonly values: number; readonly held: number }>
  /** Places or releases a legal hold, which keeps values from being removed. */
  readonly placeHold: (store: Store, order: LegalHoldOrder, kinds: readonly RecordKind[] | null) => Promise<void>
  readonly releaseHold: (store: Store, order: LegalHoldOrder, hold: string) => Promise<void>
  /** Lives the agents of a simulation on threads (`simulation/run-lives.ts`). */
  readonly runLives: typeof runLives
  readonly serve: (options: ServeOptions) => Promise<RunningServer>
}

/** The process around the commands, as values and functions, so that tests need no process. */
export type CliProcess = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** The directory of this package: `templates/`, `schemas/`. */
  readonly packageRoot: string
  /** All of standard input, UTF-8. */
  readonly readStdin: () => Promise<string>
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly stdoutIsTty: boolean
  readonly stderrIsTty: boolean
  /** Columns of the terminal; 100 where there is none. */
  readonly columns: number
  readonly nowMs: () => number
  /** Seconds on a monotonic clock. */
  readonly elapsed: () => number
  /** Processors that threads may be spread over, at least 1. */
  readonly processors: number
  readonly random: (bytes: number) => Uint8Array
  readonly version: { readonly gradus: string; readonly node: string; readonly opa: string }
  readonly fetch: typeof fetch
  /** Calls `changed` when anything below the paths changes; the answer ends it. */
  readonly watch: (paths: readonly string[], changed: () => void) => () => void
  /** From this call on, waits until the process is asked to end (SIGINT, SIGTERM) instead of ending. */
  readonly stopped: () => Promise<void>
  /** Calls `handler` on SIGHUP. */
  readonly onHangup: (handler: () => void) => void
}

/** Everything the command line needs from outside. */
export type CliDeps = CliProcess & CliAdapters
