import type { HostBuiltin } from './builtin.ts'
import { ENCODING_BUILTINS } from './encoding.ts'
import { opaRuntime } from './runtime.ts'
import { STRUCTURE_BUILTINS } from './structures.ts'
import { TEXT_BUILTINS } from './text-builtins.ts'
import { TIME_BUILTINS } from './time.ts'

/**
 * The built-ins that the host gives to every policy, by name; those that the WASM module brings itself never come here. Only
 * what gives OPA's answer is offered: the rest is missing, and a policy that needs it does not load.
 */
export const HOST_BUILTINS: ReadonlyMap<string, HostBuiltin> = new Map(
  [TEXT_BUILTINS, ENCODING_BUILTINS, TIME_BUILTINS, STRUCTURE_BUILTINS].flatMap((group) => Object.entries(group)),
)

/**
 * Built-ins that reach outside the policy: refused unless allowed by name; the value is the host's implementation, if it has one.
 * Those that have one are what `base.allow_builtins` of the configuration may name.
 */
export const REFUSED_BUILTINS: ReadonlyMap<string, HostBuiltin | undefined> = new Map<string, HostBuiltin | undefined>([
  ['http.send', undefined],
  ['net.lookup_ip_addr', undefined],
  ['opa.runtime', opaRuntime],
])
