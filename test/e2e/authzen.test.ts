import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { verifyWhole } from '../faults/log.ts'
import { MERGE, READ, writeConfig } from './organisation.ts'
import { ROOT, workplace, type Answer, type Parsed } from './server.ts'

const { place, start } = workplace()
const read = (name: string): Parsed => JSON.parse(readFileSync(join(ROOT, 'test/data/authzen', name), 'utf8'))

type Case = {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly request?: unknown
  readonly rawBody?: string
  readonly contentType?: string
  readonly expected: {
    readonly status: number
    readonly decision?: boolean
    readonly evaluations?: readonly (boolean | 'boolean')[]
  }
}

/** What a case leaves open ("boolean") must still be one. */
function expectDecision(actual: unknown, wanted: boolean | 'boolean', id: string): void {
  if (wanted === 'boolean') expect(typeof actual, id).toBe('boolean')
  else expect(actual, id).toBe(wanted)
}

function expectCase({ id, expected }: Case, { status, body }: Answer): void {
  expect(status, id).toBe(expected.status)
  if (expected.decision !== undefined) expectDecision(body.decision, expected.decision, id)
  if (expected.evaluations === undefined) return
  expect(body.evaluations, id).toHaveLength(expected.evaluations.length)
  expected.evaluations.forEach((wanted, index) => expectDecision(body.evaluations[index].decision, wanted, `${id}[${index}]`))
}

describe('the AuthZEN scenarios on their own servers', () => {
  it('certification: every case but search', async () => {
    const server = await start(['--config', 'examples/authzen-certification/gradus.yaml'])
    const cases = (read('certification/cases.json').cases as readonly Case[]).filter(({ path }) => !path.includes('/search/'))
    expect(cases.length).toBeGreaterThanOrEqual(20)
    for (const each of cases) expectCase(each, await server.post(each.path, each.rawBody ?? each.request))
    const metadata = await server.get('/.well-known/authzen-configuration')
    expect(metadata.body.access_evaluation_endpoint).toBe(`${server.url}/access/v1/evaluation`)
  })

  it('todo: every evaluation and every batch, compared exactly', async () => {
    const server = await start(['--config', 'examples/authzen-todo/gradus.yaml'])
    const { evaluation, evaluations } = read('todo/decisions-authorization-api-1_0-02.json')
    expect([evaluation.length, evaluations.length]).toEqual([40, 3])
    for (const { request, expected } of evaluation)
      expect((await server.post('/access/v1/evaluation', request)).body, JSON.stringify(request)).toEqual({ decision: expected })
    for (const { request, expected } of evaluations)
      expect((await server.post('/access/v1/evaluations', request)).body, JSON.stringify(request)).toEqual({
        evaluations: expected,
      })
  })

  it('batches of different actions side by side leave a log whose times only rise', async () => {
    const server = await start(['--config', writeConfig(place())])
    const delegated = { ...MERGE, context: { ...MERGE.context, on_behalf_of: { type: 'agent', id: 'finance-agent' } } }
    const items = Array.from({ length: 48 }, (_, index) => [MERGE, READ, delegated][index % 3])
    const batches = Array.from({ length: 12 }, () => server.post('/access/v1/evaluations', { evaluations: items }))
    for (const { body } of await Promise.all(batches)) expect(body.evaluations).toHaveLength(items.length)
    expect(await server.stop()).toBe(0)
    expect(verifyWhole(server.dataDir).records).toBeGreaterThan(12 * 48)
  })
})
