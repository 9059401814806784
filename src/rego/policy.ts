import type { PolicyEvaluation } from '../model/evaluation.ts'
import type { Policy as PolicyPort } from '../policy/policy.ts'

/**
 * A policy that can be asked. The input `undefined` means no input; `false`, `0`, `""` and `null` are inputs. Values are plain
 * JSON: sets are arrays in Rego order, object keys are sorted, integers beyond 2^53 are the nearest double.
 */
export type Policy = PolicyPort & {
  /** In process and blocking: for policies of our own. */
  readonly evaluateSync: (entrypoint: string, input: unknown) => PolicyEvaluation
}
