import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { ServiceError } from '../../src/format/error.ts'

const token_sha256 = '0'.repeat(64)
const CREDENTIALS = [{ id: 'siem', token_sha256, roles: ['signal_source'], layers: ['behaviour'] }]
const own = { agent: { at: ['/a'] }, event_id: [{ at: ['/i'] }], classes: [{ class: 'revoked' }] }

function issuesOf(mapping: object): readonly string[] {
  const parsed = Config.safeParse({
    credentials: CREDENTIALS,
    signals: { mappings: [{ id: 'm', credentials: ['siem'], ...mapping }] },
  })
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`)
}

describe('a mapping is read at the start', () => {
  test.each<[string, object]>([
    ['a form alone', { form: 'falco' }],
    ['one of your own', own],
    [
      'every member',
      { ...own, source: '/s', items: ['/x'], time: { at: ['/t'] }, severity: { value: 'low' }, session: { at: ['/s'] } },
    ],
  ])('%s is enough', (_what, mapping) => {
    expect(issuesOf(mapping)).toEqual([])
  })

  test.each<[string, object, string]>([
    ['no form and no agent', { ...own, agent: undefined }, 'agent: say "agent", or name a "form": ocsf'],
    ['an unknown form', { form: 'qradar' }, 'form: '],
    [
      'a credential that is not there',
      { form: 'falco', credentials: ['nobody'] },
      'credentials.0: there is no credential "nobody"',
    ],
    ['nobody who may send', { form: 'falco', credentials: [] }, 'credentials: '],
    ['a pointer without its slash', { form: 'falco', agent: { at: ['labels/agent'] } }, 'agent.at.0: a JSON Pointer'],
    ['a pointer of too many steps', { form: 'falco', agent: { at: ['/a'.repeat(17)] } }, 'agent.at.0: a JSON Pointer'],
    ['too many pointers', { form: 'falco', agent: { at: Array.from({ length: 9 }, () => '/a') } }, 'agent.at: '],
    ['a place that is nowhere', { form: 'falco', agent: {} }, 'agent.at: say where it stands'],
    ['a table of a constant', { form: 'falco', agent: { value: 'a', table: { x: 'y' } } }, 'agent.table: a table is for'],
    [
      'a table with a word twice',
      { form: 'falco', agent: { at: ['/a'], table: { x: 'y', X: 'z' } } },
      'agent.table.X: "X" is there twice',
    ],
    [
      'a table that is too large',
      {
        form: 'falco',
        agent: { at: ['/a'], table: Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`k${index}`, 'v'])) },
      },
      'agent.table: the table has 257 entries: the limit `signals.table_entries_max` is 256',
    ],
    [
      'a severity that is none',
      { form: 'falco', severity: { at: ['/p'], table: { 5: 'grave' } } },
      'severity.table.5: is one of low',
    ],
    ['a constant severity that is none', { form: 'falco', severity: { value: 3 } }, 'severity.value: is one of low'],
    ['a class that is none', { ...own, classes: [{ class: 'exfil' }] }, 'classes.0.class: '],
    ['no classes', { ...own, classes: [] }, 'classes: '],
    [
      'data that the class has not',
      { ...own, classes: [{ class: 'session_risk', data: { levle: { value: 'high' } } }] },
      'classes.0.data.levle: the class "session_risk" has no such data: it has session, level',
    ],
    [
      'data of a class without',
      { ...own, classes: [{ class: 'revoked', data: { x: { value: 1 } } }] },
      'classes.0.data.x: the class "revoked" has no such data: it has none',
    ],
    [
      'data that are missing',
      { ...own, classes: [{ class: 'session_risk' }] },
      'classes.0.data: the class "session_risk" needs "level"',
    ],
    [
      'a constant that the class does not take',
      {
        ...own,
        classes: [{ class: 'injection_indicator', data: { confidence: { value: 80 }, found_in: { value: 'behaviour' } } }],
      },
      'classes.0.data.confidence.value: ',
    ],
    [
      'a word of a table that the class does not take',
      { ...own, classes: [{ class: 'session_risk', data: { level: { at: ['/l'], table: { P1: 'huge' } } } }] },
      'classes.0.data.level.table.P1: ',
    ],
    ['a member that is none', { form: 'falco', agnet: { at: ['/a'] } }, ': '],
  ])('%s is refused with its place', (_what, mapping, issue) => {
    expect(
      issuesOf(mapping).some((each) => each.startsWith(issue)),
      issuesOf(mapping).join('\n'),
    ).toBe(true)
  })

  test('two of one name are refused, and a subject of an identity source is a credential', () => {
    const mapping = { id: 'm', form: 'falco', credentials: ['cloud:falco'] }
    const parsed = Config.safeParse({ signals: { mappings: [mapping, mapping] } })
    expect(parsed.error?.issues.map(({ message }) => message).join('\n')).toContain('the id "m" is taken')
    const issuer = { id: 'cloud', issuer: 'https://idp.example', jwks_file: 'k', audience: 'gradus', subject: 'service' }
    const issues = Config.safeParse({ identity: { issuers: [issuer] }, signals: { mappings: [mapping] } }).error?.issues ?? []
    expect(issues.filter(({ path }) => path[0] === 'signals')).toEqual([])
  })

  test('a mistake in the file is told with its line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gradus-'))
    const file = join(folder, 'gradus.yaml')
    writeFileSync(file, 'signals:\n  mappings:\n    - id: runtime\n      form: falco\n      credentials: [nobody]\n')
    const error: unknown = await loadConfig(file, folder).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(ServiceError)
    expect((error as ServiceError).place).toMatchObject({ file, line: 5 })
    expect((error as ServiceError).message).toContain('there is no credential "nobody"')
    expect((error as ServiceError).fix).not.toBeUndefined()
  })
})
