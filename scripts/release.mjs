// node scripts/release.mjs [folder]: what a release of the commit consists of: the tarball, its SBOM in CycloneDX, and the SHA-256 of
// both. The same commit, node and npm give the same bytes, wherever, whenever and under whatever umask it runs.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const OUT = resolve(process.argv[2] ?? join(ROOT, 'release'))
const TREE = mkdtempSync(join(tmpdir(), 'gradus-release-'))
process.on('exit', () => rmSync(TREE, { recursive: true, force: true }))
const runIn = (cwd, command, ...argv) =>
  execFileSync(command, argv, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 1024 * 1024 })
const git = (...argv) => runIn(ROOT, 'git', ...argv)
const run = (command, ...argv) => runIn(TREE, command, ...argv)
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

function fail(message, fix) {
  console.error(`${message}\n${fix}`)
  process.exit(1)
}

/**
 * npm's own list of what a user installs. Without what is for development only, because npm's `--omit=dev` also leaves out packages
 * that something of development names as a peer; and without what npm puts in of the moment and of the folder.
 */
function sbomOf({ devDependencies: _dev, ...manifest }, tarballSha256, committedAt) {
  const lock = JSON.parse(readFileSync(join(TREE, 'package-lock.json'), 'utf8'))
  const { '': root, ...packages } = lock.packages
  const installed = Object.entries(packages).filter(([, { dev }]) => dev !== true)
  const { devDependencies: _rootDev, ...itself } = root
  writeFileSync(join(TREE, 'package.json'), JSON.stringify(manifest))
  writeFileSync(
    join(TREE, 'package-lock.json'),
    JSON.stringify({ ...lock, packages: { '': itself, ...Object.fromEntries(installed) } }),
  )
  const sbom = JSON.parse(run('npm', 'sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'))
  const { metadata } = sbom
  const { name, version } = manifest
  const hashes = [{ alg: 'SHA-256', content: tarballSha256 }]
  return {
    ...sbom,
    serialNumber: `urn:uuid:${uuidOf(tarballSha256)}`,
    metadata: { ...metadata, timestamp: committedAt, component: { ...metadata.component, name, version, hashes } },
  }
}

/** A UUID of version 8 (RFC 9562): its bits are those of a digest. */
function uuidOf(hex) {
  const variant = ((parseInt(hex[16], 16) & 3) | 8).toString(16)
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, variant + hex.slice(17, 20), hex.slice(20, 32)].join('-')
}

if (git('status', '--porcelain') !== '')
  fail('The tree differs from its commit, of which the release would be.', 'Commit or stash what "git status" shows.')

// Modes are part of a tarball: the umask of whoever cloned the repository must not be.
process.umask(0o022)
git('-c', 'tar.umask=0022', 'archive', `--output=${join(TREE, 'tree.tar')}`, 'HEAD')
run('tar', '-xpf', 'tree.tar')
rmSync(join(TREE, 'tree.tar'))
symlinkSync(join(ROOT, 'node_modules'), join(TREE, 'node_modules'))

const manifest = JSON.parse(readFileSync(join(TREE, 'package.json'), 'utf8'))
run(process.execPath, 'scripts/build.mjs', '--clean')
mkdirSync(OUT, { recursive: true })
const [{ filename }] = JSON.parse(run('npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', OUT))
const tarballSha256 = sha256(readFileSync(join(OUT, filename)))
const committedAt = new Date(Number(git('show', '-s', '--format=%ct', 'HEAD')) * 1000).toISOString()
const sbom = `${JSON.stringify(sbomOf(manifest, tarballSha256, committedAt), null, 2)}\n`
const sbomName = filename.replace(/\.tgz$/u, '.cdx.json')
writeFileSync(join(OUT, sbomName), sbom)
const sums = `${tarballSha256}  ${filename}\n${sha256(sbom)}  ${sbomName}\n`
writeFileSync(join(OUT, 'SHA256SUMS'), sums)
console.log(`commit ${git('rev-parse', 'HEAD').trim()}, node ${process.version}, npm ${run('npm', '--version').trim()}`)
console.log(sums.trimEnd())
