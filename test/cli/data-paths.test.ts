import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { dataPathFindings } from '../../src/cli/policy/check/data-paths.ts'
import { PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { folder, run } from './harness.ts'

const place = folder()
afterAll(place.remove)
let count = 0

/** A package folder `rbac` with these files. */
function rbac(files: Readonly<Record<string, string>>): string {
  const dir = join(place.path, String((count += 1)), 'rbac')
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return dir
}
const REGO = 'package app.rbac\n\nallow if data.roles[input.user][_] == input.action\n'

describe('what Rego reads below data', () => {
  it('is a finding where nothing provides it; the fix says where the data is', async () => {
    const dir = rbac({ 'policy.rego': REGO, 'data.json': '{"roles": {}}' })
    expect(await dataPathFindings(dir)).toEqual([
      {
        file: join(dir, 'policy.rego'),
        line: 3,
        column: 10,
        message: `nothing provides data.roles: the data files of ${dir} are data.rbac, and its Rego data.app.rbac`,
        fix: 'read data.rbac.roles',
      },
    ])
    const [finding] = await dataPathFindings(rbac({ 'policy.rego': REGO }))
    expect(finding?.fix).toMatch(/^read it below data\.rbac, and put it into a data file of /u)
  })

  it('is told once for each name, by gradus check too', async () => {
    const dir = rbac({ 'a/b.rego': 'package b\n\np if data["us-ers"].x\n\nq if data["us-ers"].y\n\nr if data.roles.z\n' })
    expect((await dataPathFindings(dir)).map(({ line }) => line)).toEqual([3, 7])
    const ran = await run(['check', join(dir, '..')])
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('nothing provides data.us-ers')
  })

  it.each([
    ['data of the folder', 'package app\n\nallow if data.rbac.roles[input.user]\n'],
    ['the package itself, from the root of data', 'package app.rbac\n\nallow if data.app.rbac.other\n'],
    ['a package above', 'package app.rbac\n\nallow if data.app\n'],
    ['an input of that name', 'package app\n\nallow if input.data.roles\n'],
    [
      'a comment, a text, a raw text',
      'package app\n\n# data.roles\nallow if input.x == "data.roles" # data.users\n\nname := `data.roles`\n',
    ],
  ])('is nothing where it is %s', async (_, text) => {
    expect(await dataPathFindings(rbac({ 'policy.rego': text }))).toEqual([])
  })

  it('is not looked for in tests', async () => {
    expect(await dataPathFindings(rbac({ 'policy_test.rego': REGO }))).toEqual([])
  })

  it.each(['rbac', 'graduation', 'system'])('is all there in the policies that ship: %s', async (name) => {
    expect(await dataPathFindings(join(PACKAGE_ROOT, 'policies', name))).toEqual([])
  })
})
