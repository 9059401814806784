import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { folder } from './harness.ts'

const root = folder()
afterAll(root.remove)
mkdirSync(join(root.path, 'bin'))
cpSync(join(PACKAGE_ROOT, 'bin/gradus.js'), join(root.path, 'bin/gradus.js'))
root.write('package.json', '{"type":"module"}')

/** Makes node say that it is an old one. */
const PRETENDS_OLD = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})"
const start = (...flags: readonly string[]) =>
  spawnSync(process.execPath, [...flags, join(root.path, 'bin/gradus.js'), 'version'], { encoding: 'utf8' })

describe('bin/gradus.js', () => {
  it('says in one sentence that node is too old', () => {
    const { status, stdout, stderr } = start('--import', PRETENDS_OLD)
    expect([status, stdout, stderr]).toEqual([
      1,
      '',
      'gradus needs Node.js 24 or later, and this is 20.1.0: install a newer one, or put one beside gradus with "npm install --save-dev node@24".\n',
    ])
  })

  it('says what to do when nothing is compiled yet', () => {
    const { status, stderr } = start()
    expect(status).toBe(1)
    expect(stderr).toMatch(/^gradus is not compiled yet: run `make build` in .*\.\n$/u)
  })

  it('starts what is compiled, and uses the pinned node instead of an old one', () => {
    mkdirSync(join(root.path, 'dist'))
    root.write(
      'dist/main.js',
      "console.log(process.argv.slice(2).join(' ') + ' on ' + (process.env.GRADUS_REEXECUTED ?? 'this node'))\nprocess.exitCode = 5\n",
    )
    expect(start()).toMatchObject({ status: 5, stdout: 'version on this node\n' })
    mkdirSync(join(root.path, 'node_modules/node/bin'), { recursive: true })
    symlinkSync(process.execPath, join(root.path, 'node_modules/node/bin/node'))
    const old = join(root.path, 'old.mjs')
    root.write(
      'old.mjs',
      "if (process.env.GRADUS_REEXECUTED !== '1') Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })\n",
    )
    expect(start('--import', old)).toMatchObject({ status: 5, stdout: 'version on 1\n' })
  })

  it('uses, instead of an old node, the one that a project installed beside the package', () => {
    const modules = join(root.path, 'project/node_modules')
    cpSync(join(root.path, 'bin'), join(modules, 'gradus/bin'), { recursive: true })
    cpSync(join(root.path, 'dist'), join(modules, 'gradus/dist'), { recursive: true })
    cpSync(join(root.path, 'package.json'), join(modules, 'gradus/package.json'))
    mkdirSync(join(modules, 'node/bin'), { recursive: true })
    symlinkSync(process.execPath, join(modules, 'node/bin/node'))
    const argv = ['--import', join(root.path, 'old.mjs'), join(modules, 'gradus/bin/gradus.js'), 'version']
    expect(spawnSync(process.execPath, argv, { encoding: 'utf8' })).toMatchObject({ status: 5, stdout: 'version on 1\n' })
  })
})
