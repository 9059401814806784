import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { fileCursor, memoryCursor } from '../../src/webhooks/cursor.ts'

function dataDir(): string {
  const made = mkdtempSync(join(tmpdir(), 'gradus-webhooks-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}

test('a position is read back as it was kept, and is nobody else’s to read', async () => {
  const place = dataDir()
  expect(await fileCursor(place, 'ops').load()).toBeUndefined()
  for (const leaf_index of [3, 7]) {
    await fileCursor(place, 'ops').save({ leaf_index, event: 1 })
    expect(await fileCursor(place, 'ops').load()).toEqual({ leaf_index, event: 1 })
  }
  expect(await fileCursor(place, 'other').load()).toBeUndefined()
  expect(readdirSync(join(place, 'webhooks'))).toEqual(['ops.json'])
  expect(statSync(join(place, 'webhooks', 'ops.json')).mode & 0o777).toBe(0o600)
})

test('a half-written file of a process that died changes nothing', async () => {
  const place = dataDir()
  const cursor = fileCursor(place, 'ops')
  await cursor.save({ leaf_index: 3, event: 0 })
  writeFileSync(join(place, 'webhooks', 'ops.json.tmp'), '{"leaf_ind')
  expect(await cursor.load()).toEqual({ leaf_index: 3, event: 0 })
  await cursor.save({ leaf_index: 4, event: 0 })
  expect(readFileSync(join(place, 'webhooks', 'ops.json'), 'utf8')).toBe('{"leaf_index":4,"event":0}\n')
})

test.each(['', '{', '{}', '{"leaf_index":-1,"event":0}', '{"leaf_index":1,"event":0,"more":1}'])(
  'a file that holds %j is refused: guessing would lose events or repeat them all',
  async (text) => {
    const place = dataDir()
    mkdirSync(join(place, 'webhooks'))
    const file = join(place, 'webhooks', 'ops.json')
    writeFileSync(file, text)
    await expect(fileCursor(place, 'ops').load()).rejects.toMatchObject({
      code: 'store_corrupt',
      place: { file },
      fix: expect.stringContaining('remove it'),
    })
  },
)

test('a file that cannot be read is an error, not a new webhook', async () => {
  const place = dataDir()
  mkdirSync(join(place, 'webhooks', 'ops.json'), { recursive: true })
  await expect(fileCursor(place, 'ops').load()).rejects.toMatchObject({ code: 'io' })
})

test('in memory nothing is kept', async () => {
  const cursor = memoryCursor()
  await cursor.save({ leaf_index: 3, event: 0 })
  expect(await cursor.load()).toBeUndefined()
})
