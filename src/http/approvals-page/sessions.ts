import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

import type { Caller } from '../../access/caller.ts'

/** Nothing asked for this long: signed out, ms. */
export const SESSION_IDLE_MS_MAX = 1_800_000
/** Signed out in any case, ms. */
export const SESSION_MS_MAX = 28_800_000
/** Sessions of one credential; the oldest ends when there are more. */
export const SESSIONS_PER_CREDENTIAL_MAX = 8
/** Sessions of all; the oldest ends when there are more. */
export const SESSIONS_MAX = 2_000

const SECRET_BYTES = 32

/** Somebody who is signed in. */
export type Session = {
  readonly caller: Caller
  /** The named person. */
  readonly person: string
  /** Stands in every form of the session; another site cannot know it. */
  readonly formToken: string
  /** Said once, on the next page. */
  notice: string | null
}

/** Who is signed in; lives and dies with the process. */
export type Sessions = {
  /** Starts a session; `key` is what the cookie holds. */
  readonly open: (caller: Caller, person: string) => { readonly key: string; readonly session: Session }
  /** The session of a cookie that is not over. `used`: whether this counts as use of it; a page that refreshes by itself is none. */
  readonly find: (key: string, used: boolean) => Session | undefined
  readonly close: (key: string) => void
}

type Kept = { readonly session: Session; readonly openedMs: number; usedMs: number }

/** Sessions by their key, blinded, so that the time a lookup takes says nothing about another key. */
export function createSessions(nowMs: () => number): Sessions {
  const secret = randomBytes(SECRET_BYTES)
  const blind = (key: string): string => createHmac('sha256', secret).update(key).digest('base64')
  /** In the order in which they were opened. */
  const kept = new Map<string, Kept>()
  const isOver = ({ openedMs, usedMs }: Kept): boolean =>
    nowMs() >= usedMs + SESSION_IDLE_MS_MAX || nowMs() >= openedMs + SESSION_MS_MAX
  const makeRoom = (credential: string | null): void => {
    for (const [place, each] of kept) if (isOver(each)) kept.delete(place)
    const own = [...kept].filter(([, { session }]) => session.caller.credential === credential)
    const tooMany = [
      ...own.slice(0, Math.max(0, own.length - SESSIONS_PER_CREDENTIAL_MAX + 1)),
      ...(kept.size < SESSIONS_MAX ? [] : [...kept].slice(0, 1)),
    ]
    for (const [place] of tooMany) kept.delete(place)
  }
  return {
    open: (caller, person) => {
      makeRoom(caller.credential)
      const key = randomSecret()
      const session = { caller, person, formToken: randomSecret(), notice: null }
      kept.set(blind(key), { session, openedMs: nowMs(), usedMs: nowMs() })
      return { key, session }
    },
    find: (key, used) => {
      const place = blind(key)
      const found = kept.get(place)
      if (found === undefined) return undefined
      if (isOver(found)) {
        kept.delete(place)
        return undefined
      }
      if (used) found.usedMs = nowMs()
      return found.session
    },
    close: (key) => void kept.delete(blind(key)),
  }
}

/** Whether a form carries the token of this session, compared in constant time. */
export function isOwnForm(session: Session, given: string | undefined): boolean {
  const digest = (text: string): Buffer => createHmac('sha256', session.formToken).update(text).digest()
  return given !== undefined && timingSafeEqual(digest(given), digest(session.formToken))
}

function randomSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}
