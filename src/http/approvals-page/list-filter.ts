import { z } from 'zod'

import { hasVoted } from '../../approvals/rules/approval-rules.ts'
import type { ApprovalSummary } from '../../approvals/wire.ts'
import { overLimit } from '../../format/limit.ts'
import { RiskBand } from '../../model/outcome.ts'
import type { Parsed } from '../exchange.ts'
import { refuseRequest } from '../exchange.ts'

/** Longest text that is searched for, in characters. */
export const SEARCH_CHARS_MAX = 200

const search = z
  .string()
  .trim()
  .max(SEARCH_CHARS_MAX, {
    error: ({ input }) => overLimit('has', 'page.search_chars_max', { max: SEARCH_CHARS_MAX, came: (input as string).length }),
  })
  .default('')
const either = <T extends z.ZodType>(choice: T) => z.union([z.literal('').transform(() => undefined), choice]).optional()

/** What of the list somebody wants to see. */
export const ListFilter = z.object({
  q: search,
  risk: either(RiskBand),
  show: either(z.enum(['undecided', 'paused', 'approved'])),
  page: z.coerce.number().int().min(1).max(1_000).default(1),
})
export type ListFilter = z.infer<typeof ListFilter>

/** What of the history somebody wants to see. */
export const HistoryFilter = z.object({ q: search, from: z.coerce.number().int().nonnegative().optional() })
export type HistoryFilter = z.infer<typeof HistoryFilter>

/** Reads a filter from the query of a URL; says what of it is wrong. */
export function readFilter<T>(schema: z.ZodType<T>, query: URLSearchParams): Parsed<T> {
  const parsed = schema.safeParse(Object.fromEntries(query))
  if (parsed.success) return { ok: true, value: parsed.data }
  const names = [...new Set(parsed.error.issues.map(({ path }) => `"${path.join('.')}"`))].join(', ')
  return refuseRequest('bad_request', `The address asks for something that is not there: ${names}.`, {
    fix: 'Use the form of the page.',
  })
}

/** A filter as the query of a URL, without what is not asked for; empty where nothing is. */
export function filterQuery(filter: Readonly<Record<string, string | number | undefined>>): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(filter))
    if (value !== undefined && value !== '' && !(name === 'page' && value === 1)) given.set(name, String(value))
  return given.size === 0 ? '' : `?${given.toString()}`
}

/** Whether an approval is one of those that are wanted, whatever is searched for. */
export function isWanted(approval: ApprovalSummary, { risk, show }: ListFilter, person: string): boolean {
  if (risk !== undefined && approval.band !== risk) return false
  switch (show) {
    case undefined:
      return true
    case 'undecided':
      return approval.state === 'pending' && !hasVoted(approval.votes, person)
    case 'paused':
      return approval.paused !== null
    case 'approved':
      return approval.state === 'approved'
  }
}

/** Whether a text is in what the list knows of an approval: names, scope, ids; upper and lower case are alike. */
export function isNamed(approval: ApprovalSummary, text: string): boolean {
  const { action, agent, human, requester, scope, band, decision_id } = approval
  return isIn(text, [action, agent, human, requester, scope, band, decision_id])
}

/** Whether a text is in one of others, upper and lower case alike. */
export function isIn(text: string, others: readonly (string | null)[]): boolean {
  const wanted = text.toLowerCase()
  return others.some((other) => other?.toLowerCase().includes(wanted) === true)
}
