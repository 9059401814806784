// node scripts/check-lock.mjs [folder]: is every package of the folder's lock file the one that the registry publishes? First npm's own
// check of the registry's signatures, where its keys can be had; then, in any case, each digest of the lock file against the registry's.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const FOLDER = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
/** Requests under way at a time. */
const AT_A_TIME = 16
/** How long the registry may take for one package, in milliseconds. */
const PATIENCE_MS = 30_000
/** Why npm could not check signatures at all; anything else that it says is a finding. */
const NO_KEYS = /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|no (?:registry )?keys|found no (?:installed )?dependencies/iu

const { packages } = JSON.parse(readFileSync(join(FOLDER, 'package-lock.json'), 'utf8'))
const locked = Object.entries(packages)
  .filter(([place]) => place !== '')
  .map(([place, { name, version, integrity, resolved }]) => ({
    name: name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version,
    integrity,
    resolved,
  }))

/** What is wrong with an entry by itself: what has no strong digest, or comes over a line that others can change, nobody can check. */
const unfit = locked.flatMap(({ name, version, integrity, resolved }) => [
  ...(integrity?.startsWith('sha512-') ? [] : [`${name}@${version} has no SHA-512 in the lock file`]),
  ...(resolved === undefined || resolved.startsWith('https://') ? [] : [`${name}@${version} is fetched from ${resolved}`]),
])

const registry = execFileSync('npm', ['config', 'get', 'registry'], { cwd: FOLDER, encoding: 'utf8' })
  .trim()
  .replace(/\/?$/u, '/')

async function differs({ name, version, integrity }) {
  const response = await fetch(`${registry}${name.replace('/', '%2f')}/${version}`, { signal: AbortSignal.timeout(PATIENCE_MS) })
  if (!response.ok) return `${name}@${version}: the registry answers ${response.status}`
  const published = (await response.json()).dist?.integrity
  return published === integrity ? undefined : `${name}@${version} is ${integrity} here, and ${published} in the registry`
}

async function differences() {
  const found = []
  const waiting = [...locked]
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const difference = await differs(next).catch(({ message, cause }) => `${next.name}: ${cause?.message ?? message}`)
      if (difference !== undefined) found.push(difference)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  return found.sort()
}

/** What npm found of the signatures: undefined where it found nothing wrong, or could not look, and then says so. */
function wrongSignatures() {
  const { status, stdout, stderr } = spawnSync('npm', ['audit', 'signatures'], { cwd: FOLDER, encoding: 'utf8' })
  const said = `${stdout}${stderr}`.trim()
  if (status === 0) console.log(said)
  else if (NO_KEYS.test(said)) console.log('Signatures were not checked: npm cannot have the keys of the registry from here.')
  else return [`npm audit signatures: ${said}`]
  return []
}

const wrong = [...unfit, ...(await differences()), ...wrongSignatures()]
console.log(
  wrong.length === 0 ? `${locked.length} packages: each digest is the one that the registry publishes.` : wrong.join('\n'),
)
process.exitCode = wrong.length === 0 ? 0 : 1
