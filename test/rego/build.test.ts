import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorText } from '../../src/cli/support/output.ts'
import { buildBundle, cachedBuild } from '../../src/rego/build.ts'
import { loadBundle, readBundleFiles } from '../../src/rego/bundle.ts'
import { checkRego } from '../../src/rego/check.ts'
import { findOpa } from '../../src/rego/opa-tool.ts'
import { folderOf } from './support.ts'

const FILES = {
  'rbac/rbac.rego': `package rbac

# METADATA
# entrypoint: true
default allow := false

allow if input.role in data.rbac.roles
`,
  'rbac/rbac_test.rego': 'package rbac_test\n\ntest_x if 1 == 2\n',
  'rbac/data.yaml': 'roles: [admin, "yes"]\n',
  'rbac/notes.json': '{"not": "data"}',
  '.hidden/x.rego': 'broken',
}

describe('gradus build', () => {
  it('the same sources give the same bytes, wherever they lie', async () => {
    const built = await Promise.all([folderOf(FILES), folderOf(FILES)].map((dir) => buildBundle({ sources: [{ dir }] })))
    expect(built[0]!.bytes.equals(built[1]!.bytes)).toBe(true)
    expect(built[0]!.digest).toMatch(/^[0-9a-f]{64}$/)
    const moved = await buildBundle({ sources: [{ dir: join(folderOf(FILES), 'rbac'), mount: 'rbac' }] })
    expect(moved.digest).toBe(built[0]!.digest)
  })

  it('the archive has sorted names, no times and no owners', async () => {
    const { bytes } = await buildBundle({ sources: [{ dir: folderOf(FILES) }] })
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
    const names = [...(await readBundleFiles(bytes, { name: 'x' })).keys()]
    expect(names).toEqual([...names].sort())
    expect(names).toContain('policy.wasm')
    expect(names.filter((name) => name.includes('test') || name.includes('hidden'))).toEqual([])
  })

  it('writes revision, entrypoints and built-in users into the manifest; one changed byte changes the revision', async () => {
    const dir = folderOf({
      ...FILES,
      'rbac/more.rego': 'package rbac\n\n# METADATA\n# entrypoint: true\nlabel := sprintf("%v", [input.role])\n',
    })
    const out = join(dir, 'out', 'rbac.tar.gz')
    const built = await buildBundle({ sources: [{ dir }], out })
    const { manifest, policy } = await loadBundle(readFileSync(out), { name: 'rbac' })
    expect(manifest).toMatchObject({
      revision: built.revision,
      metadata: { gradus: { builtins: { sprintf: ['rbac/more.rego'] } } },
    })
    expect(manifest.entrypoints).toEqual(['rbac/allow', 'rbac/label'])
    expect(policy.digest).toBe(built.policyDigest)
    expect(policy.evaluate('rbac/allow', { role: 'yes' })).toEqual({ kind: 'value', value: true })
    writeFileSync(join(dir, 'rbac', 'data.yaml'), 'roles: [admin]\n')
    expect((await buildBundle({ sources: [{ dir }] })).revision).not.toBe(built.revision)
  })

  it.each([
    ['broken Rego', { 'a/b.rego': 'package a\n\nx if {' }, 'build_failed', /a\/b\.rego:3/],
    ['no entrypoint', { 'a.rego': 'package a\n\nx := 1\n' }, 'build_failed', /entrypoint/],
    ['no Rego', { 'a_test.rego': 'package a', 'data.json': '{}' }, 'sources_missing', /no Rego file/],
  ])('%s is an error with place and fix', async (_, files, code, message) => {
    const dir = folderOf(files)
    await expect(buildBundle({ sources: [{ dir }] })).rejects.toMatchObject({ code, message })
    await expect(buildBundle({ sources: [{ dir }] })).rejects.toHaveProperty('place', expect.stringContaining(dir))
  })

  it('a folder that is not there is an error with its name', async () => {
    await expect(buildBundle({ sources: [{ dir: '/nowhere/at/all' }] })).rejects.toMatchObject({
      code: 'sources_missing',
      place: '/nowhere/at/all',
    })
  })
})

describe('the cache', () => {
  it('compiles once per content, never uses a stale or damaged bundle', async () => {
    const dir = folderOf(FILES)
    const cache = folderOf({})
    const first = await cachedBuild({ sources: [{ dir }] }, cache)
    const second = await cachedBuild({ sources: [{ dir }] }, cache)
    expect([first.cached, second.cached]).toEqual([false, true])
    expect(second).toEqual({ ...first, cached: true })

    writeFileSync(join(dir, 'rbac', 'rbac_test.rego'), 'package rbac_test\n')
    expect((await cachedBuild({ sources: [{ dir }] }, cache)).cached).toBe(true)

    writeFileSync(join(dir, 'rbac', 'data.yaml'), 'roles: [guest]\n')
    const changed = await cachedBuild({ sources: [{ dir }] }, cache)
    expect(changed.cached).toBe(false)
    const { data } = await loadBundle(changed.bytes, { name: 'changed' })
    expect(data).toEqual({ rbac: { roles: ['guest'] } })

    for (const name of readdirSync(cache)) writeFileSync(join(cache, name), 'damaged')
    expect((await cachedBuild({ sources: [{ dir }] }, cache)).cached).toBe(false)
  })
})

