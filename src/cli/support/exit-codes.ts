import type { ErrorCode } from '../../format/error.ts'
import type { Outcome } from '../../model/outcome.ts'

/** Every code the command line ends with, and what it means. docs/cli.md shows this table. */
export const EXIT_CODES = {
  ok: 0,
  /** Input, configuration or policy is not as it must be; a check found something. `gradus test`: fixtures could not be loaded. */
  failed: 1,
  /** `gradus test`: a fixture failed. `audit verify`, `audit replay`: the log is not what it was, or decides otherwise. `simulate`: more changes than allowed. */
  mismatch: 2,
  not_found: 3,
  /** The credential is missing or may not do this. */
  refused: 4,
  /** Locked, not ready or fenced: may work later, or after what the message says. */
  unavailable: 5,
  /** What is stored is damaged, or older than what was signed. */
  damaged: 6,
  io: 7,
  /** `audit replay`, `simulate`: decisions were made under other semantics and cannot be decided again; none of the others differs. */
  other_semantics: 8,
  /** `gradus test --mutants`: a change of the policies that no fixture notices. */
  survived: 9,
  /** `--exit-code`: the outcome of a decision that does not run. */
  deny: 10,
  suggest: 11,
  require_approval: 12,
  /** The command line itself is wrong. */
  usage: 64,
  /** A bug in this program. */
  bug: 70,
} as const
export type ExitName = keyof typeof EXIT_CODES
export type ExitCode = (typeof EXIT_CODES)[ExitName]

const BY_ERROR = {
  bad_request: EXIT_CODES.failed,
  bad_config: EXIT_CODES.failed,
  bad_policy: EXIT_CODES.failed,
  too_large: EXIT_CODES.failed,
  conflict: EXIT_CODES.failed,
  not_found: EXIT_CODES.not_found,
  unauthenticated: EXIT_CODES.refused,
  forbidden: EXIT_CODES.refused,
  rate_limited: EXIT_CODES.unavailable,
  not_ready: EXIT_CODES.unavailable,
  store_fenced: EXIT_CODES.unavailable,
  store_locked: EXIT_CODES.unavailable,
  store_corrupt: EXIT_CODES.damaged,
  store_rolled_back: EXIT_CODES.damaged,
  io: EXIT_CODES.io,
  usage: EXIT_CODES.usage,
} as const satisfies Record<ErrorCode, ExitCode>

const BY_OUTCOME = {
  deny: EXIT_CODES.deny,
  suggest: EXIT_CODES.suggest,
  require_approval: EXIT_CODES.require_approval,
  allow_guarded: EXIT_CODES.ok,
  allow: EXIT_CODES.ok,
} as const satisfies Record<Outcome, ExitCode>

/** The exit code of an expected failure. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return BY_ERROR[code]
}

/** The exit code of a decision, where it was asked for (`--exit-code`). */
export function exitCodeOfOutcome(outcome: Outcome): ExitCode {
  return BY_OUTCOME[outcome]
}
