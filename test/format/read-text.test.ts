import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { beforeAll, describe, expect, it } from 'vitest'

import { readBytes, readFileText, readFolder, readOptional, readText, unreadable } from '../../src/format/read-text.ts'

let folder = ''
let file = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradus-text-'))
  file = join(folder, 'b.yaml')
  writeFileSync(file, 'b: ü\n')
  writeFileSync(join(folder, 'a.yml'), 'a: 1\n')
  writeFileSync(join(folder, '.hidden.yaml'), 'h: 1\n')
  writeFileSync(join(folder, 'c.json'), '{}')
  mkdirSync(join(folder, 'below'))
  writeFileSync(join(folder, 'below', 'd.yaml'), 'd: 1\n')
})

describe('a file', () => {
  it('is read as text or as bytes', async () => {
    expect(await readFileText(file)).toBe('b: ü\n')
    expect(await readBytes(file)).toEqual(Buffer.from('b: ü\n'))
    expect(await readOptional(file)).toEqual(Buffer.from('b: ü\n'))
  })

  it('that is not there is refused with its path and what to do', async () => {
    const missing = join(folder, 'missing')
    const wanted = { code: 'not_found', message: 'there is no such file', place: { file: missing }, fix: 'correct the path' }
    await expect(readFileText(missing)).rejects.toMatchObject(wanted)
    await expect(readBytes(missing, { file: 'missing', code: 'bad_config', fix: 'name it' })).rejects.toMatchObject({
      ...wanted,
      code: 'bad_config',
      place: { file: 'missing' },
      fix: 'name it',
    })
  })

  it('that may be missing is undefined where it is', async () => {
    expect(await readOptional(join(folder, 'missing'))).toBeUndefined()
  })

  it('that is a folder is refused', async () => {
    const wanted = { code: 'io', message: 'cannot be read: it is a folder', place: { file: folder }, fix: 'name a file in it' }
    for (const read of [readFileText, readOptional]) await expect(read(folder)).rejects.toMatchObject(wanted)
  })

  it('that may not be read is refused with what the file system says', () => {
    const cause = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
    expect(unreadable(cause, { file: 'x', fix: 'correct the path' })).toMatchObject({
      code: 'io',
      message: 'cannot be read: EACCES: permission denied',
      place: { file: 'x' },
      fix: 'make it readable for the user of gradus',
      cause,
    })
  })
})

describe('a text that is named', () => {
  const deps = (): { cwd: string; readStdin: () => Promise<string> } => ({
    cwd: folder,
    readStdin: () => Promise.resolve('typed'),
  })

  it('is of standard input, or of a file in the working directory', async () => {
    expect(await readText(deps(), '-')).toEqual({ name: 'standard input', text: 'typed' })
    expect(await readText(deps(), 'b.yaml')).toEqual({ name: 'b.yaml', text: 'b: ü\n' })
  })

  it('is refused by the name it was given', async () => {
    await expect(readText(deps(), 'missing')).rejects.toMatchObject({ code: 'not_found', place: { file: 'missing' } })
  })
})

describe('a folder', () => {
  it('gives its own files with these endings, sorted, without hidden ones', async () => {
    expect(await readFolder(folder, ['.yaml', '.yml'])).toEqual([
      { file: join(folder, 'a.yml'), text: 'a: 1\n' },
      { file, text: 'b: ü\n' },
    ])
  })

  it('that is not there has no files', async () => {
    expect(await readFolder(join(folder, 'missing'), ['.yaml'])).toEqual([])
  })

  it('that is a file is refused', async () => {
    await expect(readFolder(file, ['.yaml'])).rejects.toMatchObject({ code: 'io', place: { file } })
  })
})
