// Compiles policies/, the examples and the templates to their committed bundles; with --check, only says whether they are up to date.
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { buildBundle } from '../dist/rego/build.js'

const check = process.argv.includes('--check')
const jobs = [
  ...['rbac', 'graduation', 'system'].map((name) => ({ dir: `policies/${name}`, mount: name, out: `bundles/${name}.tar.gz` })),
  ...readdirSync('examples', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join('examples', entry.name, 'policies')))
    .map((entry) => ({ dir: `examples/${entry.name}/policies`, mount: '', out: `examples/${entry.name}/bundles/rbac.tar.gz` })),
  ...readdirSync('templates', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join('templates', entry.name, 'policies', 'rbac')))
    .map((entry) => ({
      dir: `templates/${entry.name}/policies/rbac`,
      mount: 'rbac',
      out: `templates/${entry.name}/bundles/rbac.tar.gz`,
    })),
]
let stale = 0
for (const { dir, mount, out } of jobs) {
  const sources = [mount === '' ? { dir } : { dir, mount }]
  const built = await buildBundle(check ? { sources } : { sources, out })
  const same = check && existsSync(out) && built.bytes.equals(await readFile(out))
  if (check && !same) stale += 1
  console.log(
    `${out}  ${built.digest.slice(0, 16)}  ${check ? (same ? 'up to date' : 'STALE: run "make bundles" and commit') : built.entrypoints.join(', ')}`,
  )
}
process.exit(stale === 0 ? 0 : 1)
