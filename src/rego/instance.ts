import type { BuiltinContext, HostBuiltin } from './builtins/builtin.ts'
import { overLimit } from '../format/limit.ts'
import { BuiltinError } from './builtins/builtin.ts'
import { INPUT_BYTES_MAX, InputError, inputText } from './input-text.ts'
import type { PolicyEvaluation, EvaluationFailure } from '../model/evaluation.ts'
import { jsonOfValueText, parseValue } from './value-parser.ts'
import { printValue, type RegoValue } from './value.ts'
import {
  LoadedPolicy,
  PAGE_BYTES,
  wasm,
  type LoadedPolicy as Loaded,
  type OpaExports,
  type WasmMemory,
  type WasmModule,
} from './wasm.ts'

/** What every instance of one policy shares. */
export type InstanceSetup = {
  readonly module: WasmModule
  /** The data document as JSON, UTF-8. */
  readonly data: ArrayBuffer
  readonly pagesMin: number
  /** Hard limit: the guest cannot grow beyond it. */
  readonly pagesMax: number
  readonly builtins: ReadonlyMap<string, HostBuiltin>
  /** Takes the lines of `print()`. */
  readonly print: (line: string) => void
  /** Nanoseconds since 1970; read at most once per evaluation. */
  readonly clockNs: () => bigint
}

/** The guest called `opa_abort`. */
class GuestAbort extends Error {
  override readonly name = 'GuestAbort'
}
/** A host built-in failed in a way that is not a Rego error: a defect, so the evaluation has no answer. */
class BuiltinDefect extends Error {
  override readonly name = 'BuiltinDefect'
}

const CONFLICT = /(?:var assignment|object insert) conflict/
const OUT_OF_MEMORY = /opa_malloc: failed|Memory\.grow|could not allocate/i

function failureOf(error: unknown): { readonly cause: EvaluationFailure; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof InputError) return { cause: 'input', message }
  if (error instanceof BuiltinDefect) return { cause: 'builtin', message }
  if (OUT_OF_MEMORY.test(message)) return { cause: 'memory', message }
  if (CONFLICT.test(message)) return { cause: 'conflict', message }
  return { cause: 'trap', message }
}

/** One WASM instance with its own memory. After a failure it must not be used again: `usable` says so. */
export class Instance {
  /** False once the guest's state is unknown. */
  usable = true
  private readonly memory: WasmMemory
  private readonly exports: OpaExports
  private readonly loaded: Loaded
  private readonly builtinNames: readonly string[]
  private readonly setup: InstanceSetup
  private context: BuiltinContext
  private builtinErrors: string[] = []

  constructor(setup: InstanceSetup) {
    this.setup = setup
    this.context = newContext(setup)
    this.memory = new wasm.Memory({ initial: setup.pagesMin, maximum: setup.pagesMax })
    const instance = new wasm.Instance(setup.module, { env: this.imports() })
    this.exports = instance.exports
    this.loaded = new LoadedPolicy(instance, this.memory, this.exports.opa_wasm_abi_minor_version?.value ?? 0)
    this.builtinNames = namesById(
      JSON.parse(this.text(this.exports.opa_json_dump(this.exports.builtins()))) as Record<string, number>,
    )
    this.loaded.setData(setup.data)
  }

  /** Entrypoint names and ids of the module. */
  get entrypoints(): Readonly<Record<string, number>> {
    return this.loaded.entrypoints
  }

  /** Names of the built-ins that the module calls on the host. */
  get requiredBuiltins(): readonly string[] {
    return this.builtinNames.filter((name) => name !== '')
  }

  /** Memory in use; it only grows. */
  get pages(): number {
    return this.memory.buffer.byteLength / PAGE_BYTES
  }

  /** Evaluates one entrypoint; never throws. */
  evaluate(entrypoint: number, input: unknown): PolicyEvaluation {
    this.context = newContext(this.setup)
    this.builtinErrors = []
    try {
      const json = inputText(input)
      const result = this.run(entrypoint, json)
      const errors = this.builtinErrors.length > 0 ? { builtinErrors: this.builtinErrors } : {}
      // The result set is a Rego set of bindings: `set()`, or exactly one `{{"result": value}}`.
      if (result === 'set()') return { kind: 'undefined', ...errors }
      const binding = jsonOfValueText(result.slice(1, -1)) as { readonly result: unknown }
      return { kind: 'value', value: binding.result, ...errors }
    } catch (error) {
      if (!(error instanceof InputError)) this.usable = false
      return { kind: 'failed', ...failureOf(error) }
    }
  }

  private run(entrypoint: number, json: string | undefined): string {
    const heap = this.loaded.dataHeapPtr
    if (json === undefined) return this.text(this.exports.opa_eval(0, entrypoint, this.loaded.dataAddr, 0, 0, heap, 1))
    const bytes = Buffer.from(json, 'utf8')
    if (bytes.length > INPUT_BYTES_MAX)
      throw new InputError(overLimit('the input has', 'rego.input_bytes_max', { max: INPUT_BYTES_MAX, came: bytes.length }))
    const missing = heap + bytes.length - this.memory.buffer.byteLength
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES))
    new Uint8Array(this.memory.buffer).set(bytes, heap)
    return this.text(this.exports.opa_eval(0, entrypoint, this.loaded.dataAddr, heap, bytes.length, heap + bytes.length, 1))
  }

  private imports(): object {
    const call = (id: number, _context: number, ...args: readonly number[]): number => this.callBuiltin(id, args)
    return {
      memory: this.memory,
      opa_abort: (address: number) => {
        throw new GuestAbort(this.text(address))
      },
      opa_println: (address: number) => this.setup.print(this.text(address)),
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    }
  }

  /** Calls a host built-in; 0 is undefined. */
  private callBuiltin(id: number, addresses: readonly number[]): number {
    const name = this.builtinNames[id] ?? ''
    const builtin = this.setup.builtins.get(name)
    if (builtin === undefined) throw new BuiltinDefect(`built-in function ${name} is missing`)
    const args = addresses.map((address) => parseValue(this.text(this.exports.opa_value_dump(address))))
    const result = this.answerOf(name, builtin, args)
    return result === undefined ? 0 : this.write(printValue(result))
  }

  private answerOf(name: string, builtin: HostBuiltin, args: readonly RegoValue[]): RegoValue | undefined {
    try {
      return builtin(args, this.context)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (!(error instanceof BuiltinError)) throw new BuiltinDefect(`${name}: ${message}`)
      this.builtinErrors.push(`${name}: ${message}`)
      return undefined
    }
  }

  private write(text: string): number {
    const bytes = Buffer.from(text, 'utf8')
    const address = this.exports.opa_malloc(bytes.length)
    new Uint8Array(this.memory.buffer).set(bytes, address)
    const value = this.exports.opa_value_parse(address, bytes.length)
    if (value === 0) throw new BuiltinDefect('a built-in answered with a value that cannot be read')
    return value
  }

  private text(address: number): string {
    const bytes = Buffer.from(this.memory.buffer)
    const end = bytes.indexOf(0, address)
    return bytes.toString('utf8', address, end)
  }
}

function namesById(ids: Readonly<Record<string, number>>): readonly string[] {
  const names: string[] = []
  for (const [name, id] of Object.entries(ids)) names[id] = name
  return Array.from(names, (name: string | undefined) => name ?? '')
}

function newContext(setup: InstanceSetup): BuiltinContext {
  let now: bigint | undefined
  return { nowNs: () => (now ??= setup.clockNs()), print: setup.print }
}
