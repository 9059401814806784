import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ESLint } from 'eslint'
import { getFileInfo } from 'prettier'
import { afterAll, describe, expect, it } from 'vitest'

import { documents, fencesOf, REPOSITORY } from './markdown.ts'

/** Where a command line names what it writes. */
const WRITES = [
  /(?<![0-9&])>>?\s*(?<path>[\w./-]+)/gu,
  /(?:-o|--out|--output|--svg|--data-dir)\s+(?<path>[\w./-]+)/gu,
  /\bgradus init\s+(?<path>[\w./-]+)/gu,
  /\bmkdir\s+(?:-\S+\s+|\d{3,4}\s+)*(?<path>[\w./-]+)/gu,
  /\bcp\s+(?:\S+\s+)+(?<path>[\w./-]+)$/gmu,
]

/** Every path that a command or a block of a document writes, relative to the checkout. */
function written(document: string): readonly string[] {
  return fencesOf(document).flatMap(({ language, file, text }) => {
    const named = ['sh', 'bash'].includes(language)
      ? WRITES.flatMap((pattern) => [...text.matchAll(pattern)].map(({ groups }) => groups?.['path'] ?? ''))
      : []
    return [...(file === undefined ? [] : [file]), ...named].filter((path) => path !== '' && !path.startsWith('/'))
  })
}

const paths = [...new Set(documents().flatMap(written))].toSorted()

const repository = mkdtempSync(join(tmpdir(), 'gradus-ignored-'))
execFileSync('git', ['init', '--quiet', repository])
copyFileSync(join(REPOSITORY, '.gitignore'), join(repository, '.gitignore'))
afterAll(() => rmSync(repository, { recursive: true, force: true }))

/** Folders end in a slash for git where they are not there: a path is asked for both ways. */
const isIgnored = (path: string): boolean =>
  [path, `${path}/`].some((each) => spawnSync('git', ['check-ignore', '--quiet', each], { cwd: repository }).status === 0)

describe('what the documents write in a checkout', () => {
  it('is found: data, tokens, keys, drafts', () => {
    expect(paths).toEqual(expect.arrayContaining(['data', 'gateway.token', 'ops.secret', 'rollout.yaml', 'walk', 'backup']))
  })

  it('is ignored by git', () => {
    expect(paths.filter((path) => !isIgnored(path))).toEqual([])
  })

  it('is ignored by the formatter and the linter', async () => {
    const linter = new ESLint({ cwd: REPOSITORY })
    const ignorePath = ['.gitignore', '.prettierignore'].map((name) => join(REPOSITORY, name))
    for (const path of paths) {
      const file = join(REPOSITORY, path)
      const inside = /\.\w+$/u.test(path) ? file : join(file, 'x.mjs')
      expect({ path, ignored: (await getFileInfo(inside, { ignorePath })).ignored }).toEqual({ path, ignored: true })
      expect({ path, ignored: await linter.isPathIgnored(inside) }).toEqual({ path, ignored: true })
    }
  })

  it('takes nothing with it that belongs to the sources', () => {
    const tracked = spawnSync('git', ['ls-files', '--cached', '--ignored', '--exclude-standard'], {
      cwd: REPOSITORY,
      encoding: 'utf8',
    })
    expect(tracked.stdout).toBe('')
  })
})
