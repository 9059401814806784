import { createHash } from 'node:crypto'
import type { HostBuiltin } from './builtins/builtin.ts'
import { HOST_BUILTINS, REFUSED_BUILTINS } from './builtins/index.ts'
import { BundleError } from './error.ts'
import { Instance, type InstanceSetup } from './instance.ts'
import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { Policy } from '../policy/policy.ts'
import { fromJson, printValue, type RegoValue } from './value.ts'
import { memoryPagesMin, wasm, type WasmModule } from './wasm.ts'

/** Most memory pages of one instance (64 KiB each) when nothing else is said: 256 MiB. */
const MEMORY_PAGES_MAX = 4_096
/** Pages that an instance may have gained since its data was loaded and still be kept: 16 MiB. */
const PAGES_KEPT = 256
const PAGES_INITIAL = 16

/** How policies of a bundle run. */
export type PolicyOptions = {
  /** Built-ins that reach outside and are refused otherwise (`REFUSED_BUILTINS`). */
  readonly allowBuiltins?: readonly string[]
  /** Implementations for built-ins that the host does not have; they win over the host's own. */
  readonly builtins?: Readonly<Record<string, HostBuiltin>>
  /** Hard memory limit of an instance, in pages of 64 KiB. */
  readonly memoryPagesMax?: number
  /** Takes the lines of `print()`; they are dropped when absent. */
  readonly print?: (line: string) => void
  /** Nanoseconds since 1970, for `time.now_ns`. */
  readonly clockNs?: () => bigint
}

/** What a policy is compiled from. */
export type PolicySource = {
  /** Bundle and file, for messages. */
  readonly place: string
  readonly wasmBytes: Uint8Array
  readonly data: RegoValue
  /** The Rego files that call a built-in, as far as the bundle says it. */
  readonly usersOf: (builtin: string) => readonly string[]
}

function digestOf(wasmBytes: Uint8Array, data: string): string {
  const hash = createHash('sha256')
  hash.update(`${wasmBytes.length}\n`).update(wasmBytes).update(data)
  return hash.digest('hex')
}

/** A module that is one, and the memory that it asks for at least. */
type CompiledModule = { readonly module: WasmModule; readonly pagesMin: number }

function compileModule(source: PolicySource): CompiledModule {
  try {
    return { module: new wasm.Module(source.wasmBytes), pagesMin: memoryPagesMin(source.wasmBytes) }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new BundleError(
      'policy_invalid',
      source.place,
      `not a WebAssembly module: ${reason}`,
      'Build the bundle again with `gradus build`.',
    )
  }
}

function firstInstance(source: PolicySource, setup: InstanceSetup): Instance {
  try {
    return new Instance(setup)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const fix =
      'Build it with `gradus build` (opa build -t wasm, ABI 1.2 or later), or raise the memory limit when the data is large.'
    throw new BundleError('policy_invalid', source.place, `the policy does not start: ${reason}`, fix)
  }
}

/** Refuses a policy whose built-ins are not all there: found when it is loaded, never when it is asked. */
function assertBuiltins(source: PolicySource, instance: Instance, provided: ReadonlyMap<string, HostBuiltin>): void {
  const missing = instance.requiredBuiltins.filter((name) => !provided.has(name)).sort()
  const first = missing[0]
  if (first === undefined) return
  const described = missing.map((name) => {
    const users = source.usersOf(name)
    return users.length === 0 ? name : `${name} (${users.join(', ')})`
  })
  const entrypoints = Object.keys(instance.entrypoints).sort().join(', ')
  const refused = missing.some((name) => REFUSED_BUILTINS.has(name))
  const unsupported = missing.some((name) => REFUSED_BUILTINS.has(name) && REFUSED_BUILTINS.get(name) === undefined)
  const state = unsupported ? 'not supported' : refused ? 'refused' : 'missing'
  const message = `the policy needs built-ins that are ${state}: ${described.join(', ')}; entrypoints: ${entrypoints}`
  const fix = unsupported
    ? `Take ${first} out of the policy: let the enforcement point fetch what it needs and pass it in context.facts.`
    : refused
      ? `Take ${first} out of the policy and pass the facts as input, or name it under base.allow_builtins.`
      : `Rewrite the rule without ${first}, or configure an implementation for it.`
  throw new BundleError(refused ? 'builtin_refused' : 'builtin_missing', source.place, message, fix)
}

