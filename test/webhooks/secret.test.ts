import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { ServiceError } from '../../src/format/error.ts'
import { SECRETS_MAX, signingKeys } from '../../src/webhooks/secret.ts'
import { hook } from './support.ts'

const secretOf = (bytes: number, fill = 1): string => `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`

function keysFrom(value: string | undefined): readonly Uint8Array[] {
  return signingKeys(hook('https://receiver.example/hook'), { root: '/', env: { HOOK_SECRET: value }, warn: () => undefined })
}

function refusal(run: () => unknown): ServiceError {
  try {
    run()
  } catch (error) {
    if (error instanceof ServiceError) return error
  }
  throw new Error('it was not refused')
}

test.each([24, 32, 64])('a secret of %i bytes is taken as it is', (bytes) => {
  expect(keysFrom(secretOf(bytes)).map((key) => Buffer.from(key))).toEqual([Buffer.alloc(bytes, 1)])
})

test('several secrets, one after the other, all sign', () => {
  expect(keysFrom(` ${secretOf(32, 1)}\n${secretOf(32, 2)}\n`).map((key) => key[0])).toEqual([1, 2])
})

test.each([
  ['none', undefined, /is not there/u],
  ['an empty one', ' \n', /is not there/u],
  ['one that is too short', secretOf(23), /has 23 bytes; 24 to 64/u],
  ['one that is too long', secretOf(65), /has 65 bytes; 24 to 64/u],
  ['one without its prefix', Buffer.alloc(32, 1).toString('base64'), /is not "whsec_" and base64/u],
  ['one in URL-safe base64', `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`, /is not "whsec_" and base64/u],
  [
    'one with padding that is wrong',
    `whsec_${Buffer.alloc(32, 1).toString('base64').replace('=', '')}`,
    /is not "whsec_" and base64/u,
  ],
  [
    'too many',
    Array.from({ length: SECRETS_MAX + 1 }, () => secretOf(32)).join(' '),
    /holds 5 secrets: the limit `webhooks\.secrets_max` is 4/u,
  ],
])('%s is refused with its place and what to do, and is not shown', (_, value, message) => {
  const error = refusal(() => keysFrom(value))
  expect(error.code).toBe('bad_config')
  expect(error.message).toMatch(message)
  expect(error.message).toContain('HOOK_SECRET')
  expect(error.fix).toContain('openssl rand')
  if (value !== undefined && value.trim() !== '')
    expect(JSON.stringify([error.message, error.fix])).not.toContain(value.slice(6, 20))
})

test('a file is read relative to the configuration, and one that others can read is warned of', () => {
  const root = mkdtempSync(join(tmpdir(), 'gradus-webhooks-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const file = join(root, 'hook.secret')
  writeFileSync(file, `${secretOf(32)}\n`)
  const warnings: string[] = []
  const read = (name = 'hook.secret'): readonly Uint8Array[] =>
    signingKeys(hook('https://receiver.example/hook', { secret: { file: name } }), {
      root,
      env: {},
      warn: (line) => void warnings.push(line),
    })
  chmodSync(file, 0o600)
  expect(read()).toHaveLength(1)
  expect(warnings).toEqual([])
  for (const mode of [0o640, 0o604]) {
    chmodSync(file, mode)
    expect(read()).toHaveLength(1)
    expect(warnings.pop()).toContain(`chmod 600 ${file}`)
  }
  const missing = refusal(() => read('other.secret'))
  expect(missing).toMatchObject({ code: 'bad_config', place: { file: join(root, 'other.secret') } })
  writeFileSync(file, 'nothing')
  expect(refusal(() => read())).toMatchObject({ code: 'bad_config', place: { file } })
})
