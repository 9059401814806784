import type { z } from 'zod'

import { byCodeUnit } from '../format/order.ts'
import { jsonPointer } from '../format/source-place.ts'
import { parseStrictJson } from '../format/strict-json.ts'
import { valuePlaces } from '../format/yaml.ts'
import { engineRulesMessage } from './engine-rules.ts'
import { RiskDocument } from './rule-document.ts'

/** A file as it was read; nothing is read here. */
export type RiskFile = { readonly file: string; readonly text: string }

/** What is wrong in a risk document, and where: file, rule, JSON Pointer, line and column from 1 where they can be told. */
export type RiskProblem = {
  readonly file: string
  readonly rule: string | null
  readonly pointer: string
  readonly line: number | null
  readonly column: number | null
  readonly message: string
}

/** The documents, in the order of their ids, or what is wrong with them; no document is in force unless all are right. */
export type RiskLoading =
  | { readonly ok: true; readonly documents: readonly RiskDocument[] }
  | { readonly ok: false; readonly problems: readonly RiskProblem[] }

/** Reads risk documents out of texts: strict JSON, then the schema, then unique document ids. */
export function loadRiskDocuments(files: readonly RiskFile[]): RiskLoading {
  const read = files.map(readDocument)
  const documents = read.flatMap(({ document }) => (document === undefined ? [] : [document]))
  const problems = [...read.flatMap((each) => each.problems), ...duplicates(read)]
  if (problems.length > 0 || documents.length < files.length) return { ok: false, problems }
  return { ok: true, documents: documents.sort((a, b) => byCodeUnit(a.id, b.id)) }
}

type Read = { readonly file: string; readonly document?: RiskDocument; readonly problems: readonly RiskProblem[] }

function readDocument({ file, text }: RiskFile): Read {
  const json = parseStrictJson(text)
  if (!json.ok) {
    const { pointer, line, column, message } = json.error
    return { file, problems: [{ file, rule: null, pointer, line, column, message }] }
  }
  const parsed = RiskDocument.safeParse(json.value)
  if (parsed.success) return { file, document: parsed.data, problems: [] }
  const placeAt = valuePlaces(text)
  const engineRules = engineRulesMessage(json.value, file.slice(file.lastIndexOf('/') + 1).replace(/\.json$/u, ''))
  if (engineRules !== undefined)
    return { file, problems: [{ file, rule: null, pointer: '', ...placeAt([]), message: engineRules }] }
  const problems = parsed.error.issues.flatMap(leaves).map(({ path, message }): RiskProblem => {
    const names = path.map((name) => (typeof name === 'number' ? name : String(name)))
    return { file, rule: ruleAt(json.value, names), pointer: jsonPointer(names), ...placeAt(names), message }
  })
  return { file, problems }
}

function duplicates(read: readonly Read[]): readonly RiskProblem[] {
  const firstFile = new Map<string, string>()
  return read.flatMap(({ file, document }) => {
    if (document === undefined) return []
    const first = firstFile.get(document.id)
    firstFile.set(document.id, first ?? file)
    const message = `document id "${document.id}" is taken by ${first ?? ''}; give each document its own`
    return first === undefined ? [] : [{ file, rule: null, pointer: '/id', line: null, column: null, message }]
  })
}

type Issue = z.core.$ZodIssue
type Leaf = { readonly path: readonly PropertyKey[]; readonly message: string }

/** What is wrong in the branch of a union that the author meant: the one that knows the keys that are there. */
function leaves(issue: Issue): readonly Leaf[] {
  if (issue.code !== 'invalid_union') return [{ path: issue.path, message: issue.message }]
  const [meant] = [...issue.errors].sort((a, b) => misses(a) - misses(b))
  return (meant as readonly Issue[]).flatMap(leaves).map(({ path, message }) => ({ path: [...issue.path, ...path], message }))
}

/** Unknown keys tell most that a branch was not meant, then how much is wrong in it. */
function misses(branch: readonly Issue[]): number {
  return branch.reduce((sum, { code, path }) => sum + (path.length > 0 ? 1 : code === 'unrecognized_keys' ? 1_000 : 100), 0)
}

function ruleAt(document: unknown, [list, index]: readonly (string | number)[]): string | null {
  if (list !== 'rules' || typeof index !== 'number') return null
  const { rules } = document as { readonly rules: readonly ({ readonly id?: unknown } | null)[] }
  const id = rules[index]?.id
  return typeof id === 'string' ? id : null
}

/** A problem as a person reads it beside its file and line: the rule, the member, what is wrong with it; and what to do about it. */
export function riskProblemText({ rule, pointer, message }: Pick<RiskProblem, 'rule' | 'pointer' | 'message'>): {
  readonly message: string
  readonly fix: string
} {
  // What the loader says after a semicolon is what to do.
  const [what = message, ...fixes] = message.split('; ')
  const place = [...(rule === null ? [] : [`rule "${rule}"`]), ...(pointer === '' ? [] : [pointer])].join(' ')
  return {
    message: place === '' ? what : `${place}: ${what}`,
    fix: fixes.length > 0 ? fixes.join('; ').replace(/^it has: /u, 'use one of: ') : fixFor(what, pointer),
  }
}

function fixFor(message: string, pointer: string): string {
  const options = /expected one of (.+)$/u.exec(message)?.[1]
  if (options !== undefined) return `use one of: ${options.replaceAll('"', '').replaceAll('|', ', ')}`
  if (/^Unrecognized key/u.test(message)) return 'correct the spelling, or remove it'
  if (/received undefined/u.test(message)) return `add the member "${pointer.slice(pointer.lastIndexOf('/') + 1)}"`
  const compared = /compares with (.+)$/u.exec(message)?.[1]
  if (compared !== undefined) return `give ${compared}`
  const bound = /to be (?:[<>]=?\s?.+|(?:at|no) .+)$/u.exec(message)?.[0]
  if (bound !== undefined) return `change it ${bound}`
  if (/^Invalid input: expected object/u.test(message)) return 'write {"id": …, "version": …, "rules": […]}'
  return pointer === '' ? 'mend the JSON syntax here' : 'see schemas/risk-document.schema.json for what is allowed here'
}
