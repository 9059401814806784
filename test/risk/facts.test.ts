import { describe, expect, it } from 'vitest'

import { CONTENT_CHARS_MAX, CONTENT_CLASSES, contentClasses } from '../../src/risk/content-classes.ts'
import { DESTINATIONS_MAX } from '../../src/risk/destinations.ts'
import { measuresOf } from '../../src/risk/facts.ts'
import { ACTION, amountFacts, facts, request, SOURCES } from './samples.ts'

const withPointer = (pointers: typeof ACTION.arguments, toolArguments: unknown, knownDomains: readonly string[] = []) =>
  facts({ request: request(toolArguments), action: { ...ACTION, arguments: pointers }, knownDomains })

describe('the facts of a request', () => {
  it('are plain values, null where the request says nothing', () => {
    const { values, unavailable, not_applicable } = facts()
    expect(values.request).toEqual({
      subject_type: 'agent',
      subject_id: 'support-1',
      action: 'crm.update',
      resource_type: 'record',
      resource_id: 'r-1',
      environment: null,
      session: null,
      purpose: null,
      jurisdiction: null,
    })
    expect(values.arguments).toEqual({})
    expect(values.trust).toEqual(SOURCES.trust)
    expect(unavailable).toEqual([])
    expect(not_applicable).toEqual(['amount', 'destinations', 'recipients', 'records'])
    expect(JSON.parse(JSON.stringify(facts()))).toEqual(facts())
  })
  it('keep what the context says', () => {
    const context = { environment: 'production', session: 's', purpose: 'p', jurisdiction: 'EU' }
    expect(facts({ request: request({ a: 1 }, context) }).values).toMatchObject({ request: context, arguments: { a: 1 } })
  })
  it.each([[[1]], ['text'], [null], [5]])('are without arguments where those are %j', (toolArguments) => {
    expect(facts({ request: request(toolArguments) }).unavailable).toEqual(['arguments'])
  })
  it('are without trust and counters where those could not be read', () => {
    expect(facts({ trust: null, counters: null }).unavailable).toEqual(['counters', 'trust'])
  })
  it.each([
    [10, 2, false],
    [7, 1, false],
    [18, 5, false],
    [6, 1, true],
    [19, 5, true],
    [10, 0, true],
    [10, 6, true],
  ])('know that hour %d of weekday %d is off hours: %s', (hour, weekday, off_hours) => {
    expect(facts({ time: { ...SOURCES.time, hour, weekday } }).values.time).toEqual({ hour, weekday, off_hours })
  })
})

describe('the amount', () => {
  it.each([[0], [100.5], [1e15]])('is %d', (amount) => {
    const found = amountFacts({ amount })
    expect(found.values.amount).toEqual({ value: amount })
    expect(measuresOf(found).amount).toBe(amount)
  })
  it.each([['1,000,000'], ['5'], [null], [true], [-1], [[5]], [{}], [Infinity], [Number.NaN], [undefined]])(
    'is unavailable where it is %j',
    (amount) => {
      const found = amountFacts({ amount })
      expect(found.unavailable).toEqual(['amount'])
      expect(measuresOf(found).amount).toBe('unknown')
    },
  )
  it('is found at a nested, escaped pointer, among own members only', () => {
    expect(withPointer({ amount: '/a~1b/0/c~0d' }, { 'a/b': [{ 'c~d': 3 }] }).values.amount).toEqual({ value: 3 })
    expect(withPointer({ amount: '/list/length' }, { list: { length: 4 } }).values.amount).toEqual({ value: 4 })
    expect(withPointer({ amount: '/text/length' }, { text: 'four' }).unavailable).toEqual(['amount'])
    expect(withPointer({ amount: '/constructor/length' }, {}).unavailable).toEqual(['amount'])
  })
  it('is unavailable where the arguments are', () => {
    expect(withPointer({ amount: '/0' }, [5]).unavailable).toEqual(['amount', 'arguments'])
  })
  it('is nothing to measure where the tool has none', () => {
    expect(measuresOf(facts())).toEqual({ amount: null, records: null, recipient_domains: null, destinations: null })
  })
})

describe('the records', () => {
  it.each([
    [{ ids: [1, 2, 3] }, 3],
    [{ ids: 40 }, 40],
  ])('of %j are %d', (toolArguments, count) => {
    const found = withPointer({ records: '/ids' }, toolArguments)
    expect(found.values.records).toEqual({ count })
    expect(measuresOf(found).records).toBe(count)
  })
  it.each([[{ ids: 'all' }], [{}], [{ ids: -1 }]])('of %j are unavailable', (toolArguments) => {
    expect(withPointer({ records: '/ids' }, toolArguments).unavailable).toEqual(['records'])
  })
})

