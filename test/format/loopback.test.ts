import { expect, test } from 'vitest'

import { isLoopback, isLoopbackUrl } from '../../src/format/loopback.ts'
import { outboundUrl } from '../../src/format/outbound-url.ts'

test.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['LOCALHOST', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['localhost.example.com', false],
  ['127.example.com', false],
  ['::10', false],
])('%s is loopback: %s', (host, loopback) => {
  expect(isLoopback(host)).toBe(loopback)
})

test.each([
  ['http://127.0.0.1:8000/x', true],
  ['http://[::1]:8000', true],
  ['http://localhost', true],
  ['http://a.localhost', false],
  ['http://[::2]', false],
  ['http://example.org', false],
])('%s leads to this machine: %s', (url, loopback) => {
  expect(isLoopbackUrl(new URL(url))).toBe(loopback)
})

const Url = outboundUrl({ insteadOfPassword: 'name a secret', shown: 'what is sent' })

test.each(['https://example.org/x', 'http://localhost:1', 'http://a.localhost', 'http://127.0.0.1', 'http://[::1]/'])(
  '%s may be sent to',
  (url) => {
    expect(Url.parse(url)).toBe(url)
  },
)

test.each([
  [
    'http://example.org',
    'http would show "example.org" and everybody on the way what is sent: use https, or a proxy on 127.0.0.1',
  ],
  ['http://.localhost', 'http would show ".localhost" and everybody on the way what is sent: use https, or a proxy on 127.0.0.1'],
  ['https://a:b@example.org', 'no user name or password in the URL: name a secret'],
  ['https://example.org/#x', 'no fragment in the URL: it is never sent'],
  ['ftp://example.org', 'Invalid URL'],
])('%s may not be sent to: %s', (url, message) => {
  expect(Url.safeParse(url).error?.issues.map((issue) => issue.message)).toEqual([message])
})
