/** Every code a service error can carry; `http/problems.ts` and `cli/exit-codes.ts` say what each means outside. */
export const ERROR_CODES = [
  'bad_request',
  'bad_config',
  'bad_policy',
  'unauthenticated',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
  'rate_limited',
  'not_ready',
  'store_fenced',
  'store_locked',
  'store_corrupt',
  'store_rolled_back',
  'io',
  'usage',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** Where in an input something is wrong. */
export type ErrorPlace = {
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
  readonly pointer?: string | undefined
}

/** An expected failure: something outside the program is not as it must be. The message says what, the fix says what to do. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly code: ErrorCode
  readonly place: ErrorPlace
  readonly fix: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    more: { readonly place?: ErrorPlace; readonly fix?: string; readonly cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.place = more.place ?? {}
    this.fix = more.fix
  }
}

/** What went wrong, in one line for an operator: file, line and column where they are known, the message, and what to do. */
export function errorLine(error: unknown): string {
  if (!(error instanceof ServiceError)) return error instanceof Error ? error.message : String(error)
  const { file, line, column } = error.place
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  return `${place === '' ? '' : `${place}: `}${error.message}${error.fix === undefined ? '' : ` (${error.fix})`}`
}

/** A bug in this program. Never for input. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** States what must hold; a violation is a bug here, not bad input. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** For the end of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`)
}

/** Refuses numbers that are not finite: the trust core has no NaN path. Throws the error for bugs; edges parse before. */
export function requireFinite(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers))
    invariant(Number.isFinite(value), `${name} must be a finite number, not ${value}`)
}

/** Refuses a number that is not finite or below zero. Throws the error for bugs. */
export function requireAmount(name: string, value: number): void {
  invariant(Number.isFinite(value) && value >= 0, `${name} must be a finite number of at least 0, not ${value}`)
}
