import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import { afterEach, describe, expect, it } from 'vitest'

const FILE = join(import.meta.dirname, '../../src/app/stop-signal.ts')
const PROGRAM = `import { stopSignal } from ${JSON.stringify(FILE)}
setInterval(() => undefined, 1000)
void stopSignal().then(() => console.log('asked'))
console.log('ready')`

const started: ChildProcess[] = []
afterEach(() => started.splice(0).forEach((each) => each.kill('SIGKILL')))

/** A process that waits for its end and does not end by itself; every line that it says comes once. */
async function waiting() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  const line = async (): Promise<string> => String((await once(child.stdout, 'data'))[0]).trim()
  expect(await line()).toBe('ready')
  return { child, line, ended: once(child, 'exit') }
}

describe('being asked to end', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s is told, and the same again at once changes nothing', async (signal) => {
    const { child, line } = await waiting()
    const told = line()
    child.kill(signal)
    expect(await told).toBe('asked')
    child.kill(signal)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect([child.exitCode, child.signalCode]).toEqual([null, null])
  })

  it('again a second later, it ends at once by that signal', async () => {
    const { child, line, ended } = await waiting()
    const told = line()
    child.kill('SIGINT')
    await told
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    child.kill('SIGTERM')
    expect(await ended).toEqual([null, 'SIGTERM'])
  })
})
