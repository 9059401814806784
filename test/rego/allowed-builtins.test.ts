import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { buildBundles } from '../../src/app/policy-sources.ts'
import { buildBundle } from '../../src/rego/build.ts'
import { loadBundle } from '../../src/rego/bundle.ts'
import { checkRego } from '../../src/rego/check.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function policies(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'gradus-builtins-test-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const RULE = (path: string, body: string): string => `package ${path}\n\n# METADATA\n# entrypoint: true\ndecision := ${body}\n`
const built = (folder: string, allowBuiltins?: readonly string[]) =>
  buildBundles({
    policies: folder,
    out: join(folder, 'out'),
    onProgress: () => undefined,
    ...(allowBuiltins === undefined ? {} : { allowBuiltins }),
  })

describe('opa.runtime', () => {
  it('is refused unless the base is allowed it', async () => {
    const folder = policies({ 'rbac/a.rego': RULE('rbac', 'opa.runtime().version') })
    await expect(built(folder)).rejects.toMatchObject({ code: 'bad_policy', message: expect.stringContaining('opa.runtime') })
    await expect(built(folder, ['opa.runtime'])).resolves.toMatchObject([{ name: 'rbac' }])
  })
  it('is allowed to the base alone, not to the policies that graduate it', async () => {
    const folder = policies({ 'graduation/a.rego': RULE('graduation', 'opa.runtime().version') })
    await expect(built(folder, ['opa.runtime'])).rejects.toMatchObject({ code: 'bad_policy' })
  })
  it('tells the version of the compiler, and nothing of this machine', async () => {
    const dir = policies({ 'a.rego': RULE('rbac', 'opa.runtime()') })
    const { bytes } = await buildBundle({ sources: [{ dir }], policy: { allowBuiltins: ['opa.runtime'] } })
    const { policy } = await loadBundle(bytes, { name: 'test', allowBuiltins: ['opa.runtime'] })
    expect(policy.evaluate('rbac/decision', {})).toEqual({
      kind: 'value',
      value: { commit: '', env: {}, version: '1.22.0' },
    })
  })
})

describe('gradus check', () => {
  it('allows the base what its configuration does, and nobody else', async () => {
    const rule = (path: string): string => RULE(path, 'opa.runtime().version')
    const folder = policies({ 'rbac/a.rego': rule('rbac'), 'graduation/a.rego': rule('graduation') })
    const packages = ['rbac', 'graduation']
    const found = async (allowBuiltins: readonly string[]) =>
      (await checkRego(folder, { packages, allowBuiltins })).map(({ file, message }) => [
        relative(folder, file),
        message.split(':')[0],
      ])
    expect(await found(['opa.runtime'])).toEqual([['graduation/a.rego', 'opa.runtime is refused']])
    expect(await found([])).toEqual([
      ['graduation/a.rego', 'opa.runtime is refused'],
      ['rbac/a.rego', 'opa.runtime is refused'],
    ])
  })
})

describe('http.send', () => {
  it('is not supported, allowed or not, and the error says what to do instead', async () => {
    const folder = policies({ 'rbac/a.rego': RULE('rbac', 'http.send({"url": input.url, "method": "get"}).status_code') })
    for (const allowed of [undefined, ['http.send']])
      await expect(built(folder, allowed)).rejects.toMatchObject({
        code: 'bad_policy',
        message: expect.stringContaining('not supported: http.send'),
        fix: expect.stringContaining('context.facts'),
      })
  })
})
