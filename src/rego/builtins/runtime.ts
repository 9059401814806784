import type { HostBuiltin } from './builtin.ts'
import { OPA_VERSION } from '../opa-tool.ts'
import { fromJson } from '../value.ts'

const RUNTIME = fromJson({ commit: '', env: {}, version: OPA_VERSION })

/**
 * `opa.runtime()` with the version of the compiler and an empty environment: a decision that read this machine's environment could
 * not be made again from its record, and a policy could tell its secrets.
 */
export const opaRuntime: HostBuiltin = () => RUNTIME