describe('the recipients', () => {
  const to = (recipients: unknown, known: readonly string[] = []) => withPointer({ recipients: '/to' }, { to: recipients }, known)

  it.each([
    ['one address', 'Ann@Example.COM', 1, ['example.com']],
    ['a list', ['a@b.example', 'c@a.example', 'd@b.example'], 3, ['a.example', 'b.example']],
    ['addresses in one text', 'a@x.example, b@y.example;c@z.example', 3, ['x.example', 'y.example', 'z.example']],
    ['a text that hides one behind another', ['b@example.com, a@evil.com'], 2, ['evil.com', 'example.com']],
    ['a name before the address', 'Ann Example <x@evil.example>', 1, ['evil.example']],
    ['a name in quotes before the address', '"Müller-Lüdenscheidt" <x@evil.example>', 1, ['evil.example']],
    ['an international domain in its ASCII form', 'a@xn--bcher-kva.example', 1, ['xn--bcher-kva.example']],
    ['nobody', [], 0, []],
  ])('are read from %s', (_, recipients, count, domains) => {
    const found = to(recipients)
    expect(found.values.recipients).toEqual({ count, domains, new_domains: domains })
    expect(measuresOf(found).recipient_domains).toEqual(domains)
  })
  it('are new where the agent has not written to their domain before', () => {
    expect(to(['a@b.example', 'c@a.example'], ['b.example']).values.recipients).toMatchObject({ new_domains: ['a.example'] })
  })
  it.each([
    ['a number', 5],
    ['nothing', undefined],
    ['an empty text', ''],
    ['an address as the name of another', 'a@good.example <x@evil.example>'],
    ['an address in the quoted name of another', '"a@good.example" <x@evil.example>'],
    ['two addresses in brackets', 'x <a@good.example> <x@evil.example>'],
    ['a name after the address', '<a@good.example> evil'],
    ['a quoted local part', '"a@good.example"@evil.example'],
    ['an escaped quote in a name', String.raw`"a\" <a@good.example>`],
    ['a comment', 'a@good.example(evil.example)'],
    ['a group', 'all:a@good.example'],
    ['a source route', '@evil.example:a@good.example'],
    ['a relay in the local part', 'a%evil.example@good.example'],
    ['a bang path', 'evil.example!a@good.example'],
    ['an address literal', 'a@[10.0.0.1]'],
    ['a line break and another header', 'a@good.example\r\nBcc: x@evil.example'],
    ['a line break at the end', 'a@good.example\n'],
    ['a control character', 'a\u0000@good.example'],
    ['an invisible character in the address', 'a\u200b@good.example'],
    ['an invisible character in the name', 'A\u202enn <a@good.example>'],
    ['a no-break space around it', '\u00a0a@good.example'],
    ['a letter that becomes another in lower case', 'a@boo\u212a.example'],
    ['an object in the list', [{ to: 'a@b.example' }]],
    ['no address', '#general'],
    ['a domain that only looks like another', 'a@exаmple.com'],
    ['two addresses in one', 'a@b.example c@d.example'],
    ['two at-signs', 'a@b@c.example'],
    ['an empty label', 'a@b..example'],
    ['a trailing dot', 'a@b.example.'],
    ['a label with a hyphen at its end', 'a@b-.example'],
    ['a dangling separator', 'a@b.example,'],
    ['a comma in a quoted name', '"Doe, John" <j@b.example>'],
    ['a very long address', `${'a'.repeat(600)}@b.example`],
    ['too many in a list', Array.from({ length: DESTINATIONS_MAX + 1 }, () => 'a@b.example')],
    ['too many in a text', 'a@b.example,'.repeat(DESTINATIONS_MAX + 1)],
    ['too many in a list of texts', Array.from({ length: 2 }, () => Array.from({ length: 600 }, () => 'a@b.example').join(','))],
  ])('are unavailable where there is %s', (_, recipients) => {
    const found = to(recipients)
    expect(found.unavailable).toEqual(['destinations', 'recipients'])
    expect(measuresOf(found).recipient_domains).toBe('unknown')
  })
})

describe('recipients in several arguments', () => {
  const mail = { recipients: ['/to', '/cc', '/envelope/bcc'] }
  it('all count', () => {
    const found = withPointer(mail, {
      to: 'a@x.example',
      cc: ['b@y.example', 'c@x.example'],
      envelope: { bcc: 'd@evil.example' },
    })
    expect(found.values.recipients).toMatchObject({ count: 4, domains: ['evil.example', 'x.example', 'y.example'] })
    expect(measuresOf(found).recipient_domains).toEqual(['evil.example', 'x.example', 'y.example'])
  })
  it('may be missing in some, and empty in others', () => {
    expect(withPointer(mail, { cc: 'a@x.example' }).values.recipients).toMatchObject({ count: 1, domains: ['x.example'] })
    expect(withPointer(mail, { to: 'a@x.example', cc: [] }).values.recipients).toMatchObject({ count: 1 })
  })
  it.each([
    ['none is there', { body: 'hello' }],
    ['one is null', { to: 'a@x.example', cc: null }],
    ['one is a number', { to: 'a@x.example', cc: 5 }],
    ['one holds an unreadable address', { to: 'a@x.example', cc: ['everybody'] }],
    ['one lies in something that is no object', { to: 'a@x.example', envelope: 'b@evil.example' }],
    ['one lies in a list', { to: 'a@x.example', envelope: [{ bcc: 'b@evil.example' }] }],
    [
      'they are too many together',
      { to: Array.from({ length: 600 }, () => 'a@x.example'), cc: Array.from({ length: 401 }, () => 'a@x.example') },
    ],
  ])('are unavailable where %s', (_, toolArguments) => {
    expect(withPointer(mail, toolArguments).unavailable).toEqual(['destinations', 'recipients'])
  })
  it('are unavailable where the arguments are', () => {
    expect(withPointer(mail, ['a@x.example']).unavailable).toEqual(['arguments', 'destinations', 'recipients'])
  })
  it('of a list are not read by their place, which would leave out the others', () => {
    expect(withPointer({ recipients: '/to/0' }, { to: ['a@x.example', 'b@evil.example'] }).unavailable).toEqual([
      'destinations',
      'recipients',
    ])
  })
})

