import type { VerbDeps } from '../policy/operator-verbs.ts'
import type { ExternalClassifiers } from './detectors/external-classifiers.ts'

/** What evidence handling needs from outside. */
export type EvidenceDeps = VerbDeps & {
  /** Models that are asked about what a tool gave back. */
  readonly outside: ExternalClassifiers
}
