import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { anonymousCaller } from '../../src/access/caller.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { folder, liveService, run } from './harness.ts'

const files = folder()
afterAll(files.remove)

const merge = {
  subject: { type: 'agent', id: 'coding-agent' },
  action: { name: 'merge_pr' },
  resource: { type: 'pull_request', id: 'acme/web/7' },
  context: { environment: 'staging', facts: { checks_passed: true, complexity: 2 } },
}
const asked = (request: object): string => files.write('request.json', JSON.stringify(request))

/** A configuration whose listener vouches for this. */
function vouching(name: string, anonymous: object): string {
  mkdirSync(join(files.path, name), { recursive: true })
  return files.write(`${name}/gradus.yaml`, JSON.stringify({ http: { anonymous: { vouched: true, ...anonymous } } }))
}

type Answer = {
  readonly outcome: string
  readonly base: string
  readonly reasons: readonly string[]
  readonly advice: readonly string[]
}

describe('who asks, when a request is decided on the command line', () => {
  const STANDINGS = {
    nothing: {},
    facts: { verified_facts: ['checks_passed', 'complexity'] },
    duties: { verified_facts: ['checks_passed', 'complexity'], supported_obligations: ['rollback_handle', 'redact_sensitive'] },
    tenant: { tenant: 'globex' },
    people: { human_subject_types: ['user'] },
  }
  const REQUESTS = [
    merge,
    { ...merge, subject: { type: 'user', id: 'bob' } },
    { ...merge, action: { name: 'delete_file' }, resource: { type: 'file', id: 'workspace/a' } },
  ]

  it.each(Object.entries(STANDINGS))(
    'is whom the listener takes a caller without a credential for: %s',
    async (name, anonymous) => {
      const config = vouching(name, anonymous)
      const { config: parsed } = await loadConfig(config, files.path)
      const { service } = await liveService()
      for (const request of REQUESTS) {
        const answered = await service.evaluate(anonymousCaller(parsed.http.anonymous), { request, protocol: 'native' })
        const ran = await run(['eval', asked(request), '--config', config, '--json'])
        const { outcome, base, reasons, advice } = JSON.parse(ran.out) as Answer
        expect({ outcome, base, reasons, advice }).toEqual({
          outcome: answered.outcome,
          base: answered.base,
          reasons: answered.reasons,
          advice: answered.advice,
        })
      }
    },
  )

  it('decides: what the listener vouches for counts, with trust from flags too, in eval as in explain', async () => {
    const outcomes = await Promise.all(
      (['nothing', 'facts'] as const).map(async (name) => {
        const flags = [asked(merge), '--config', vouching(name, STANDINGS[name]), '--level', '3', '--json']
        const [evaluated, explained] = await Promise.all([run(['eval', ...flags]), run(['explain', ...flags])])
        return [evaluated, explained].map(({ out }) => (JSON.parse(out) as Answer).outcome)
      }),
    )
    expect(outcomes).toEqual([
      ['require_approval', 'require_approval'],
      ['allow_guarded', 'allow_guarded'],
    ])
  })

  it('is whom a fixture says, where what is given comes from one', async () => {
    const fixture = files.write(
      'f.yaml',
      'name: f\ngiven: { agent: coding-agent, trust: { level: 3 } }\nrequest: { action: merge_pr }\nwant: { outcome: require_approval }\n',
    )
    const ran = await run(['eval', asked(merge), '--config', vouching('facts', STANDINGS.facts), '--fixture', fixture, '--json'])
    expect(JSON.parse(ran.out)).toMatchObject({ outcome: 'require_approval' })
  })
})