describe('recipients that the catalogue does not name', () => {
  const send = (
    recipients: typeof ACTION.arguments.recipients,
    toolArguments: object,
    category = 'external_communication' as const,
  ) =>
    facts({
      request: request(toolArguments),
      action: { ...ACTION, category, arguments: recipients === undefined ? {} : { recipients } },
    })
  it.each(['cc', 'bcc', 'Bcc', 'BCC', 'recipients', 'to_addresses', 'attendees'])(
    'make those of a message unavailable: %s',
    (name) => {
      expect(send(['/to'], { to: 'a@x.example', [name]: 'b@evil.example' }).unavailable).toEqual(['destinations', 'recipients'])
    },
  )
  it('make those of a message unavailable where the catalogue says nothing of recipients', () => {
    expect(send(undefined, { to: 'a@evil.example' }).unavailable).toEqual(['destinations', 'recipients'])
    expect(send(undefined, { body: 'hello' }).not_applicable).toContain('recipients')
  })
  it('are not looked for where the catalogue says that there are none', () => {
    expect(send([], { to: '#general' }).not_applicable).toContain('recipients')
  })
  it('are found below what it names', () => {
    expect(send(['/cc/all', '/to'], { to: 'a@x.example', cc: { all: 'b@y.example' } }).values.recipients).toMatchObject({
      count: 2,
    })
  })
  it('are not looked for in what sends no message', () => {
    const found = facts({ request: request({ to: 'archive' }), action: { ...ACTION, category: 'local_reversible_write' } })
    expect(found.unavailable).toEqual([])
  })
})

describe('content classes', () => {
  it.each([
    ['pricing', ['We can offer a 10 % discount']],
    ['pricing', ['That is $ 40 then']],
    ['pricing', [{ list_price: 4 }]],
    ['account_changes', [{ body: ['Please reset my password'] }]],
    ['account_changes', ['new bank details attached']],
    ['emotional_language', ['This is UNACCEPTABLE']],
    ['emotional_language', ['Hurry!!!']],
    ['personal_data', ['her ssn is 123-45-6789']],
    ['personal_data', [{ text: 'DE89 3704 0044 0532 0130 00' }]],
    ['personal_data', [4111111111111111]],
    ['personal_data', ['date\u200b of\u00a0birth']],
    ['personal_data', ['ｄａｔｅ　ｏｆ　ｂｉｒｔｈ']],
  ])('%s are found in %j', (name, values) => {
    expect(contentClasses(values)).toEqual([name])
  })
  it('are none in plain text, nothing, and other values', () => {
    expect(contentClasses(['The weather is fine.', null, undefined, true, { at: '10:30' }])).toEqual([])
  })
  it('cannot be known where there is more text than is searched', () => {
    expect(contentClasses(['x'.repeat(CONTENT_CHARS_MAX - 1)])).toEqual([])
    expect(contentClasses(['x'.repeat(CONTENT_CHARS_MAX), 'more', ['and', { so: 'on' }]])).toBeUndefined()
    expect(facts({ request: request({ body: 'x'.repeat(CONTENT_CHARS_MAX) }) }).unavailable).toEqual(['content'])
  })
  it('are found in time linear in the text, whatever it is made of', () => {
    const started = performance.now()
    for (const piece of ['1', '1 ', 'a1', 'de89 ', 'update ', '$ ', '!!', 'quote', '-', ' ']) {
      expect(contentClasses([piece.repeat(Math.floor(CONTENT_CHARS_MAX / piece.length) - 1)])).toBeDefined()
    }
    expect(performance.now() - started).toBeLessThan(5_000)
  })
  it('are added to by what the caller asserts, never taken from', () => {
    const asserted = (content_classes: unknown) =>
      facts({ request: request({ body: 'a discount' }, { content_classes: content_classes as never }) })
    expect(asserted(['legal', 'pricing']).values.content).toEqual({
      classification: 'internal',
      sensitive: false,
      classes: ['legal', 'pricing'],
    })
    expect(asserted([]).values.content?.['classes']).toEqual(['pricing'])
    expect(asserted('none').unavailable).toEqual(['content'])
    expect(asserted([1]).unavailable).toEqual(['content'])
  })
  it('are named in order', () => {
    expect(CONTENT_CLASSES).toEqual(['account_changes', 'emotional_language', 'personal_data', 'pricing'])
  })
})
