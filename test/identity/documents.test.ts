import { describe, expect, test } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { parseYaml } from '../../src/format/yaml.ts'
import { checkListen } from '../../src/http/listen.ts'
import { DEFAULT_TRUST_CONSTANTS } from '../../src/trust/default-constants.ts'
import { fencesOf, sectionOf, tableRows } from '../docs/markdown.ts'
import { callerOf, keyOf, keyServer, NOW, open, sign } from './support.ts'

const DOCUMENT = 'docs/identity.md'

function example(): Config {
  const [fence] = fencesOf(DOCUMENT).filter(({ language }) => language === 'yaml')
  return parseYaml(DOCUMENT, fence?.text ?? '', Config, 'bad_config')
}

describe(DOCUMENT, () => {
  test('has an example that is a configuration, and may listen', () => {
    const config = example()
    expect(config.identity.issuers.map(({ id }) => id)).toEqual(['agents', 'people', 'gateways', 'spire'])
    expect(checkListen({ ...config, hasIdentity: true }).loopback).toBe(false)
  })

  test('has a token that is what is said of it', async () => {
    const key = await keyOf('RS256')
    const { url } = await keyServer([key.jwk])
    const people = example().identity.issuers.find(({ id }) => id === 'people')
    const idp = await open({
      issuers: [{ ...people, jwks_url: url, agents: { '0oa3f7': 'support-agent', '0oa3f8': 'research-agent' } }],
    })
    const [fence] = fencesOf(DOCUMENT).filter(({ language }) => language === 'json')
    const claims = { ...(JSON.parse(fence?.text ?? '') as object), aud: 'gradus-people', amr: ['hwk'], auth_time: NOW - 60 }
    expect(callerOf(await idp.ask(await sign(claims, key.secret, { algorithm: 'RS256' })))).toMatchObject({
      agent: 'support-agent',
      posture: { delegator_mfa: true },
      delegation: { human: { id: 'ann@example.com' }, links: [{ party: { id: 'research-agent' } }] },
    })
  })

  test('names the ceilings of posture as the constants have them', () => {
    const { credential_age: ages, certificate_expired, unattested, delegator_without_mfa } = DEFAULT_TRUST_CONSTANTS.posture
    const shown = tableRows(sectionOf(DOCUMENT, 'Posture')).map(([source, , ceiling]) => [source, Number(ceiling)])
    expect(shown).toEqual([
      ...ages.map(({ ceiling }) => ['`posture:credential_age`', ceiling]),
      ['`posture:certificate_expired`', certificate_expired],
      ['`posture:unattested`', unattested],
      ['`posture:delegator_mfa`', delegator_without_mfa],
    ])
    for (const { age_days: days } of ages) expect(sectionOf(DOCUMENT, 'Posture')).toContain(`older than ${String(days)} days`)
  })
})
