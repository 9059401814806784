// Counts the files that one request passes on the main thread, from HTTP body to recorded answer:
//   node scripts/request-path.mjs [CHECKOUT]
// It starts the compiled server of a checkout (this one by default; build it first) on the embedded store with the shipped policies, warms it
// up, and asks V8 over the inspector which functions ran while one decision was answered. What did not run in every one of several such
// windows belongs to timers, or to what follows an answer, and is left out. Needs nothing of the checkout but bin/gradus.js and dist/.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'

const WARM_UP_REQUESTS = 50
const WINDOWS = 5
/** What an agent of the example organisation does every day; the trust that it earns while the server warms up is decided with. */
const REQUEST = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'merge_pr' },
  resource: { type: 'pull_request', id: 'acme/web/7' },
  context: { environment: 'production', facts: { checks_passed: true, complexity: 2 } },
}

const checkout = resolve(process.argv[2] ?? join(fileURLToPath(import.meta.url), '..', '..'))
const dist = pathToFileURL(join(checkout, 'dist')).href
const dataDir = mkdtempSync(join(tmpdir(), 'gradus-request-path-'))
const server = spawn(
  process.execPath,
  [
    '--inspect=127.0.0.1:0',
    join(checkout, 'bin', 'gradus.js'),
    'serve',
    '--json',
    '--listen',
    '127.0.0.1:0',
    '--data-dir',
    dataDir,
  ],
  { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] },
)
const ended = new Promise((resolve) => server.once('exit', resolve))
try {
  const [address, url] = await Promise.all([
    firstMatch(server.stderr, /^Debugger listening on (ws:\S+)$/u),
    firstMatch(server.stdout, /"url":"([^"]+)"/u),
  ])
  const windows = await observe(await connect(address), url)
  const [first, ...others] = windows
  const passed = [...first].filter((file) => others.every((each) => each.has(file))).sort()
  print(passed)
  checkDocs(passed.map((file) => `src/${file.replace(/\.js$/u, '.ts')}`))
} finally {
  // SIGTERM would let a process under the inspector wait until the debugger disconnects.
  server.kill('SIGKILL')
  await ended
  rmSync(dataDir, { recursive: true, force: true })
}

/** The files, by `dist`, of which a function ran: one set for each window. */
async function observe(inspector, url) {
  for (let count = 0; count < WARM_UP_REQUESTS; count += 1) await decide(url)
  await inspector('Profiler.enable')
  await inspector('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  const windows = []
  for (let count = 0; count < WINDOWS; count += 1) {
    await decide(url)
    // Taking resets the counts: what the connection and earlier requests left is thrown away.
    await new Promise((settle) => setTimeout(settle, 200))
    await inspector('Profiler.takePreciseCoverage')
    await decide(url)
    const { result } = await inspector('Profiler.takePreciseCoverage')
    const ran = result.filter(({ functions }) => functions.some(({ ranges }) => ranges.some((range) => range.count > 0)))
    windows.push(new Set(ran.flatMap(({ url: file }) => (file.startsWith(`${dist}/`) ? [file.slice(dist.length + 1)] : []))))
  }
  return windows
}

async function decide(url) {
  const answer = await fetch(`${url}/api/v1/decisions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(REQUEST),
  })
  const { recorded } = await answer.json()
  if (answer.status !== 200 || recorded !== true)
    throw new Error(`the decision was answered with ${answer.status} and not recorded`)
}

/** A connection to the inspector, as a function that calls one of its methods. */
async function connect(address) {
  const socket = new WebSocket(address)
  await new Promise((open, fail) => {
    socket.addEventListener('open', open)
    socket.addEventListener('error', () => fail(new Error(`cannot reach the inspector at ${address}`)))
  })
  const waiting = new Map()
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(data)
    const call = waiting.get(id)
    if (error === undefined) call?.resolve(result)
    else call?.reject(new Error(error.message))
  })
  let id = 0
  return (method, params = {}) =>
    new Promise((resolve, reject) => {
      id += 1
      waiting.set(id, { resolve, reject })
      socket.send(JSON.stringify({ id, method, params }))
    })
}

/** What the first line that matches holds; fails when the server ends before there is one. */
function firstMatch(stream, pattern) {
  return new Promise((found, fail) => {
    const seen = []
    createInterface({ input: stream })
      .on('line', (line) => {
        seen.push(line)
        const match = pattern.exec(line)
        if (match !== null) found(match[1])
      })
      .on('close', () => fail(new Error(`the server ended before it listened:\n${seen.join('\n')}`)))
  })
}

/** The files that docs/architecture.md names as the path must have been passed. An older checkout names none. */
function checkDocs(passed) {
  const docs = join(checkout, 'docs', 'architecture.md')
  const text = existsSync(docs) ? readFileSync(docs, 'utf8') : ''
  const [, section = ''] = /### The files of the path\n([^#]*)/u.exec(text) ?? []
  const named = [...section.matchAll(/`(src\/[^`]+)`/gu)].map(([, file]) => file)
  console.log(`docs/architecture.md names ${named.length} of them as the path to read`)
  const strangers = named.filter((file) => !passed.includes(file))
  if (strangers.length > 0)
    throw new Error(`docs/architecture.md names files that this request did not pass: ${strangers.join(', ')}`)
}

function print(files) {
  const rooms = Map.groupBy(files, (file) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file))
  console.log(`one request passes ${files.length} files in ${rooms.size} rooms:`)
  for (const [room, within] of rooms) console.log(`  ${String(within.length).padStart(3)} ${room}`)
  for (const file of files) console.log(`src/${file.replace(/\.js$/u, '.ts')}`)
}
