import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'

import { afterEach, describe, expect, it } from 'vitest'

import { sha256Hex } from '../../src/format/canonical-json.ts'
import { findOpa } from '../../src/rego/opa-tool.ts'
import type { ObserveReport } from '../../src/reports/observe/observe-report.ts'
import { freePort } from '../support/free-port.ts'
import { ROOT, run, workplace } from './server.ts'

const { place, start } = workplace()
const TOKEN = 'token-of-opa'
const AUTHZ = `package authz

default allow := false

allow if input.tool != "launch_rocket"
`
/** How the inputs of that policy are read. */
const MAPPING = { subject: '/bot', action: '/tool', resource: '/on', arguments: '/with' }

const SHIPPED = { policies: join(ROOT, 'policies'), bundles: join(ROOT, 'bundles') }

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

/** An OPA of the pinned release that uploads its decision log. */
async function startOpa(
  folder: string,
  logsTo: string,
  token: string,
): Promise<{ readonly url: string; readonly output: () => string }> {
  const opa = await findOpa()
  const services = { gradus: { url: logsTo, credentials: { bearer: { token } } } }
  const reporting = { min_delay_seconds: 1, max_delay_seconds: 1 }
  writeFileSync(join(folder, 'opa.json'), JSON.stringify({ services, decision_logs: { service: 'gradus', reporting } }))
  writeFileSync(join(folder, 'authz.rego'), AUTHZ)
  const address = `127.0.0.1:${await freePort()}`
  const child = spawn(
    opa,
    ['run', '--server', '--addr', address, '--config-file', 'opa.json', '--log-level', 'info', 'authz.rego'],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  running.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const url = `http://${address}`
  await expect
    .poll(
      () =>
        fetch(`${url}/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 60_000 },
    )
    .toBe(true)
  return { url, output: () => output }
}

describe('an OPA that uploads its decision log', () => {
  it('is observed before anything of it is changed: its decisions are in the report, verified and replayed', async () => {
    const folder = place()
    const config = join(folder, 'gradus.yaml')
    const credential = { id: 'opa', token_sha256: sha256Hex(TOKEN), roles: ['log_uploader'] }
    writeFileSync(config, JSON.stringify({ ...SHIPPED, base: { mapping: MAPPING }, credentials: [credential] }))
    const server = await start(['--config', config])
    const opa = await startOpa(folder, server.url, TOKEN)
    const ask = async (tool: string): Promise<unknown> => {
      const input = { bot: 'coding-agent', tool, on: 'acme/web/7', with: { pull_request: 7 } }
      const response = await fetch(`${opa.url}/v1/data/authz/allow`, { method: 'POST', body: JSON.stringify({ input }) })
      return ((await response.json()) as { readonly result: unknown }).result
    }
    const answers = []
    for (let round = 0; round < 20; round += 1) answers.push(await ask('merge_pr'))
    answers.push(await ask('launch_rocket'))
    expect(answers).toEqual([...Array.from({ length: 20 }, () => true), false])
    // OPA logs its own health checks as nothing, and everything else within its delay.
    const report = async (): Promise<ObserveReport> => {
      const { output } = await run(['observe', 'report', '--config', config, '--data-dir', server.dataDir, '--json'])
      return JSON.parse(output) as ObserveReport
    }
    await expect.poll(async () => (await report()).coverage.observed, { timeout: 60_000, interval: 1_000 }).toBe(21)
    const { table, coverage, terms } = await report()
    expect(table.allow.deny).toBe(20)
    expect(table.deny.deny).toBe(1)
    expect(coverage.unknown_actions).toMatchObject({ decisions: 1, names: [{ name: 'launch_rocket' }] })
    expect(terms.map(({ term }) => term)).toContain('trust')
    expect(await server.stop()).toBe(0)
    for (const command of ['verify', 'replay'] as const) {
      const more = command === 'replay' ? ['--all'] : []
      const { code, output } = await run(['audit', command, ...more, '--config', config, '--data-dir', server.dataDir])
      expect([code, output]).toEqual([0, expect.any(String)])
    }
  })

  it('whose credential may not upload is told so, and loses nothing by it', async () => {
    const folder = place()
    const config = join(folder, 'gradus.yaml')
    writeFileSync(config, JSON.stringify({ ...SHIPPED, base: { mapping: MAPPING } }))
    const server = await start(['--config', config])
    const opa = await startOpa(folder, server.url, 'no-such-token')
    const input = { bot: 'coding-agent', tool: 'merge_pr', on: 'acme/web/7' }
    const response = await fetch(`${opa.url}/v1/data/authz/allow`, { method: 'POST', body: JSON.stringify({ input }) })
    expect(await response.json()).toMatchObject({ result: true })
    await expect.poll(() => opa.output(), { timeout: 60_000 }).toMatch(/401|[Uu]nauthorized/u)
  })
})
