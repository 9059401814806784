import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { ROOT } from './server.ts'

const place = mkdtempSync(join(tmpdir(), 'gradus-release-test-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

const PATH = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The files of a release that is made of a new clone of the last commit. */
function releaseOf(name: string, umask: string, zone: string): ReadonlyMap<string, Buffer> {
  const [clone, out] = [join(place, name), join(place, `${name}-release`)]
  const shell = (line: string, cwd: string): void => {
    execFileSync('bash', ['-c', `umask ${umask}; ${line}`], {
      cwd,
      env: { ...process.env, PATH, TZ: zone },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }
  shell(`git clone --quiet "${ROOT}" "${clone}"`, place)
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'))
  // A link is not the folder that is ignored.
  shell('echo node_modules >> .git/info/exclude', clone)
  shell(`node scripts/release.mjs "${out}"`, clone)
  return new Map(readdirSync(out).map((file) => [file, readFileSync(join(out, file))]))
}

/** The package URLs of all that a user installs, by the lock file. */
function installedPackages(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>
  }
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  const names = installed.map(([path, { version }]) => `${path.replace(/^.*node_modules\//u, '').replace('@', '%40')}@${version}`)
  return [...new Set(names.map((name) => `pkg:npm/${name}`))].sort()
}

describe('a release', () => {
  it('has the same bytes from two clones, under another umask, in another time zone', () => {
    const first = releaseOf('first', '0022', 'UTC')
    const second = releaseOf('second', '0077', 'Pacific/Auckland')
    expect([...first.keys()]).toEqual([...second.keys()])
    for (const [file, bytes] of first) expect(sha256(second.get(file) ?? Buffer.of()), file).toBe(sha256(bytes))

    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }
    const [tarball, sbom, sums] = [`gradus-${version}.tgz`, `gradus-${version}.cdx.json`, 'SHA256SUMS']
    expect([...first.keys()].sort()).toEqual([sums, sbom, tarball].sort())
    const digest = sha256(first.get(tarball) ?? Buffer.of())
    expect(first.get(sums)?.toString()).toBe(`${digest}  ${tarball}\n${sha256(first.get(sbom) ?? Buffer.of())}  ${sbom}\n`)

    const bill = JSON.parse(String(first.get(sbom))) as {
      readonly bomFormat: string
      readonly serialNumber: string
      readonly metadata: { readonly component: { readonly name: string; readonly hashes: readonly unknown[] } }
      readonly components: readonly { readonly purl: string }[]
    }
    expect(bill.bomFormat).toBe('CycloneDX')
    expect(bill.serialNumber).toMatch(/^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u)
    expect(bill.metadata.component).toMatchObject({ name: 'gradus', hashes: [{ alg: 'SHA-256', content: digest }] })
    expect(bill.components.map(({ purl }) => purl).sort()).toEqual(installedPackages())
  }, 240_000)

  it('is not made of a tree that differs from its commit', () => {
    const clone = join(place, 'changed')
    execFileSync('git', ['clone', '--quiet', ROOT, clone])
    writeFileSync(join(clone, 'README.md'), 'other\n')
    let said = ''
    try {
      execFileSync(process.execPath, ['scripts/release.mjs', join(place, 'none')], { cwd: clone, stdio: 'pipe' })
    } catch (error) {
      said = String((error as { readonly stderr: Buffer }).stderr)
    }
    expect(said).toBe(
      'The tree differs from its commit, of which the release would be.\nCommit or stash what "git status" shows.\n',
    )
  })
})

const FULL = `sha512-${'A'.repeat(86)}==`
const OTHER = `sha512-${'B'.repeat(86)}==`

/** What the check of a lock file says of these entries, against a registry that publishes each as `FULL`. */
async function checked(
  name: string,
  packages: Readonly<Record<string, object>>,
): Promise<{ readonly code: number; readonly out: string }> {
  const folder = join(place, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0' }))
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ name, lockfileVersion: 3, packages: { '': {}, ...packages } }),
  )
  const registry = createServer((request, response) => {
    const known = request.url === '/good/1.0.0' || request.url === '/@scope%2fgood/1.0.0'
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(known ? { dist: { integrity: FULL } } : {}))
  }).listen(0, '127.0.0.1')
  await once(registry, 'listening')
  const env = { ...process.env, PATH, npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/` }
  const child = spawn(process.execPath, [join(ROOT, 'scripts/check-lock.mjs'), folder], { cwd: folder, env })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (out += text))
  const [code] = (await once(child, 'close')) as [number]
  registry.close()
  return { code, out }
}

describe('the check of the lock file', () => {
  it('is content with packages that are the registry’s', async () => {
    const { code, out } = await checked('content', {
      'node_modules/good': { version: '1.0.0', integrity: FULL, resolved: 'https://registry.example/good.tgz' },
      'node_modules/a/node_modules/@scope/good': { version: '1.0.0', integrity: FULL },
    })
    expect(out).toContain('2 packages: each digest is the one that the registry publishes.')
    expect(code).toBe(0)
  }, 60_000)

  it('finds another digest, a package nobody published, a weak digest and a line that others can change', async () => {
    const { code, out } = await checked('findings', {
      'node_modules/good': { version: '1.0.0', integrity: OTHER },
      'node_modules/unknown': { version: '3.0.0', integrity: FULL },
      'node_modules/a/node_modules/good': {
        version: '1.0.0',
        integrity: 'sha1-AAAA',
        resolved: 'http://elsewhere.example/good.tgz',
      },
    })
    expect(out).toContain(`good@1.0.0 is ${OTHER} here, and ${FULL} in the registry`)
    expect(out).toContain('unknown@3.0.0: the registry answers 404')
    expect(out).toContain('good@1.0.0 has no SHA-512 in the lock file')
    expect(out).toContain('good@1.0.0 is fetched from http://elsewhere.example/good.tgz')
    expect(code).toBe(1)
  }, 60_000)
})
