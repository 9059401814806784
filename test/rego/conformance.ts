import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'

const caseSchema = z.looseObject({
  note: z.string(),
  query: z.string(),
  modules: z.array(z.string()).nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
  input: z.unknown().optional(),
  input_term: z.string().optional(),
  want_result: z.array(z.record(z.string(), z.unknown())).nullish(),
  want_error_code: z.string().optional(),
  want_error: z.string().optional(),
  sort_bindings: z.boolean().optional(),
  strict_error: z.boolean().optional(),
})

/** One of OPA's conformance cases, moved into a namespace of its own so that many compile into one module. */
export type ConformanceCase = {
  readonly note: string
  readonly file: string
  readonly modules: readonly string[]
  readonly data: Readonly<Record<string, unknown>>
  readonly input: unknown
  readonly entrypoint: string
  readonly sorted: boolean
  readonly want:
    { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'undefined' } | { readonly kind: 'failed' }
}

/** `data.x` becomes `data.NAMESPACE.x`, packages and imports too. */
function moved(module: string, namespace: string): string {
  return module.replace(/^(\s*)package\s+/m, `$1package ${namespace}.`).replace(/(?<![\w.])data(?=[.[])/g, `data.${namespace}`)
}

function wanted(found: z.infer<typeof caseSchema>, variable: string): ConformanceCase['want'] | undefined {
  // A built-in error is undefined without strict errors, and wasm has no strict errors.
  if (found.strict_error === true && found.want_result == null) return { kind: 'undefined' }
  if (found.want_error_code === 'eval_conflict_error') return { kind: 'failed' }
  if (found.want_error_code !== undefined || found.want_error !== undefined) return undefined
  const [first, ...more] = found.want_result ?? []
  if (more.length > 0) return undefined
  return first === undefined ? { kind: 'undefined' } : { kind: 'value', value: first[variable] }
}

/** The case in its namespace, or why it has no form that a bundle can take. */
function toCase(json: unknown, file: string, namespace: string): ConformanceCase | string {
  const found = caseSchema.parse(json)
  const [, path, variable = ''] = /^data\.([\w.]+) = ([a-z]\w*)$/.exec(found.query) ?? []
  if (path === undefined) return 'ad hoc query'
  if (found['experimental_keywords'] !== undefined) return 'experimental keywords'
  const want = wanted(found, variable)
  if (want === undefined) return 'other errors'
  let input = found.input
  try {
    if (found.input_term !== undefined) input = JSON.parse(found.input_term)
  } catch {
    return 'input that is no JSON'
  }
  return {
    note: found.note,
    file,
    modules: (found.modules ?? []).map((module) => moved(module, namespace)),
    data: found.data ?? {},
    input,
    entrypoint: `${namespace}/${path.replaceAll('.', '/')}`,
    sorted: found.sort_bindings === true,
    want,
  }
}

/** All cases of the YAML files below a folder, and the notes of those left out with the reason. */
export function readCases(folder: string): {
  readonly cases: readonly ConformanceCase[]
  readonly leftOut: ReadonlyMap<string, string>
} {
  const cases: ConformanceCase[] = []
  const leftOut = new Map<string, string>()
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'))
  for (const name of files.sort()) {
    const document = parse(readFileSync(join(folder, name), 'utf8')) as { cases: unknown[] }
    for (const json of document.cases) {
      const found = toCase(json, relative('.', name), `c${cases.length}`)
      if (typeof found === 'string') leftOut.set((json as { note: string }).note, found)
      else cases.push(found)
    }
  }
  return { cases, leftOut }
}

function sortedDeep(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sortedDeep).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sortedDeep(item)]))
}

/** Whether an evaluation is what the case wants. */
export function agrees(found: ConformanceCase, evaluation: PolicyEvaluation): boolean {
  if (evaluation.kind !== found.want.kind) return false
  if (evaluation.kind !== 'value' || found.want.kind !== 'value') return true
  const [ours, theirs] = [sortedDeep(evaluation.value), sortedDeep(found.want.value)]
  return found.sorted ? equal(ours, theirs) : equal(evaluation.value, found.want.value)
}

function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b) || a === b
  const keys = Object.keys(a)
  if (Array.isArray(a) !== Array.isArray(b) || keys.length !== Object.keys(b).length) return false
  return keys.every(
    (key) => Object.hasOwn(b, key) && equal((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  )
}
