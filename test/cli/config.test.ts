import { afterAll, describe, expect, it } from 'vitest'

import { folder, run } from './harness.ts'

const files = folder()
afterAll(() => files.remove())

const HASH = 'b'.repeat(64)
const file = files.write(
  'own.yaml',
  [
    'http:',
    '  listen: 127.0.0.1:9000',
    'entrypoints: ["a\\u202eb"]',
    'credentials:',
    '  - id: gateway',
    `    token_sha256: ${HASH}`,
    'webhooks:',
    '  - id: pager',
    '    url: https://pager.example/in',
    '    secret: { file: /run/secrets/pager }',
  ].join('\n'),
)

describe('gradus config', () => {
  it('prints every value, where it came from, and which room declares it', async () => {
    const { code, out, err } = await run(['config', '--config', file], { cwd: files.path })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^KEY +VALUE +FROM +ROOM$/mu)
    expect(out).toMatch(/^http\.listen +127\.0\.0\.1:9000 +own\.yaml:2 +http$/mu)
    expect(out).toMatch(/^answer_valid_ms +5000 +default +decisions$/mu)
    expect(out).toMatch(/^credentials\.0\.token_sha256 +\(set\) +own\.yaml:6 +access$/mu)
    expect(out).toMatch(/^webhooks\.0\.secret +\(set\) +own\.yaml:10 +webhooks$/mu)
    expect(out).not.toContain(HASH)
    expect(out).not.toContain('/run/secrets')
  })

  it('prints the same as JSON, and nothing that acts on a terminal', async () => {
    const { code, out } = await run(['config', '--config', file, '--json'], { cwd: files.path })
    expect(code).toBe(0)
    const { file: path, settings } = JSON.parse(out) as { file: string; settings: readonly { key: string }[] }
    expect(path).toBe(file)
    const at = (key: string) => settings.find((setting) => setting.key === key)
    expect(at('http.listen')).toEqual({ key: 'http.listen', value: '127.0.0.1:9000', from: 'file', line: 2, room: 'http' })
    expect(at('store.engine')).toEqual({ key: 'store.engine', value: 'sqlite', from: 'default', line: null, room: 'stores' })
    expect(at('credentials.0.token_sha256')).toMatchObject({ value: '(set)', line: 6 })
    for (const text of [out, (await run(['config', '--config', file], { cwd: files.path })).out])
      expect(text).not.toContain('\u202e')
  })

  it('refuses a configuration that is wrong, with its place', async () => {
    const wrong = files.write('wrong.yaml', 'http:\n  listen: 1\n')
    const { code, out, err } = await run(['config', '--config', wrong], { cwd: files.path })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('wrong.yaml:2')
  })
})
