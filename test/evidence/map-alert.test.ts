import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { mapAlert, wholeMapping } from '../../src/evidence/signals/mapping/map-alert.ts'
import { ALERT_FORMS, SignalMapping } from '../../src/evidence/signals/settings.ts'

const mappingOf = (own: object) => wholeMapping(SignalMapping.parse({ id: 'm', credentials: ['c'], ...own }))
/** A mapping whose one class takes a member from the alert. */
const withLevel = (level: object) =>
  mappingOf({
    agent: { at: ['/agent'] },
    event_id: [{ at: ['/id'] }],
    session: { at: ['/session'] },
    classes: [{ class: 'session_risk', data: { level } }],
  })
const alert = (more: object) => ({ agent: 'a', id: 1, session: 7, ...more })

describe('the value at a place', () => {
  const table = { High: 'high', '5': 'high' }
  test.each<[string, object, object, unknown]>([
    ['as it stands', { at: ['/level'] }, { level: 'low' }, 'low'],
    ['by the table, upper and lower case alike', { at: ['/level'], table }, { level: 'hIGH' }, 'high'],
    ['a number by the table', { at: ['/level'], table }, { level: 5 }, 'high'],
    ['the first pointer at which one stands', { at: ['/a', '/b', '/level'] }, { a: null, b: '', level: 'low' }, 'low'],
    ['a list of one', { at: ['/level'] }, { level: ['low'] }, 'low'],
    ['inside, with a dot and a slash in the name', { at: ['/a.b~1c/0/level'] }, { 'a.b/c': [{ level: 'low' }] }, 'low'],
    ['a constant', { value: 'medium' }, {}, 'medium'],
    ['a constant where nothing stands', { at: ['/level'], value: 'medium' }, { level: {} }, 'medium'],
    ['a constant where the table does not know it', { at: ['/level'], table, value: 'medium' }, { level: 'odd' }, 'medium'],
  ])('is %s', (_what, place, more, level) => {
    expect(mapAlert(withLevel(place), alert(more))).toMatchObject({ ok: true, event: { data: { session: '7', level } } })
  })

  test.each<[string, object, object, string]>([
    ['nothing stands there', { at: ['/level'] }, {}, 'session_risk: level: nothing at /level'],
    ['a list of several', { at: ['/level'] }, { level: ['low', 'high'] }, 'nothing at /level'],
    ['what every object inherits', { at: ['/constructor/name'] }, {}, 'nothing at /constructor/name'],
    [
      'not in the table',
      { at: ['/level'], table },
      { level: 'x'.repeat(600) },
      `"${'x'.repeat(64)}…" at /level is not in its table`,
    ],
  ])('is missing where %s', (_what, place, more, because) => {
    expect(mapAlert(withLevel(place), alert(more))).toMatchObject({
      ok: false,
      kind: 'unmatched',
      message: expect.stringContaining(because),
    })
  })
})

describe('the class of an alert', () => {
  const mapping = mappingOf({
    agent: { at: ['/agent'] },
    event_id: [{ at: ['/id'] }, { at: ['/part'], value: 'none' }],
    severity: { at: ['/severity'], table: { 1: 'low', 2: 'critical' } },
    decision: { at: ['/decision'] },
    classes: [
      { class: 'exfiltration', severity: ['critical'], when: [{ at: ['/tags', '/tag'], in: ['leak', 9] }] },
      { class: 'canary_tripped', when: [{ at: ['/canary'] }] },
      { class: 'anomalous', data: { layer: { value: 'behaviour' } } },
    ],
  })
  const classOf = (more: object): unknown => {
    const mapped = mapAlert(mapping, { agent: 'a', id: 'x', ...more })
    return mapped.ok ? mapped.event['type'] : mapped.message
  }

  test.each<[string, object, string]>([
    ['one of a list', { severity: 2, tags: ['other', 'LEAK'] }, 'exfiltration'],
    ['one of several pointers', { severity: '2', tags: ['other'], tag: '9' }, 'exfiltration'],
    ['a part of a text with commas', { severity: 2, tag: 'other, leak' }, 'exfiltration'],
    ['what is there at all', { canary: false }, 'canary_tripped'],
    ['the decision, where no line above fits', { severity: 1, tag: 'leak', decision: 'd' }, 'anomalous'],
  ])('is found by %s', (_what, more, name) => {
    expect(classOf(more)).toBe(`gradus.signal.${name}`)
  })

  test('is none, with every reason once', () => {
    expect(classOf({ severity: 1 })).toBe(
      'no class of the mapping "m" fits: canary_tripped: nothing at /canary; anomalous: decision_id: nothing at /decision',
    )
    expect(classOf({ severity: 2, tag: 'leak,'.repeat(200) })).toContain('exfiltration: none of its values at /tags, /tag')
    expect(classOf({ severity: 3 })).toContain('severity: "3" at /severity is not in its table')
    expect(classOf({})).toContain('severity: nothing at /severity')
    const grave = { class: 'revoked', severity: ['high', 'critical'] }
    const places = { agent: { at: ['/a'] }, event_id: [{ at: ['/i'] }], severity: { value: 'low' } }
    expect(mapAlert(mappingOf({ ...places, classes: [grave, grave] }), {})).toMatchObject({
      message: 'no class of the mapping "m" fits: no line is for the severity low',
    })
    const never = { class: 'revoked', severity: ['low'] }
    expect(mapAlert(mappingOf({ agent: { at: ['/a'] }, event_id: [{ at: ['/i'] }], classes: [never] }), {})).toMatchObject({
      message: expect.stringContaining('severity: the mapping names no place for it'),
    })
  })

  test('about an agent needs the agent; about a decision it does not', () => {
    expect(mapAlert(mapping, { id: 'x', canary: 1 })).toMatchObject({
      kind: 'incomplete',
      message: expect.stringContaining('"agent"'),
    })
    expect(mapAlert(mapping, { id: 'x', decision: 'd' })).toMatchObject({ ok: true, event: { data: { decision_id: 'd' } } })
  })

  test('of alerts whose ids have other parts is told apart', () => {
    const idOf = (more: object) => (mapAlert(mapping, { agent: 'a', canary: 1, ...more }) as any).event.id // eslint-disable-line @typescript-eslint/no-explicit-any
    expect(idOf({ id: 'x"', part: 'y' })).not.toBe(idOf({ id: 'x', part: '"y' }))
    expect(idOf({ id: 'x' })).toBe('["x","none"]')
  })
})

describe('laws', () => {
  test('any JSON is read by every form without a throw, and a refusal is short', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(...ALERT_FORMS), (value, form) => {
        const mapped = mapAlert(mappingOf({ form }), value)
        if (!mapped.ok) expect(mapped.message.length).toBeLessThan(1_200)
      }),
    )
  })

  test('long lists and texts cost no more than short ones: only their beginning is looked at', () => {
    const tags = Array.from({ length: 8_000 }, (_, index) => `${index},${index}`)
    const began = performance.now()
    for (let count = 0; count < 40; count += 1)
      mapAlert(mappingOf({ form: 'falco' }), { priority: 'critical', tags, rule: 'x'.repeat(500_000) })
    expect(performance.now() - began).toBeLessThan(2_000)
    const late = mapAlert(mappingOf({ form: 'falco' }), { priority: 'critical', tags: [...tags, 'mitre_exfiltration'] })
    expect(late).toMatchObject({ ok: false })
  })
})
