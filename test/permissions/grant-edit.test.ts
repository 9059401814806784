import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { checkIdentifier } from '../../src/format/identifier.ts'
import { unifiedDiff, withEdits } from '../../src/format/unified-diff.ts'
import { type GrantEdit, grantEdit as editOf, grantSource, type TenantPermission } from '../../src/permissions/grant-edit.ts'

const shipped = readFileSync(resolve(import.meta.dirname, '../../policies/rbac/data.yaml'), 'utf8')

function grant(
  parts: { tenant?: string; type?: string; id?: string; action?: string; resource?: string } = {},
): TenantPermission {
  const { tenant = 'default', type = 'agent', id = 'research-agent', action = 'run_tests', resource = 'gradus' } = parts
  return { tenant, permission: { subject: { type, id }, action, resource: { type: 'repository', id: resource } } }
}

type Data = { config: { roles: Record<string, unknown>; assignments: Record<string, Record<string, Record<string, string[]>>> } }

function grantEdit(text: string, of: TenantPermission): GrantEdit | undefined {
  const source = grantSource(text)
  return source === undefined ? undefined : editOf(source, of)
}

/** The text after the change. */
function after(text: string, of: TenantPermission): string | undefined {
  const edit = grantEdit(text, of)
  return edit === undefined ? undefined : withEdits(text, edit.edits)
}

/** The lines that a grant adds and removes, with their signs. */
function lines(text: string, of: TenantPermission): readonly string[] | undefined {
  const edit = grantEdit(text, of)
  if (edit === undefined) return undefined
  return unifiedDiff('d', text, edit.edits)
    .split('\n')
    .slice(2)
    .filter((line) => /^[-+]/u.test(line))
    .map((line) => line.replaceAll(/_[0-9a-f]{8}\b/gu, '_#'))
}

const base = (assignments: string) =>
  `config:\n  roles:\n    a: { permissions: [] }\n  assignments:\n${assignments
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('')}`

describe('the change that grants a permission', () => {
  it('adds a role of its own, and its assignment to that one agent', () => {
    expect(lines(shipped, grant())).toEqual([
      '+    granted_run_tests_#:',
      '+      permissions:',
      '+        - actions: [run_tests]',
      '+          resources: [{ type: "repository", id: "gradus" }]',
      '-        research-agent: [research_agent]',
      '+        research-agent: [research_agent, granted_run_tests_#]',
    ])
  })

  it.each([
    [
      'an agent without roles',
      base('default:\n  agent:\n    other: [a]'),
      grant(),
      ['+        research-agent: [granted_run_tests_#]'],
    ],
    [
      'a type without agents',
      base('default:\n  user:\n    bob: [a]'),
      grant(),
      ['+      "agent":', '+        research-agent: [granted_run_tests_#]'],
    ],
    [
      'a tenant of its own',
      base('"globex":\n  agent:\n    x: [a]'),
      grant(),
      ['+    "default":', '+      "agent":', '+        research-agent: [granted_run_tests_#]'],
    ],
    [
      'a list in lines',
      base('default:\n  agent:\n    research-agent:\n      - a # one\n      - b\n    z: [a]'),
      grant(),
      ['+          - granted_run_tests_#'],
    ],
    [
      'a list over lines',
      base('default:\n  agent:\n    research-agent: [\n      a,\n      b\n    ] # all'),
      grant(),
      ['-          b', '+          b, granted_run_tests_#'],
    ],
    [
      'a name that needs quotes',
      base('default:\n  agent:\n    x: [a]'),
      grant({ id: 'yes: #1' }),
      ['+        "yes: #1": [granted_run_tests_#]'],
    ],
  ])('%s', (_, text, of, added) => {
    expect(lines(text, of)?.slice(4)).toEqual(added)
  })

  it.each([
    ['no line feed at its end', shipped.trimEnd(), grant()],
    ['no mapping', '- 1\n', grant()],
    ['no YAML', 'a: [\n', grant()],
    ['no roles', 'config:\n  assignments:\n    default: {}\n', grant()],
    ['roles in braces', 'config:\n  roles: { a: {} }\n  assignments:\n    default:\n      agent:\n        x: [a]\n', grant()],
    ['a tenant in braces', base('default: { agent: { x: [a] } }'), grant()],
    ['a type in braces', base('default:\n  agent: { x: [a] }'), grant()],
    ['an empty list', base('default:\n  agent:\n    research-agent: []'), grant()],
    ['no list', base('default:\n  agent:\n    research-agent: a'), grant()],
    ['a list that others share', base('default:\n  agent:\n    research-agent: &all [a]\n    other: *all'), grant()],
    ['a list of others', base('default:\n  agent:\n    other: &all [a]\n    research-agent: *all'), grant()],
    ['lists in a list', base('default:\n  agent:\n    research-agent: [[a]]'), grant()],
    ['a role of that name', after(shipped, grant()) ?? '', grant()],
    ['a name that JavaScript keeps for itself', shipped, grant({ id: '__proto__' })],
  ])('is none where the data has %s', (_, text, of) => {
    expect(grantEdit(text, of)).toBeUndefined()
  })

  it('is right for whatever may be named: the data says the grant, and all it said before', () => {
    const name = fc
      .oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.stringMatching(/^[-:#{}[\],&*!|>'"%@`\\ a-z0-9.~/=]{1,20}$/u))
      .filter((text) => checkIdentifier(text, { maxChars: 512 }) === undefined && text !== '__proto__')
    fc.assert(
      fc.property(name, name, name, name, (tenant, id, action, resource) => {
        const edit = grantEdit(shipped, grant({ tenant, id, action, resource }))
        if (edit === undefined) throw new Error('there is no change')
        const [before, changed] = [parse(shipped) as Data, parse(withEdits(shipped, edit.edits)) as Data]
        const { [edit.role]: role, ...roles } = changed.config.roles
        expect(roles).toEqual(before.config.roles)
        expect(role).toEqual({ permissions: [{ actions: [action], resources: [{ type: 'repository', id: resource }] }] })
        expect(changed.config.assignments[tenant]?.['agent']?.[id]?.at(-1)).toBe(edit.role)
        expect(edit.edits.flatMap(({ added }) => added).join('')).toMatch(/^[ -~]*$/u)
      }),
      { numRuns: 60 },
    )
  })
})
