import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'

import { type LineEdit, withEdits } from '../format/unified-diff.ts'
import { sha256Hex } from '../format/canonical-json.ts'
import type { Permission } from '../ledger/documents/permission-request.ts'

/** A permission in a tenant. */
export type TenantPermission = { readonly tenant: string; readonly permission: Permission }

/** How the data of the shipped base would grant a permission and nothing else: the role that comes with it, and the changed lines. */
export type GrantEdit = { readonly role: string; readonly edits: readonly LineEdit[] }

/** Hexadecimal digits that tell the roles of two permissions apart. */
const ROLE_DIGITS = 8
/** Longest part of an action's name in the name of a role, in characters. */
const ROLE_ACTION_CHARS = 40
/** What YAML reads as this very text, in any version, without quotes. */
const PLAIN = /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+$/u

/**
 * The change of `policies/rbac/data.yaml` that gives one agent one action on one resource: a role with nothing else, and its assignment. Undefined where
 * the text is not laid out so that lines can be put into it without touching anything else.
 */
export function grantEdit(source: GrantSource, grant: TenantPermission): GrantEdit | undefined {
  const { subject } = grant.permission
  if ([grant.tenant, subject.type, subject.id].includes('__proto__')) return undefined
  const role = roleName(grant)
  const edits = [roleEdit(source, role, grant.permission), assignmentEdit(source, role, grant)].filter(
    (edit) => edit !== undefined,
  )
  if (edits.length < 2) return undefined
  const after = grantSource(withEdits(source.text, edits))
  return isDeepStrictEqual(after?.data, granted(source.data, role, grant)) ? { role, edits } : undefined
}

/** The data with several grants: what the file would say with all of their changes. */
export function dataWithGrants(source: GrantSource, grants: readonly TenantPermission[]): unknown {
  return grants.reduce((data, grant) => granted(data, roleName(grant), grant), source.data)
}

/** A role of its own for each permission, so that it can be taken back alone. */
function roleName({ tenant, permission }: TenantPermission): string {
  const { subject, action, resource } = permission
  const digest = sha256Hex(JSON.stringify([tenant, subject.type, subject.id, action, resource.type, resource.id]))
  const named = action.toLowerCase().replaceAll(/[^a-z0-9]+/gu, '_')
  return `granted_${named.slice(0, ROLE_ACTION_CHARS)}_${digest.slice(0, ROLE_DIGITS)}`.replaceAll(/_+/gu, '_')
}

type RbacData = {
  config: { roles: Record<string, unknown>; assignments: Record<string, Record<string, Record<string, string[]>>> }
}

/** The data with the grant: what the changed text has to say, no more and no less. */
function granted(data: RbacData, role: string, { tenant, permission }: TenantPermission): RbacData {
  const { subject, action, resource } = permission
  const { roles, assignments } = data.config
  const ofTenant = own(assignments, tenant) ?? {}
  const ofType = own(ofTenant, subject.type) ?? {}
  const entry = { permissions: [{ actions: [action], resources: [{ type: resource.type, id: resource.id }] }] }
  const assigned = { ...ofType, [subject.id]: [...(own(ofType, subject.id) ?? []), role] }
  return {
    ...data,
    config: {
      ...data.config,
      roles: { ...roles, [role]: entry },
      assignments: { ...assignments, [tenant]: { ...ofTenant, [subject.type]: assigned } },
    },
  }
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/** The text of the data file, read. */
type GrantSource = {
  readonly text: string
  readonly rows: readonly string[]
  readonly lines: LineCounter
  readonly data: RbacData
  readonly roles: Member
  readonly assignments: Member
}

/** A member of a mapping that is written in lines of its own. */
type Member = { readonly key: number; readonly map: YAMLMap }

/** Reads the text of the data file; undefined where roles and assignments do not stand in it in lines of their own. */
export function grantSource(text: string): GrantSource | undefined {
  if (!text.endsWith('\n')) return undefined
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: 'error' })
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined
  const config = memberOf(document.contents, 'config')
  const roles = config && memberOf(config.map, 'roles')
  const assignments = config && memberOf(config.map, 'assignments')
  if (roles === undefined || assignments === undefined) return undefined
  return { text, rows: text.split('\n'), lines, roles, assignments, data: document.toJS({ maxAliasCount: 1_000 }) as RbacData }
}

