import type { ErrorCode } from '../format/error.ts'

/** Refusals that only HTTP knows. */
export const HTTP_CODES = ['unsupported_media_type', 'method_not_allowed', 'request_timeout', 'deadline', 'internal'] as const

/** Every code a problem can carry. */
export type ProblemCode = ErrorCode | (typeof HTTP_CODES)[number]
