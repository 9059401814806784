import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { ERROR_CODES } from '../../src/format/error.ts'
import type { Endpoint } from '../../src/http/endpoint-shape.ts'
import { ENDPOINTS } from '../../src/http/endpoints.ts'
import { EXAMPLES } from '../../src/http/examples.ts'
import { HTTP_CODES } from '../../src/http/exchange.ts'
import { buildOpenapi } from '../../src/http/openapi.ts'
import { PROBLEMS } from '../../src/http/problems.ts'
import { type SchemaName, SCHEMAS } from '../../src/http/schemas.ts'
import { get, start } from './support.ts'

const document = buildOpenapi('1.2.3', 'http://127.0.0.1:8181') as any // eslint-disable-line @typescript-eslint/no-explicit-any
const endpoints = Object.entries(ENDPOINTS) as [string, Endpoint][]

type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly responses: Readonly<Record<string, { readonly description: string }>>
  readonly parameters?: readonly unknown[]
}

function operationsOf(paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>): readonly Operation[] {
  return Object.values(paths).flatMap((path) => Object.values(path))
}

/** Every object inside a value, with where it stands. */
function* nodes(value: unknown, at = '#'): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [at, value as Record<string, unknown>]
  for (const [key, member] of Object.entries(value)) yield* nodes(member, `${at}/${key}`)
}

describe('the OpenAPI document', () => {
  test('has what OpenAPI 3.1 requires', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toMatchObject({ title: 'Gradus', version: '1.2.3' })
    const operations = operationsOf(document.paths)
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { operationId, responses, parameters = [], summary } of operations) {
      expect(
        Object.keys(responses).every((status) => /^[2-5]\d\d$/u.test(status)),
        operationId,
      ).toBe(true)
      for (const response of Object.values(responses)) expect(response.description).not.toBe('')
      for (const parameter of parameters)
        expect(parameter).toMatchObject({
          name: expect.any(String),
          in: expect.stringMatching(/^(path|query)$/u),
          schema: expect.anything(),
        })
      expect(summary).toMatch(/\.$/u)
    }
  })

  test.each(endpoints)('%s is in it, with its body, parameters and refusals', (operationId, { method, path, body, roles }) => {
    const operation = document.paths[path][method]
    expect(operation.operationId).toBe(operationId)
    expect(operation.requestBody === undefined).toBe(body === undefined)
    const names = [...path.matchAll(/\{([a-z]+)\}/gu)].map(([, name]) => name)
    expect(
      (operation.parameters ?? [])
        .filter((one: { in: string }) => one.in === 'path')
        .map((one: { name: string; required: boolean }) => [one.name, one.required]),
    ).toEqual(names.map((name) => [name, true]))
    expect(operation.security.length === 0).toBe(roles === 'public')
    expect(Object.keys(operation.responses)).toContain('500')
  })

  test('every reference resolves and none is left into a single schema', () => {
    for (const [at, node] of nodes(document)) {
      const ref = node['$ref']
      if (typeof ref !== 'string') continue
      expect(ref, at).toMatch(/^#\/components\/schemas\/[A-Za-z]+$/u)
      expect(document.components.schemas, at).toHaveProperty(ref.split('/')[3] ?? '')
    }
  })

  test('every schema is used, and every example is valid under its schema', () => {
    const text = JSON.stringify(document.paths)
    for (const name of Object.keys(SCHEMAS) as SchemaName[]) {
      expect(text.includes(`#/components/schemas/${name}"`), name).toBe(true)
      if (name in EXAMPLES) expect(SCHEMAS[name].safeParse(EXAMPLES[name]), name).toMatchObject({ success: true })
    }
  })

  test('is served as it is built', async () => {
    const { url } = await start()
    const { status, body } = await get(`${url}/api/v1/openapi.json`)
    expect([status, body.openapi, body.servers]).toEqual([200, '3.1.0', [{ url }]])
  })
})

test('every endpoint of the table is routed: none is 404 for its path', async () => {
  const { url } = await start()
  for (const [name, { method, path, convention }] of endpoints) {
    const { status, text } = await get(`${url}${path.replaceAll(/\{[a-z]+\}/gu, 'x')}`, {}, method.toUpperCase())
    const missing = status === 404 && text.includes('There is no')
    expect([name, convention, missing]).toEqual([name, convention, false])
  }
})

test('every error code has its row in the one table of problems', () => {
  expect(Object.keys(PROBLEMS).sort()).toEqual([...ERROR_CODES, ...HTTP_CODES].sort())
})

describe('docs/http.md', () => {
  const text = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8')
  test.each(endpoints)('names %s with its roles', (_name, { method, path, roles }) => {
    const row = `| \`${method.toUpperCase()} ${path}\` | ${roles === 'public' ? 'everyone' : roles.map((role) => `\`${role}\``).join(' ')} |`
    expect(text).toContain(row)
  })

  test('names every problem with its status', () => {
    for (const [code, { status }] of Object.entries(PROBLEMS)) expect(text).toContain(`| \`${code}\` | ${status} |`)
  })
})