function pairOf(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name)
}

/** A member whose value is a mapping in lines of its own, with at least one entry. */
function memberOf(map: YAMLMap, name: string): Member | undefined {
  const pair = pairOf(map, name)
  const value = pair?.value
  return pair !== undefined && isMap(value) && value.flow !== true && value.items.length > 0
    ? { key: offsetOf(pair.key), map: value }
    : undefined
}

function offsetOf(node: unknown): number {
  return isScalar(node) ? (node.range?.[0] ?? 0) : 0
}

/** The new role, before all others. */
function roleEdit({ lines, roles }: GrantSource, role: string, { action, resource }: Permission): LineEdit {
  return firstIn(lines, roles, [
    `${role}:`,
    '  permissions:',
    `    - actions: [${scalar(action)}]`,
    `      resources: [{ type: ${scalar(resource.type)}, id: ${scalar(resource.id)} }]`,
  ])
}

/** The assignment, in the list of the agent where it has one; undefined where the list is not one that a line can be put into. */
function assignmentEdit(source: GrantSource, role: string, { tenant, permission }: TenantPermission): LineEdit | undefined {
  const { lines, assignments } = source
  const { type, id } = permission.subject
  if (pairOf(assignments.map, tenant) === undefined)
    return firstIn(lines, assignments, [`${scalar(tenant)}:`, `  ${scalar(type)}:`, `    ${scalar(id)}: [${role}]`])
  const ofTenant = memberOf(assignments.map, tenant)
  if (ofTenant === undefined) return undefined
  if (pairOf(ofTenant.map, type) === undefined)
    return firstIn(lines, ofTenant, [`${scalar(type)}:`, `  ${scalar(id)}: [${role}]`])
  const ofType = memberOf(ofTenant.map, type)
  if (ofType === undefined) return undefined
  const pair = pairOf(ofType.map, id)
  if (pair === undefined) return firstIn(lines, ofType, [`${scalar(id)}: [${role}]`])
  return isSeq(pair.value) ? listEdit(source, pair.value, role) : undefined
}

/** One more entry at the end of a list. */
function listEdit({ lines, rows }: GrantSource, list: YAMLSeq, role: string): LineEdit | undefined {
  const last = list.items.at(-1)
  if (last === undefined || !isScalar(last) || !last.range || !list.range) return undefined
  const end = lines.linePos(last.range[1])
  if (list.flow !== true) {
    const { col } = lines.linePos(list.range[0])
    return { at: end.line, removed: 0, added: [`${' '.repeat(col - 1)}- ${role}`] }
  }
  const row = rows[end.line - 1] ?? ''
  return { at: end.line - 1, removed: 1, added: [`${row.slice(0, end.col - 1)}, ${role}${row.slice(end.col - 1)}`] }
}

/** Lines that come first in a mapping, as deep as its others. */
function firstIn(lines: LineCounter, { key, map }: Member, added: readonly string[]): LineEdit {
  const { col } = lines.linePos(offsetOf(map.items[0]?.key))
  return { at: lines.linePos(key).line, removed: 0, added: added.map((line) => `${' '.repeat(col - 1)}${line}`) }
}

/** A text as YAML has it, in printable ASCII. */
function scalar(text: string): string {
  if (PLAIN.test(text)) return text
  return JSON.stringify(text).replaceAll(/[^ -~]/gu, (char) => {
    const digits = (char.codePointAt(0) as number).toString(16)
    return digits.length > 4 ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`
  })
}
