import { HOUR_MS } from '../format/time.ts'
import type { EffectOf } from '../ledger/effect.ts'
import type { FoundInjection } from '../trust/agent-sessions.ts'
import { SESSION_MEMORY_MS } from '../trust/bounds.ts'

/** Where nobody vouches for the session, everything that the agent does may be in it, for so long, ms. */
const EVERYWHERE_MS = HOUR_MS

/** Where an injection was found: in a session as it was named, and whether who named it, or named none, is believed. */
export type InjectionPlace = {
  readonly agent: string
  readonly session: string | undefined
  readonly vouched: boolean
  readonly atMs: number
}

/** What looks like an injection in what a tool gave back lowers its session. Who cannot be believed about it lowers every one for an hour. */
export function injectionEffect(
  { agent, session, vouched, atMs }: InjectionPlace,
  seen: Omit<FoundInjection, 'at_ms' | 'until_ms' | 'everywhere_until_ms'>,
): EffectOf<'injection_found'> {
  const isUnnamed = session === undefined
  const injection: FoundInjection = {
    ...seen,
    at_ms: atMs,
    // Of an enforcement point that names no session, all of the hour is one; an agent that leaves it out gains nothing by that.
    until_ms: atMs + (isUnnamed && vouched ? EVERYWHERE_MS : SESSION_MEMORY_MS),
    everywhere_until_ms: isUnnamed || !vouched ? atMs + EVERYWHERE_MS : null,
  }
  return { kind: 'injection_found', agent, session: session ?? null, injection }
}
