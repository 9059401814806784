// Runs steps, `name=command`, as many at a time as there are cores up to two, prints what each printed and how long it took when it
// ends, and fails at the end if any failed.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'

const AT_A_TIME = Math.min(2, availableParallelism())
const started = performance.now()
const steps = process.argv
  .slice(2)
  .map((step) => ({ name: step.slice(0, step.indexOf('=')), command: step.slice(step.indexOf('=') + 1) }))
const failed = []
await Promise.all(Array.from({ length: AT_A_TIME }, runSteps))
console.log(`${failed.length === 0 ? 'all well' : `failed: ${failed.join(', ')}`}, after ${seconds(started)} s`)
process.exit(failed.length === 0 ? 0 : 1)

/** Takes one step after the other until none is left. */
async function runSteps() {
  for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
    const begun = performance.now()
    const { code, printed } = await run(step.command)
    process.stdout.write(printed)
    if (code !== 0) failed.push(step.name)
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step.name}, ${seconds(begun)} s`)
  }
}

function seconds(since) {
  return ((performance.now() - since) / 1_000).toFixed(1)
}

/** The exit code of a command and what it printed, kept whole so that two at a time do not mix. */
function run(command) {
  return new Promise((ended) => {
    const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] })
    const printed = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => printed.push(chunk))
    child.once('close', (code) => ended({ code: code ?? 1, printed: Buffer.concat(printed) }))
  })
}
