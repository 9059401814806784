import { expect, test } from 'vitest'

import { Config } from '../../src/config/config.ts'

const secret = { env: 'HOOK_SECRET' }
const problemsOf = (webhooks: readonly object[]): readonly string[] =>
  Config.safeParse({ webhooks }).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

test.each([
  'https://receiver.example/hook?team=ops',
  'https://10.0.0.5:8443/hook',
  'http://localhost:3000/',
  'http://hooks.localhost/',
  'http://127.0.0.1:3000/',
  'http://127.1/',
  'http://[::1]:3000/',
])('events can be sent to %s', (url) => {
  expect(problemsOf([{ id: 'ops', url, secret }])).toEqual([])
})

test.each([
  ['http://receiver.example/hook', /https/u],
  ['http://10.0.0.5/hook', /https/u],
  ['http://localhost.example/', /https/u],
  ['http://127.0.0.1.example/', /https/u],
  ['http://[::2]/', /https/u],
  ['https://user:password@receiver.example/', /no user name or password/u],
  ['https://receiver.example/#part', /no fragment/u],
  ['ftp://receiver.example/', /Invalid/u],
  ['receiver.example', /Invalid/u],
])('%s is refused, at its place', (url, message) => {
  const problems = problemsOf([{ id: 'ops', url, secret }])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(/^webhooks\.0\.url: /u)
  expect(problems[0]).toMatch(message)
})

test('two webhooks of one id would share a position: refused', () => {
  const url = 'https://receiver.example/'
  expect(
    problemsOf([
      { id: 'a', url, secret },
      { id: 'b', url, secret },
    ]),
  ).toEqual([])
  expect(
    problemsOf([
      { id: 'a', url, secret },
      { id: 'b', url, secret },
      { id: 'a', url, secret },
    ]),
  ).toEqual(['webhooks.2.id: the id "a" is taken; give each webhook its own'])
})

test.each(['', '.', '../up', 'A', 'a/b', 'a.json', '-a', 'a'.repeat(65)])('the id %j names no file: refused', (id) => {
  expect(problemsOf([{ id, url: 'https://receiver.example/', secret }])[0]).toMatch(/^webhooks\.0\.id: /u)
})
