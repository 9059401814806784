import { createRequire } from 'node:module'

/** The part of the WebAssembly API this host uses; the type library of the project has no DOM. */
export type WasmMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number }
/** A compiled module; opaque. */
export type WasmModule = { readonly compiled?: never }
/** An instance with the exports of OPA's ABI 1.x. */
export type WasmInstance = { readonly exports: OpaExports }
/** The exports of an OPA policy module (ABI 1.2 and later) that this host calls. */
export type OpaExports = {
  readonly opa_wasm_abi_version?: { readonly value: number }
  readonly opa_wasm_abi_minor_version?: { readonly value: number }
  builtins(): number
  entrypoints(): number
  opa_eval(
    reserved: number,
    entrypoint: number,
    data: number,
    input: number,
    inputBytes: number,
    heap: number,
    format: number,
  ): number
  opa_malloc(bytes: number): number
  opa_value_parse(address: number, bytes: number): number
  opa_value_dump(address: number): number
  opa_json_dump(address: number): number
}
type WasmApi = {
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Instance: new (module: WasmModule, imports: Readonly<Record<string, object>>) => WasmInstance
  readonly Memory: new (limits: { readonly initial: number; readonly maximum?: number }) => WasmMemory
}
/** WebAssembly as this host uses it. */
export const wasm: WasmApi = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly

/** An instance wrapped by `@open-policy-agent/opa-wasm`: it holds the data document and the heap pointers. */
export type LoadedPolicy = {
  readonly entrypoints: Readonly<Record<string, number>>
  readonly dataAddr: number
  readonly dataHeapPtr: number
  setData(data: ArrayBuffer): void
}
type OpaLibrary = {
  readonly LoadedPolicy: new (instance: WasmInstance, memory: WasmMemory, minorVersion: number) => LoadedPolicy
}

/**
 * The library's wrapper class. Its own loader (1.10.0) is not used: it builds the import object itself, lets its own
 * built-ins win over ours and throws strings; the class it exports takes an instance that we made.
 */
export const { LoadedPolicy } = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as OpaLibrary

/** Bytes in a WebAssembly page. */
export const PAGE_BYTES = 65_536

/** Reads an unsigned LEB128 number; `next` is the offset behind it. */
function leb128(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0
  for (let i = 0; i < 5; i += 1) {
    const byte = bytes[at + i]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, next: at + i + 1 }
  }
  throw new RangeError('malformed number in the module')
}

/** The bytes of the import section, or undefined when there is none. */
function importSection(bytes: Uint8Array): Uint8Array | undefined {
  let at = 8
  while (at < bytes.length) {
    const size = leb128(bytes, at + 1)
    if (bytes[at] === 2) return bytes.subarray(size.next, size.next + size.value)
    at = size.next + size.value
  }
  return undefined
}

/** The least number of memory pages that the module's imported memory declares; 0 when it imports none. */
export function memoryPagesMin(bytes: Uint8Array): number {
  const section = importSection(bytes)
  if (section === undefined) return 0
  const count = leb128(section, 0)
  let at = count.next
  for (let i = 0; i < count.value; i += 1) {
    for (let names = 0; names < 2; names += 1) {
      const name = leb128(section, at)
      at = name.next + name.value
    }
    const kind = section[at]
    if (kind === 2) return leb128(section, at + 2).value
    if (kind === 0) at = leb128(section, at + 1).next
    else if (kind === 3) at += 3
    else throw new RangeError('a policy module imports functions and memory only')
  }
  return 0
}
