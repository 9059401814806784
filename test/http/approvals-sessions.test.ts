import { describe, expect, test } from 'vitest'

import { readCookie, setCookie } from '../../src/http/approvals-page/cookie.ts'
import {
  createSessions,
  isOwnForm,
  SESSION_IDLE_MS_MAX,
  SESSION_MS_MAX,
  SESSIONS_MAX,
  SESSIONS_PER_CREDENTIAL_MAX,
} from '../../src/http/approvals-page/sessions.ts'
import { ADDRESSES_MAX, createSignInLimit, SIGN_IN_RATE } from '../../src/http/approvals-page/sign-in-limit.ts'
import { caller } from '../support/callers.ts'

const alice = caller('alice', { roles: ['approver'], person: 'alice' })

describe('a session', () => {
  test('ends when nothing is asked for too long, and in any case after a day of work', () => {
    let now = 0
    const sessions = createSessions(() => now)
    const { key } = sessions.open(alice, 'alice')
    now += SESSION_IDLE_MS_MAX - 1
    expect(sessions.find(key, true)).toMatchObject({ person: 'alice' })
    now += SESSION_IDLE_MS_MAX
    expect(sessions.find(key, true)).toBeUndefined()
    const busy = sessions.open(alice, 'alice').key
    const openedMs = now
    while (now < openedMs + SESSION_MS_MAX - 1) {
      expect(sessions.find(busy, true)).toBeDefined()
      now = Math.min(now + SESSION_IDLE_MS_MAX - 1, openedMs + SESSION_MS_MAX - 1)
    }
    expect(sessions.find(busy, true)).toBeDefined()
    now = openedMs + SESSION_MS_MAX
    expect(sessions.find(busy, true)).toBeUndefined()
  })

  test('is not kept alive by a page that refreshes by itself', () => {
    let now = 0
    const sessions = createSessions(() => now)
    const { key } = sessions.open(alice, 'alice')
    now = SESSION_IDLE_MS_MAX - 1
    expect(sessions.find(key, false)).toMatchObject({ person: 'alice' })
    now = SESSION_IDLE_MS_MAX
    expect(sessions.find(key, true)).toBeUndefined()
  })

  test('is found by its own key only, and by none once it is closed', () => {
    const sessions = createSessions(() => 0)
    const { key } = sessions.open(alice, 'alice')
    for (const other of ['', `${key}x`, key.slice(1), 'x'.repeat(43)]) expect(sessions.find(other, true)).toBeUndefined()
    sessions.close(key)
    expect(sessions.find(key, true)).toBeUndefined()
  })

  test('ends when its credential opens too many, or all do; the oldest first', () => {
    const sessions = createSessions(() => 0)
    const keys = Array.from({ length: SESSIONS_PER_CREDENTIAL_MAX + 1 }, () => sessions.open(alice, 'alice').key)
    expect(keys.map((key) => sessions.find(key, true) !== undefined)).toEqual([false, ...keys.slice(1).map(() => true)])
    const sparse = createSessions(() => 0)
    const first = sparse.open(alice, 'alice').key
    for (let at = 1; at < SESSIONS_MAX; at += SESSIONS_PER_CREDENTIAL_MAX)
      for (let of = 0; of < SESSIONS_PER_CREDENTIAL_MAX; of += 1) sparse.open(caller(`c${at}`), 'somebody')
    expect(sparse.find(first, true)).toBeUndefined()
  })

  test('knows its own forms', () => {
    const { session } = createSessions(() => 0).open(alice, 'alice')
    expect(isOwnForm(session, session.formToken)).toBe(true)
    for (const other of [undefined, '', session.formToken.slice(1), `${session.formToken}x`])
      expect(isOwnForm(session, other)).toBe(false)
  })
})

describe('the cookie', () => {
  test('is read where it is there once', () => {
    expect(readCookie('a=b; gradus_approvals=key')).toBe('key')
    for (const header of [
      undefined,
      '',
      'gradus_approvalsx=key',
      'gradus_approvals=a; gradus_approvals=b',
      `gradus_approvals=${'x'.repeat(9_000)}`,
    ])
      expect(readCookie(header)).toBeUndefined()
  })

  test('is kept from scripts, other sites, other paths, and, under TLS, from plain connections', () => {
    expect(setCookie('key', { path: '/approvals', secure: false })).toBe(
      'gradus_approvals=key; Path=/approvals; HttpOnly; SameSite=Strict',
    )
    expect(setCookie('key', { path: '/a', secure: true })).toBe(
      'gradus_approvals=key; Path=/a; HttpOnly; SameSite=Strict; Secure',
    )
    expect(setCookie('', { path: '/a', secure: false })).toMatch(/^gradus_approvals=; .*; Max-Age=0$/u)
  })
})

describe('attempts to sign in', () => {
  test('are limited by address, by network for IPv6, and come back with time', () => {
    let now = 0
    const take = createSignInLimit(() => now)
    const until = (address: string): number => {
      for (let count = 0; ; count += 1) if (take(address) !== undefined) return count
    }
    expect(until('192.0.2.1')).toBe(SIGN_IN_RATE.burst)
    expect(take('192.0.2.2')).toBeUndefined()
    expect(until('2001:db8::1')).toBe(SIGN_IN_RATE.burst)
    expect(take('2001:db8:0:0:ffff::2')).toBeGreaterThan(0)
    expect(take('2001:db8:0:1::1')).toBeUndefined()
    expect(take('::1')).toBeUndefined()
    expect(take('::ffff:192.0.2.1')).toBeUndefined()
    now += 5_001
    expect(take('192.0.2.1')).toBeUndefined()
    expect(take('192.0.2.1')).toBe(5)
  })

  test('of more addresses than can be told apart share one limit', () => {
    const take = createSignInLimit(() => 0)
    for (let at = 0; at < ADDRESSES_MAX; at += 1) take(`a${at}`)
    for (let at = 0; at < SIGN_IN_RATE.burst; at += 1) expect(take(`b${at}`)).toBeUndefined()
    expect(take('c')).toBeGreaterThan(0)
    expect(take('a0')).toBeUndefined()
  })
})
