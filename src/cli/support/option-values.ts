import { z } from 'zod'

import { durationMs } from '../../format/time.ts'
import { ServiceError } from '../../format/error.ts'
import { ScopeKey } from '../../model/scope.ts'

/** An ISO 8601 time of an option. Throws `usage`. */
export function parseTime(text: string): string {
  const parsed = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).safeParse(text)
  if (parsed.success) return new Date(Date.parse(text)).toISOString()
  throw new ServiceError('usage', `"${text}" is not a time`, { fix: 'write it like 2026-03-03T10:00:00Z' })
}

/** Milliseconds of a duration before now (`7d`), or of a time. */
export function parseSince(text: string, nowMs: number): number {
  return /^\d{4}-/u.test(text) ? Date.parse(parseTime(text)) : nowMs - durationMs(text)
}

/** The same as an ISO 8601 time. Throws `usage`. */
export function sinceTime(text: string, nowMs: number): string {
  if (!/^\d+[a-z]/u.test(text)) return parseTime(text)
  return new Date(parseSince(text, nowMs)).toISOString()
}

/** A scope as it is typed; throws `usage`. */
export function parseScopeKey(text: string): ScopeKey {
  const scope = ScopeKey.safeParse(text)
  if (scope.success) return scope.data
  throw new ServiceError('usage', `"${text}" is not a scope`, {
    fix: 'write it like crm:full; "gradus trust show AGENT" lists them',
  })
}
