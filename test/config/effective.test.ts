import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import { Config } from '../../src/config/config.ts'
import { effectiveSettings } from '../../src/config/effective.ts'
import { type YamlSource, readYaml } from '../../src/format/yaml.ts'

function settingsOf(text: string) {
  const source = readYaml('gradus.yaml', text) as YamlSource
  const settings = effectiveSettings(Config.parse(source.value ?? {}), source)
  return new Map(settings.map(({ path, ...setting }) => [path.join('.'), setting]))
}

const HASH = 'a'.repeat(64)

describe('the configuration in force', () => {
  it('is the defaults where the file says nothing', () => {
    const settings = settingsOf('{}')
    expect(settings.get('http.listen')).toEqual({ value: '127.0.0.1:8181', line: null, owner: 'http' })
    expect(settings.get('credentials')).toEqual({ value: [], line: null, owner: 'access' })
    expect(settings.get('tenants')).toEqual({ value: {}, line: null, owner: 'policy' })
    expect([...settings.values()].filter(({ line }) => line !== null)).toEqual([])
    expect([...settings.values()].filter(({ owner }) => owner === null)).toEqual([])
  })

  it('says the line of what is written, also of members of lists and of what an alias stands for', () => {
    const settings = settingsOf(
      [
        'http: &http',
        '  body_bytes_max: 2048',
        'approvals:',
        '  approvers:',
        '    - approvers: 3',
        'monitoring:',
        '  rules:',
        '    - id: many',
        '      kind: volume',
        '      window_minutes: &minutes 5',
        '      above: *minutes',
      ].join('\n'),
    )
    expect(settings.get('http.body_bytes_max')).toEqual({ value: 2_048, line: 2, owner: 'http' })
    expect(settings.get('http.listen')?.line).toBeNull()
    expect(settings.get('approvals.approvers.0.approvers')).toEqual({ value: 3, line: 5, owner: 'approvals' })
    expect(settings.get('monitoring.rules.0.above')).toEqual({ value: 5, line: 11, owner: 'reports/monitoring' })
    expect(settings.get('monitoring.rules.0.severity')).toEqual({ value: 'warning', line: null, owner: 'reports/monitoring' })
  })

  it('never shows a secret, the hash of a token, or what a URL may hide', () => {
    const settings = settingsOf(
      JSON.stringify({
        credentials: [{ id: 'gateway', token_sha256: HASH }],
        webhooks: [{ id: 'pager', url: 'https://pager.example/in?key=hidden', secret: { env: 'PAGER_SECRET' } }],
        http: { public_url: 'https://someone:hidden@gradus.example/base' },
      }),
    )
    expect(settings.get('credentials.0.token_sha256')?.value).toBe('(set)')
    expect(settings.get('webhooks.0.secret')?.value).toBe('(set)')
    expect(settings.get('webhooks.0.url')?.value).toBe('https://pager.example/in?(set)')
    expect(settings.get('http.public_url')?.value).toBe('https://(set)@gradus.example/base')
    const all = JSON.stringify([...settings])
    for (const hidden of [HASH, 'PAGER_SECRET', 'hidden']) expect(all).not.toContain(hidden)
  })

  it('knows every key of the schema that sounds like a secret', () => {
    const text = JSON.stringify(z.toJSONSchema(Config, { io: 'input', unrepresentable: 'any' }))
    const names = new Set(
      [...text.matchAll(/"([a-z0-9_]*(?:secret|password|token|sha256|private)[a-z0-9_]*)":\{/gu)].map(([, key]) => key),
    )
    // `token_usage` and `tokens_min` count what a model read and wrote.
    expect([...names].sort()).toEqual(['secret', 'token_sha256', 'token_usage', 'tokens_min'])
  })
})
