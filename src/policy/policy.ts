import type { PolicyEvaluation } from '../model/evaluation.ts'

/** A loaded policy bundle, behind one small interface, so that the engine can be replaced, isolated or remote. */
export type Policy = {
  /** SHA-256 over module and data, hexadecimal. */
  readonly digest: string
  readonly entrypoints: readonly string[]
  /** Synchronous and total. `input` undefined is no input; false, 0, "" and null are inputs. */
  readonly evaluate: (entrypoint: string, input: unknown) => PolicyEvaluation
  readonly close: () => void
}
