import { cpSync } from 'node:fs'
import { join } from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { tamper } from '../audit/log.ts'
import { MERGE } from '../e2e/organisation.ts'
import { gradus, workplace } from '../e2e/server.ts'

const { place, start } = workplace()
let original: string

async function verified(dataDir: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const started = gradus(['audit', 'verify', '--data-dir', dataDir])
  return { code: await started.ended, output: started.output() }
}

/** Verifies a copy after somebody who can write the database changed it. */
async function verifiedAfter(sql: string) {
  const dataDir = join(place(), 'data')
  cpSync(original, dataDir, { recursive: true })
  tamper(dataDir, (database) => database.exec(sql))
  return verified(dataDir)
}

beforeAll(async () => {
  original = join(place(), 'data')
  const server = await start([], original)
  for (let count = 0; count < 3; count += 1) {
    const { status } = await server.post('/api/v1/decisions', { ...MERGE, context: { session: `s-${count}` } })
    expect(status).toBe(200)
  }
  expect(await server.stop()).toBe(0)
})

describe('whoever can write the database and deletes evidence', () => {
  it('is told apart from a log where nothing is missing', async () => {
    expect(await verified(original)).toMatchObject({ code: 0, output: expect.stringContaining('1 policy sets') as unknown })
  })

  it.each([
    ['the values of one record', 'DELETE FROM payloads WHERE leaf_index = 1', 'value_gone record 1'],
    ['the values of all records', 'DELETE FROM payloads', 'value_gone record 3'],
    [
      'one value of a record',
      'UPDATE payloads SET payload = json_remove(payload, \'$."/body/goal"\', \'$."/body/request/context"\') WHERE leaf_index = 1',
      'value_gone record 1',
    ],
    [
      'a value, calling it masked',
      `UPDATE payloads SET payload = '{"/body/request/context":{"masked":true}}' WHERE leaf_index = 1`,
      'payload_differs record 1',
    ],
    ['the archived policy sets', 'DELETE FROM policy_sets', 'policy_set_gone record 0'],
    ['an archived policy set, putting another in its place', "UPDATE policy_sets SET bytes = x'1f8b'", 'policy_set_differs'],
    ['the signed heads', 'DELETE FROM checkpoints', 'unsigned record 0'],
  ])('is found out: %s', async (_what, sql, finding) => {
    expect(await verifiedAfter(sql)).toMatchObject({ code: 2, output: expect.stringContaining(finding) as unknown })
  })

  it('finds no start either without signed heads', async () => {
    const dataDir = join(place(), 'data')
    cpSync(original, dataDir, { recursive: true })
    tamper(dataDir, (database) => database.exec('DELETE FROM checkpoints'))
    await expect(start([], dataDir)).rejects.toThrow('but no signed tree head')
  })
})
