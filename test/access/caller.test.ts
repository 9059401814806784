import { describe, expect, it } from 'vitest'

import { Config } from '../../src/config/config.ts'

const standing = { roles: ['agent'], agent: 'support-agent' }
const own = { ...standing, id: 'bot', token_sha256: 'a'.repeat(64) }

/** Where a configuration is refused, as `path: message`. */
function refusals(config: object): readonly string[] {
  const parsed = Config.safeParse(config)
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('/')}: ${message}`)
}

describe("an agent's own credential", () => {
  it('is one that names the agent and has the role', () => {
    expect(refusals({ credentials: [own], http: { anonymous: standing } })).toEqual([])
  })

  it.each<readonly [string, object, RegExp]>([
    ['without the agent', { agent: undefined }, /^agent: .*name the agent/u],
    ['without the role', { roles: ['enforcement_point'] }, /^roles: .*has the role "agent"/u],
    ['that proves humans', { human_subject_types: ['user'] }, /^human_subject_types: .*remove it/u],
    ['that vouches for compositions', { trusted_composition: true }, /^trusted_composition: .*remove it/u],
    ['that vouches for chains', { trusted_chain: true }, /^trusted_chain: .*remove it/u],
  ])('%s is refused in the configuration, at its place', (_name, wrong, said) => {
    for (const [config, place] of [
      [{ credentials: [{ ...own, ...wrong }] }, 'credentials/0/'],
      [{ http: { anonymous: { vouched: true, ...standing, ...wrong } } }, 'http/anonymous/'],
    ] as const) {
      const [refusal = '', ...more] = refusals(config)
      expect([refusal.startsWith(place), more]).toEqual([true, []])
      expect(refusal.slice(place.length)).toMatch(said)
    }
  })

  it('leaves all others as they are', () => {
    const gateway = {
      id: 'gw',
      token_sha256: 'b'.repeat(64),
      human_subject_types: ['user'],
      trusted_composition: true,
      trusted_chain: true,
    }
    expect(refusals({ credentials: [gateway], http: { anonymous: { vouched: true, human_subject_types: ['user'] } } })).toEqual(
      [],
    )
  })
})
