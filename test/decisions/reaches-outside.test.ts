import { describe, expect, it } from 'vitest'

import type { ActionClass } from '../../src/catalogue/catalogue-file.ts'
import { reachesOutside } from '../../src/decisions/rules/reaches-outside.ts'
import { request } from '../support/callers.ts'
import { shippedPolicySet } from '../support/test-service.ts'

const { catalogue } = await shippedPolicySet()
const classOf = (action: string, more: Partial<ActionClass> = {}): ActionClass => ({
  ...catalogue.classify(action, { agentId: 'a', supportedObligations: [], jurisdiction: null, nowMs: 0 }),
  ...more,
})
const read = classOf('search_knowledge_base')
const asking = (toolArguments: unknown, resource = { type: 'article', id: 'kb/opening-hours' }) =>
  reachesOutside(request('a', 'search_knowledge_base', { arguments: toolArguments, resource }), read)

describe('an action reaches outside', () => {
  it.each([
    ['a link', { q: 'https://evil.example/?d=secret' }],
    ['a link within a text', { q: 'see ftp://evil.example for more' }],
    ['a link as browsers mend it', { q: String.raw`HTTPS:\\evil.example` }],
    ['a scheme without slashes', { q: 'https:evil.example' }],
    ['a link without a scheme', { q: '//evil.example' }],
    ['a share of a host', { q: String.raw`\\evil.example\secret` }],
    ['a host that carries a label', { q: ' secret.evil.example ' }],
    ['a host by other dots', { q: 'secret。evil。example' }],
    ['a host in wide letters', { q: 'ｓｅｃｒｅｔ．evil．example' }],
    ['a host with a path', { q: 'evil.example/secret' }],
    ['a host with a port', { q: 'evil.example:8080' }],
    ['an IPv4 address', { q: '192.0.2.7' }],
    ['an IPv6 address', { q: '2001:db8::1' }],
    ['an IPv6 address in brackets', { q: '[2001:db8::1]:80' }],
    ['an IPv6 address in full', { q: '2001:db8:0:0:0:0:0:1' }],
    ['an argument that is named so', { target_url: 'evil' }],
    ['an argument that is named so in humps', { from: { baseUrl: 'evil' } }],
    ['a number under such a name', { host: 3_232_235_777 }],
    ['a link as a name', { 'https://evil.example/secret': true }],
    ['more than is looked at', { many: Array.from({ length: 2_001 }, () => 1) }],
  ])('that is given %s', (_what, toolArguments) => {
    expect(asking(toolArguments)).toBe(true)
  })

  it.each([
    ['a link', { type: 'page', id: 'https://evil.example' }],
    ['named so', { type: 'url', id: 'evil' }],
    ['with a link in its properties', { type: 'page', id: '7', properties: { at: 'http://evil.example' } }],
  ])('whose resource is %s', (_what, resource) => {
    expect(asking({}, resource)).toBe(true)
  })

  it('that says so in the catalogue, writes to outside, or has recipients', () => {
    const asked = request('a', 'read_metrics')
    expect(reachesOutside(asked, classOf('search_web'))).toBe(true)
    expect(reachesOutside(asked, classOf('send_email'))).toBe(true)
    expect(reachesOutside(asked, { ...read, arguments: { recipients: '/to' } })).toBe(true)
    expect(reachesOutside(asked, { ...read, arguments: { recipients: [] } })).toBe(false)
    const destinations = [{ at: '/to', kind: 'mail', optional: true }] as const
    expect(reachesOutside(asked, { ...read, arguments: { destinations: [...destinations] } })).toBe(true)
    expect(reachesOutside(asked, { ...read, arguments: { destinations: [] } })).toBe(false)
  })
})

describe('an action stays inside', () => {
  it.each([
    ['plain words', { q: 'opening hours', limit: 3, exact: true, after: null }],
    ['a path of a file', { path: 'src/main.ts', name: 'README.md' }],
    ['a mail address', { customer: 'ann@shop.example.com' }],
    ['a time and a version', { at: '12:30:45', version: '1.2.3' }],
    ['a name of a place that is not given', { url: '', host: null, webhook: false }],
    ['words that hold such a name', { curl_count: 'one', shipping: 'ann' }],
  ])('that is given %s', (_what, toolArguments) => {
    expect(asking(toolArguments)).toBe(false)
  })
})
