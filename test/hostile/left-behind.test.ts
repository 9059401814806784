import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { createRetention } from '../../src/audit/removal/retain.ts'
import { DAY_MS } from '../../src/format/time.ts'
import { erase, newIds, openStore } from '../audit/log.ts'
import { temporaryDirectories } from '../stores/directories.ts'
import { record } from '../stores/records.ts'

const newDirectory = temporaryDirectories()
const CONTEXT = '/body/request/context'
const SIZES = [20, 3_000, 100_000]
const secret = (of: string, size: number): string => `s3cret-${of}-${String(size)}-`

/** Names of the files of a data directory in which a text stands, as it is or in UTF-16: the write-ahead log and free pages are parts of them. */
function filesWith(directory: string, text: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .filter(({ parentPath, name }) => {
      const bytes = readFileSync(join(parentPath, name))
      return bytes.includes(text) || bytes.includes(Buffer.from(text, 'utf16le'))
    })
    .map(({ name }) => name)
}

/** A body whose context has a secret of each size, so that some fill many pages of the database. */
function body(of: string) {
  const context = Object.fromEntries(SIZES.map((size) => [`k${String(size)}`, `${secret(of, size)}${'x'.repeat(size)}`]))
  return { request: { subject: { type: 'agent', id: 'support-agent' }, context } }
}

describe('what was removed or masked', () => {
  it('stands in no file of the data directory, neither while the store is open nor afterwards', async () => {
    const directory = newDirectory()
    const store = await openStore(directory)
    const append = (number: number, of: string, masked: readonly string[] = []) =>
      store.transact([], (transaction) => transaction.append({ record: record(number, { body: body(of), tenant: of }), masked }))
    await append(1, 'masked', [CONTEXT])
    await append(2, 'erased')
    await append(3, 'expired')
    await append(4, 'kept')
    const left = (of: string) => SIZES.flatMap((size) => filesWith(directory, secret(of, size)))
    expect(left('erased')).not.toEqual([])
    await erase(store, { decisionId: record(2).id }, 'erased')
    const nowMs = () => Date.parse(record(1).at) + 10 * DAY_MS
    const rules = [{ tenant: 'expired', days: 1 }]
    await createRetention({ store, rules, nowMs, newId: newIds(950), actor: 'system' })()
    for (const of of ['masked', 'erased', 'expired']) expect([of, left(of)]).toEqual([of, []])
    const shown = JSON.stringify(await store.query({ limit: 100 }))
    expect(shown).not.toMatch(/s3cret-(?:masked|erased|expired)/u)
    await store.close()
    for (const of of ['masked', 'erased', 'expired']) expect([of, left(of)]).toEqual([of, []])
    expect(left('kept')).toEqual(['gradus.db', 'gradus.db', 'gradus.db'])
  })
})
