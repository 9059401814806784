import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { CatalogueTool, DESTINATION_KINDS } from '../../src/catalogue/catalogue-file.ts'
import { DESTINATIONS_MAX, destinationName, destinationsAt } from '../../src/risk/destinations.ts'
import { measuresOf } from '../../src/risk/facts.ts'
import { ACTION, facts, request } from './samples.ts'

type Kind = (typeof DESTINATION_KINDS)[number]
const placesOf = (...destinations: readonly { readonly at: string; readonly kind: Kind; readonly optional?: boolean }[]) => ({
  destinations: destinations.map((place) => ({ optional: false, ...place })),
})
const namesAt = (value: unknown, kind: Kind): unknown => {
  const found = destinationsAt({ x: value }, placesOf({ at: '/x', kind }))
  return typeof found === 'string' ? found : found.map(destinationName)
}

describe('a destination', () => {
  it.each<[Kind, unknown, readonly string[]]>([
    ['mail', 'Ann <Ann@Example.com>; bob@example.com', ['mail:ann@example.com', 'mail:bob@example.com']],
    ['domain', 'Example.COM', ['domain:example.com']],
    ['host', 'API.example.com', ['host:api.example.com']],
    ['host', '127.0.0.1', ['host:127.0.0.1']],
    ['host', '[::1]', ['host:[::1]']],
    ['url', 'HTTPS://API.example.com:443/a/B?token=1#x', ['url:https://api.example.com/a/B']],
    ['url', 'wss://example.com:8443', ['url:wss://example.com:8443/']],
    ['iban', 'DE89 3704 0044 0532 0130 00', ['iban:DE89370400440532013000']],
    ['iban', 'gb82west12345698765432', ['iban:GB82WEST12345698765432']],
    ['account', 4711, ['account:4711']],
    ['account', '0047-11', ['account:0047-11']],
    ['channel', '#team', ['channel:team']],
    ['channel', ['C024BE91L', 'team', '#team'], ['channel:C024BE91L', 'channel:team']],
    ['handle', '@ann', ['handle:ann']],
    ['mail', [], []],
  ])('of the kind %s is read from %j', (kind, value, names) => {
    expect(namesAt(value, kind)).toEqual(names)
  })

  it.each<[Kind, unknown]>([
    ['mail', 'everybody'],
    ['mail', 'a@b@example.com'],
    ['mail', ''],
    ['domain', 'exаmple.com'],
    ['domain', 'example.com/path'],
    ['domain', `${'a.'.repeat(127)}aa`],
    ['host', 'example.com:80'],
    ['host', 'ann@example.com'],
    ['host', '256.1.1.1'],
    ['host', '0x7f.1'],
    ['host', '2130706433'],
    ['host', '127.0.0.01'],
    ['url', 'https://example.com/a/../b'],
    ['url', 'https://example.com/a/%2e%2E/b'],
    ['url', 'https://0x7f000001/'],
    ['url', 'https://example.com:99999999/'],
    ['url', 'https://ann@example.com/'],
    ['url', 'https://example.com\\@evil.example/'],
    ['url', 'mailto:ann@example.com'],
    ['url', 'example.com'],
    ['url', `https://example.com/${'a'.repeat(2_048)}`],
    ['iban', 'DE89370400440532013001'],
    ['iban', 'DE89'],
    ['account', 1.5],
    ['account', ' 4711'],
    ['channel', ''],
    ['channel', 'te\u200Bam'],
    ['channel', 5],
    ['handle', { id: 'ann' }],
    ['handle', null],
    ['iban', [['DE89370400440532013000']]],
  ])('of the kind %s is not read from %j', (kind, value) => {
    expect(namesAt(value, kind)).toBe('unavailable')
  })

  it('has one spelling: what was read is read again as the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DESTINATION_KINDS),
        fc.oneof(fc.webUrl(), fc.emailAddress(), fc.domain(), fc.string()),
        (kind, text) => {
          const found = destinationsAt({ x: text }, placesOf({ at: '/x', kind }))
          if (typeof found === 'string') return
          for (const each of found) expect(namesAt(each.value, kind)).toEqual([destinationName(each)])
        },
      ),
    )
  })
})