describe('finding opa', () => {
  it('a named binary that is missing or another version is an error that says how to get it', async () => {
    await expect(findOpa('/nowhere/opa')).rejects.toMatchObject({
      code: 'tool_missing',
      fix: expect.stringContaining('go install'),
    })
    await expect(findOpa(undefined, { GRADUS_OPA: '/nowhere/opa' })).rejects.toMatchObject({
      code: 'tool_missing',
      place: '/nowhere/opa',
    })
    const folder = folderOf({ opa: '#!/bin/sh\necho "Version: 0.70.0"\n' })
    const { chmodSync } = await import('node:fs')
    chmodSync(join(folder, 'opa'), 0o755)
    const error = { code: 'tool_version', message: expect.stringContaining('0.70.0'), fix: expect.stringContaining('1.22.0') }
    await expect(findOpa(undefined, { PATH: folder })).rejects.toMatchObject(error)
  })
})

describe('gradus check of Rego', () => {
  it('finds nothing in good Rego', async () => {
    expect(await checkRego(folderOf({ 'a.rego': 'package a\n\nallow if input.user == "x"\n' }))).toEqual([])
  })

  it('names file, line, column and fix', async () => {
    const dir = folderOf({ 'a.rego': 'package a\n\nimport data.unused\n\nallow if { input.user == "x" }\n' })
    const findings = await checkRego(dir)
    expect(findings).toMatchObject([
      { file: join(dir, 'a.rego'), line: 0, message: 'not formatted', fix: `Run: opa fmt --write ${join(dir, 'a.rego')}` },
      { file: join(dir, 'a.rego'), line: 3, column: 1, message: 'rego_compile_error: import data.unused unused' },
    ])
  })

  it('checks input against schemas', async () => {
    const schema = JSON.stringify({ type: 'object', properties: { user: { type: 'string' } }, additionalProperties: false })
    const schemas = folderOf({ 'input.json': schema })
    const rego = '# METADATA\n# schemas:\n#   - input: schema.input\npackage a\n\nallow if input.usr == "x"\n'
    const findings = await checkRego(folderOf({ 'a.rego': rego }), { schemas })
    expect(findings).toMatchObject([{ line: 6, message: expect.stringMatching(/^rego_type_error: undefined ref: input\.usr/) }])
  })

  it('a file that does not parse is one finding', async () => {
    const findings = await checkRego(folderOf({ 'a.rego': 'package a\n\nx if {' }))
    expect(findings).toMatchObject([{ line: 3, message: expect.stringMatching(/^rego_parse_error/) }])
  })

  it('keeps what the compiler shows below an error: types, and the line with its caret, each at its own error', async () => {
    const wrong = { 'a.rego': 'package a\n\nx := count(1)\n\ny := concat(",", 2)\n' }
    expect((await checkRego(folderOf(wrong))).map(({ message }) => message)).toEqual([
      'rego_type_error: count: invalid argument(s)\nhave: (number, ???)\nwant: (collection: any<...>, n: number)',
      'rego_type_error: concat: invalid argument(s)\nhave: (string, number, ???)\nwant: (delimiter: string, collection: any<array[string], set[string]>, output: string)',
    ])
    const [parse] = await checkRego(folderOf({ 'a.rego': 'package a\n\nx if {\n\ty := := \u001b[31m3\n}\n' }))
    expect(parse?.message).toBe('rego_parse_error: unexpected assign token\ny := := \u001b[31m3\n     ^')
    // On a terminal each further line has a bar, and nothing in it acts.
    expect(errorText({ message: parse?.message ?? '', place: {}, fix: undefined })).toBe(
      'rego_parse_error: unexpected assign token\n  | y := := \\e[31m3\n  |      ^',
    )
  })

  it('names every call of a built-in that is refused or not there, and none in tests', async () => {
    const dir = folderOf({
      'a.rego':
        'package a\n\nallow if http.send({"url": input.url}).status_code == 200\n\nallow if {\n\tinput.x\n\topa.runtime().env.A == "b"\n}\n',
      'b.rego': 'package b\n\nat := time.format(input.at)\n\nfine := upper(sprintf("%d", [input.x]))\n',
      'a_test.rego': 'package a_test\n\ntest_it if opa.runtime().env.A != "b"\n',
    })
    const findings = await checkRego(dir)
    expect(findings.map(({ file, line, column, message }) => [file, line, column, message.split(':')[0]])).toEqual([
      [join(dir, 'a.rego'), 3, 10, 'http.send is refused'],
      [join(dir, 'a.rego'), 7, 2, 'opa.runtime is refused'],
      [join(dir, 'b.rego'), 3, 7, 'time.format is not there'],
    ])
    expect(findings.every(({ fix }) => fix.length > 20)).toBe(true)
  })

  it('compiles each package by itself: one without an entrypoint makes no bundle, a library beside it needs none', async () => {
    const rule = (path: string, annotated: boolean): string =>
      `package ${path}\n\n${annotated ? '# METADATA\n# entrypoint: true\n' : ''}allow if input.user == "x"\n`
    const dir = folderOf({
      'rbac/a.rego': rule('rbac', true),
      'system/a.rego': rule('system.log', false),
      'lib/a.rego': rule('lib["a-b"]', false),
      'lib/b.rego': 'package lib\n\nimport data.rbac\n\nallow if rbac.allow\n',
    })
    const findings = await checkRego(dir, { packages: ['rbac', 'system'] })
    expect(findings).toMatchObject([{ file: join(dir, 'system'), message: expect.stringContaining('no rule is marked') }])
  })
})