function providedBuiltins(options: PolicyOptions): ReadonlyMap<string, HostBuiltin> {
  const provided = new Map<string, HostBuiltin>([...HOST_BUILTINS, ...Object.entries(options.builtins ?? {})])
  for (const name of REFUSED_BUILTINS.keys()) {
    const own = options.builtins?.[name] ?? REFUSED_BUILTINS.get(name)
    if (own !== undefined && options.allowBuiltins?.includes(name) === true) provided.set(name, own)
    else provided.delete(name)
  }
  return provided
}

function setupOf(
  { module, pagesMin }: CompiledModule,
  data: string,
  builtins: ReadonlyMap<string, HostBuiltin>,
  options: PolicyOptions,
): InstanceSetup {
  const pagesMax = options.memoryPagesMax ?? MEMORY_PAGES_MAX
  return {
    module,
    data: new Uint8Array(Buffer.from(data, 'utf8')).buffer,
    pagesMin: Math.max(pagesMin, Math.min(PAGES_INITIAL, pagesMax)),
    pagesMax,
    builtins,
    print: options.print ?? (() => undefined),
    clockNs: options.clockNs ?? (() => BigInt(Date.now()) * 1_000_000n),
  }
}

/** A policy whose module can be asked about another data document without being compiled again. */
export type DataPolicy = Policy & { readonly withData: (data: RegoValue) => Policy }

/** Compiles a module once and gives the policy on it; throws `BundleError`. */
export function compilePolicy(source: PolicySource, options: PolicyOptions = {}): DataPolicy {
  const compiled = compileModule(source)
  const data = printValue(source.data)
  const builtins = providedBuiltins(options)
  const setup = setupOf(compiled, data, builtins, options)
  const instance = firstInstance(source, setup)
  assertBuiltins(source, instance, builtins)
  const policy = new CompiledPolicy(digestOf(source.wasmBytes, data), setup, instance)
  const withData = (other: RegoValue): Policy => {
    const text = printValue(other)
    const swapped = setupOf(compiled, text, builtins, options)
    return new CompiledPolicy(digestOf(source.wasmBytes, text), swapped, firstInstance(source, swapped))
  }
  return Object.assign(policy, { withData })
}

/** A compiled module with at most one live instance; single-threaded, so evaluations never overlap. */
class CompiledPolicy implements Policy {
  readonly digest: string
  readonly entrypoints: readonly string[]
  private readonly ids: ReadonlyMap<string, number>
  private readonly pagesKept: number
  private setup: InstanceSetup | undefined
  private instance: Instance | undefined

  constructor(digest: string, setup: InstanceSetup, instance: Instance) {
    this.digest = digest
    this.setup = setup
    this.instance = instance
    this.pagesKept = instance.pages + PAGES_KEPT
    this.ids = new Map(Object.entries(instance.entrypoints))
    this.entrypoints = [...this.ids.keys()].sort()
  }

  evaluate(entrypoint: string, input: unknown): PolicyEvaluation {
    const id = this.ids.get(entrypoint)
    if (id === undefined) {
      return {
        kind: 'failed',
        cause: 'entrypoint',
        message: `no entrypoint ${entrypoint}; there are: ${this.entrypoints.join(', ')}`,
      }
    }
    if (this.setup === undefined) return { kind: 'failed', cause: 'trap', message: 'the policy is closed' }
    try {
      this.instance ??= new Instance(this.setup)
    } catch (error) {
      return { kind: 'failed', cause: 'memory', message: error instanceof Error ? error.message : String(error) }
    }
    const evaluation = this.instance.evaluate(id, input)
    if (!this.instance.usable || this.instance.pages > this.pagesKept) this.instance = undefined
    return evaluation
  }

  close(): void {
    this.instance = undefined
    this.setup = undefined
  }
}

/** Names of the built-ins that a module asks of its host. Throws `BundleError` when it is no OPA module. */
export function requiredBuiltins(wasmBytes: Uint8Array): readonly string[] {
  const source: PolicySource = { place: 'policy.wasm', wasmBytes, data: fromJson({}), usersOf: () => [] }
  return firstInstance(source, setupOf(compileModule(source), '{}', new Map(), {})).requiredBuiltins
}
