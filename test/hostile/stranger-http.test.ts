import { describe, expect, it } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { checkListen } from '../../src/http/listen.ts'
import { bearer, post, REQUEST, start } from '../http/support.ts'

const DECISIONS = '/api/v1/decisions'
/** Whoever reaches the listener is a stranger to it, as where the configuration says nothing. */
const nobodyVouches = { anonymous: {} }

/** Why a configuration is refused. */
function refusals(http: object): readonly string[] {
  const parsed = Config.safeParse({ http })
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('a listener for which nobody vouches', () => {
  it('passes on that there is no credential, whatever the request says', async () => {
    const { url, calls } = await start({ config: nobodyVouches })
    await post(`${url}${DECISIONS}`, { ...REQUEST, context: { credential: 'listener:http', facts: { vouched: true } } })
    expect(calls).toMatchObject([{ caller: { credential: null, verified_facts: [], human_subject_types: [] } }])
    expect(calls[0]?.caller).not.toHaveProperty('listener')
  })

  it.each(['verified_facts', 'supported_obligations', 'human_subject_types'])('is not believed: %s is refused', (member) => {
    const [refusal, ...more] = refusals({ anonymous: { [member]: ['one'] } })
    expect([refusal?.startsWith(`http.anonymous.${member}: nobody vouches`), more]).toEqual([true, []])
    expect(refusals({ anonymous: { vouched: true, [member]: ['one'] } })).toEqual([])
  })

  it('lets all strangers together write at a rate, however many agents they make up, and each credential goes on', async () => {
    const rates = { anonymous: { per_second: 0.01, burst: 3 } }
    const { url, calls } = await start({ config: { ...nobodyVouches, rates } })
    const asked = (index: number, headers?: Record<string, string>) =>
      post(`${url}${DECISIONS}`, { ...REQUEST, subject: { type: 'agent', id: `made-up-${index}` } }, headers)
    const statuses: number[] = []
    for (let index = 0; index < 6; index += 1) statuses.push((await asked(index)).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429])
    const refused = await asked(7)
    expect(refused.body).toMatchObject({ code: 'rate_limited', fix: expect.stringContaining('http.rates.anonymous') as string })
    expect((await asked(8, bearer('enforcement_point'))).status).toBe(200)
    expect(calls).toHaveLength(4)
  })

  it('refuses a batch of strangers that is more than ever fits, and decides nothing of it', async () => {
    const rates = { anonymous: { per_second: 0.01, burst: 3 } }
    const { url, calls } = await start({ config: { ...nobodyVouches, rates } })
    const evaluations = Array.from({ length: 4 }, () => REQUEST)
    expect((await post(`${url}/access/v1/evaluations`, { evaluations })).status).toBe(413)
    expect(calls).toEqual([])
  })
})

describe('a listener whose owner vouches for what reaches it', () => {
  it('is a credential by its name, and may ask for decisions and nothing else', async () => {
    const { url, calls } = await start({ config: { anonymous: { vouched: true, roles: ['enforcement_point', 'operator'] } } })
    await post(`${url}${DECISIONS}`, REQUEST)
    expect(calls).toMatchObject([{ caller: { credential: 'listener:http', listener: true, roles: ['enforcement_point'] } }])
  })

  it.each(['0.0.0.0:8181', '192.0.2.1:8181', '[::]:8181'])(
    'is refused on %s, where others reach it, with the reason',
    (listen) => {
      const credentials = [{ id: 'a', token_sha256: 'a'.repeat(64) }]
      const tls = { certificate: 'a.pem', key: 'b.pem' }
      const config = Config.parse({ http: { listen, tls, anonymous: { vouched: true } }, credentials })
      expect(() => checkListen(config)).toThrow(/http\.anonymous\.vouched.*others than this machine/u)
      expect(checkListen(Config.parse({ http: { listen, tls }, credentials })).loopback).toBe(false)
      expect(checkListen(Config.parse({ http: { listen, tls, anonymous: 'deny' }, credentials })).loopback).toBe(false)
    },
  )
})

describe('a listener that denies callers without a credential', () => {
  it('answers 401 to each of them, and serves who shows one', async () => {
    const { url, calls } = await start({ config: { anonymous: 'deny' } })
    for (const path of [DECISIONS, '/access/v1/evaluation', '/v1/data/gradus/allow'])
      expect((await post(`${url}${path}`, REQUEST)).status).toBe(401)
    expect(calls).toEqual([])
    expect((await post(`${url}${DECISIONS}`, REQUEST, bearer('enforcement_point'))).status).toBe(200)
  })
})
