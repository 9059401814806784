import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { buildBundle } from '../../src/rego/build.ts'
import { loadBundle } from '../../src/rego/bundle.ts'
import { agrees, readCases } from './conformance.ts'
import { folderOf } from './support.ts'

const FOLDER = join(import.meta.dirname, '..', 'conformance', 'opa', 'v1')

/** Cases where the WASM compiler of OPA itself differs from its interpreter (also excluded upstream). */
const UPSTREAM_DIFFERENCES = new Set([
  'data/toplevel integer',
  'data/nested integer',
  'strings/format_int: bignum exact (>64-bit integer, all bases + negative)',
])

describe("OPA's own conformance cases", () => {
  it('give the wanted result through the host, all in one module', async () => {
    const { cases, leftOut } = readCases(FOLDER)
    expect(cases.length).toBeGreaterThan(150)
    expect([...new Set(leftOut.values())].filter((reason) => reason !== 'ad hoc query')).toEqual([])
    const files: Record<string, string> = {}
    const data: Record<string, unknown> = {}
    for (const { entrypoint, modules, data: own } of cases) {
      const [namespace = ''] = entrypoint.split('/')
      modules.forEach((module, i) => (files[`${namespace}_${i}.rego`] = module))
      data[namespace] = own
    }
    files['data.json'] = JSON.stringify(data)
    const entrypoints = cases.map(({ entrypoint }) => entrypoint)
    const { bytes } = await buildBundle({ sources: [{ dir: folderOf(files) }], entrypoints })
    const { policy } = await loadBundle(bytes, { name: 'conformance' })
    const differing = cases
      .map((found) => ({ found, evaluation: policy.evaluate(found.entrypoint, found.input ?? undefined) }))
      .filter(({ found, evaluation }) => !agrees(found, evaluation))
    const unexpected = differing.filter(({ found }) => !UPSTREAM_DIFFERENCES.has(found.note))
    expect(unexpected.map(({ found, evaluation }) => ({ note: found.note, want: found.want, evaluation }))).toEqual([])
    expect(new Set(differing.map(({ found }) => found.note))).toEqual(UPSTREAM_DIFFERENCES)
  })
})
