import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { buildBundle } from '../../src/rego/build.ts'
import { builtBundle, hasOpa, isWithoutOpa } from '../../src/rego/built-bundle.ts'
import { BundleError } from '../../src/rego/error.ts'
import { findOpa } from '../../src/rego/opa-tool.ts'

const TEMPLATE = resolve(import.meta.dirname, '../../templates/default')
const place = mkdtempSync(join(tmpdir(), 'gradus-built-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))
let copies = 0

/** A copy of a template's base policy, and its bundle. */
function copy(): { readonly dir: string; readonly bundle: string } {
  const at = join(place, String((copies += 1)))
  cpSync(TEMPLATE, at, { recursive: true })
  return { dir: join(at, 'policies/rbac'), bundle: join(at, 'bundles/rbac.tar.gz') }
}

describe('a bundle instead of the compiler', () => {
  it('is taken when it was built from exactly these sources', async () => {
    const { dir, bundle } = copy()
    const { bytes } = await buildBundle({ sources: [{ dir, mount: 'rbac' }] })
    expect(Buffer.from((await builtBundle([{ dir, mount: 'rbac' }], bundle)) ?? []).equals(bytes)).toBe(true)
  })

  it.each(['decision.rego', 'data.yaml'])('is not taken after a change of %s', async (file) => {
    const { dir, bundle } = copy()
    appendFileSync(join(dir, file), '\n# a change\n')
    expect(await builtBundle([{ dir, mount: 'rbac' }], bundle)).toBeUndefined()
  })

  it('is not taken where a file was added, where it is mounted elsewhere, and where there is none', async () => {
    const { dir, bundle } = copy()
    expect(await builtBundle([{ dir, mount: 'other' }], bundle)).toBeUndefined()
    expect(await builtBundle([{ dir, mount: 'rbac' }], join(place, 'none.tar.gz'))).toBeUndefined()
    writeFileSync(join(dir, 'more.rego'), 'package rbac\n')
    expect(await builtBundle([{ dir, mount: 'rbac' }], bundle)).toBeUndefined()
  })

  it('is only asked for where the pinned compiler is missing', async () => {
    expect(await hasOpa()).toBe(true)
    const missing = await findOpa(undefined, { GRADUS_OPA: join(place, 'no-opa') }).catch((error: unknown) => error)
    expect(isWithoutOpa(missing)).toBe(true)
    expect(isWithoutOpa(new BundleError('build_failed', 'x.rego', 'is wrong', 'mend it'))).toBe(false)
    expect(isWithoutOpa(new Error('opa'))).toBe(false)
  })
})