describe('the places of a tool', () => {
  const places = placesOf({ at: '/to', kind: 'mail' }, { at: '/cc', kind: 'mail', optional: true })

  it('that is optional and missing is empty; one that has to be there is unknown', () => {
    expect(destinationsAt({ to: 'a@b.c' }, places)).toHaveLength(1)
    expect(destinationsAt({ cc: 'a@b.c' }, places)).toBe('unavailable')
    expect(destinationsAt({}, placesOf({ at: '/cc', kind: 'mail', optional: true }))).toEqual([])
  })

  it('that is optional and holds something else is unknown, also where something on the way is no object', () => {
    const optional = placesOf({ at: '/mail/to', kind: 'mail', optional: true })
    expect(destinationsAt({ mail: {} }, optional)).toEqual([])
    for (const wrong of [{ mail: 'a@b.c' }, { mail: null }, { mail: ['a@b.c'] }, { mail: { to: null } }, [], 'text', undefined])
      expect(destinationsAt(wrong, optional)).toBe('unavailable')
  })

  it('count with recipients, of which one place has to be there', () => {
    const both = { recipients: ['/to', '/bcc'], ...placesOf({ at: '/room', kind: 'channel', optional: true }) }
    expect(destinationsAt({ bcc: 'a@b.c', room: 'r' }, both)).toHaveLength(2)
    expect(destinationsAt({ room: 'r' }, both)).toBe('unavailable')
    expect(destinationsAt({ to: 'a@b.c', bcc: 'x' }, both)).toBe('unavailable')
    expect(destinationsAt({}, { recipients: [] })).toBe('not_applicable')
  })

  it('of too many destinations are not read', () => {
    const many = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `c${index}`)
    const two = placesOf({ at: '/a', kind: 'channel' }, { at: '/b', kind: 'channel' })
    expect(destinationsAt({ a: many(DESTINATIONS_MAX), b: [] }, two)).toHaveLength(DESTINATIONS_MAX)
    expect(destinationsAt({ a: many(DESTINATIONS_MAX), b: 'x' }, two)).toBe('unavailable')
    expect(destinationsAt({ a: many(DESTINATIONS_MAX + 1), b: [] }, two)).toBe('unavailable')
    expect(namesAt('a@b.c,'.repeat(DESTINATIONS_MAX + 1), 'mail')).toBe('unavailable')
  })

  it('are part of a tool of the catalogue, and of no more kinds than there are', () => {
    const tool = { scope: 's', category: 'financial', blast: 1, reversibility: 2, frequency: 'rare' }
    const read = (destinations: unknown): boolean => CatalogueTool.safeParse({ ...tool, arguments: { destinations } }).success
    expect(read([{ at: '/iban', kind: 'iban' }])).toBe(true)
    expect(read([{ at: 'iban', kind: 'iban' }])).toBe(false)
    expect(read([{ at: '/x', kind: 'planet' }])).toBe(false)
  })
})

describe('the fact about destinations', () => {
  const action = { ...ACTION, arguments: placesOf({ at: '/iban', kind: 'iban' }, { at: '/to', kind: 'mail', optional: true }) }
  const args = { iban: 'DE89370400440532013000', to: 'ann@example.com' }

  it('says which are new, one by one: another address of a known domain is', () => {
    const knownDestinations = [0]
    const found = facts({ request: request(args), action, knownDestinations, knownDomains: ['example.com'] })
    expect(found.values.destinations).toEqual({
      count: 2,
      values: ['iban:DE89370400440532013000', 'mail:ann@example.com'],
      kinds: ['iban', 'mail'],
      new: ['mail:ann@example.com'],
      new_kinds: ['mail'],
      new_beside_mail: [],
    })
    expect(facts({ request: request(args), action }).values.destinations).toMatchObject({
      new_beside_mail: ['iban:DE89370400440532013000'],
    })
    expect(found.values.recipients).toEqual({ count: 1, domains: ['example.com'], new_domains: [] })
    expect(measuresOf(found).destinations).toEqual(['iban:DE89370400440532013000', 'mail:ann@example.com'])
  })

  it('is unknown where one cannot be read, and recipients are not for that', () => {
    const found = facts({ request: request({ ...args, iban: 'DE00' }), action })
    expect([found.unavailable, measuresOf(found).destinations]).toEqual([['destinations'], 'unknown'])
    expect(facts({ request: request({ iban: args.iban }), action }).values.recipients).toEqual({
      count: 0,
      domains: [],
      new_domains: [],
    })
  })

  it('is unknown where a message has recipients in an argument that nobody named', () => {
    const message = { ...action, category: 'external_communication' as const }
    const found = facts({ request: request({ ...args, bcc: 'eve@elsewhere.example' }), action: message })
    expect(found.unavailable).toEqual(['destinations', 'recipients'])
  })
})
