import { describe, expect, it } from 'vitest'

import { Config } from '../../src/config/config.ts'

describe('the built-ins that a base policy may be allowed', () => {
  const allowing = (name: string) => Config.safeParse({ base: { allow_builtins: [name] } })

  it('are those that have an implementation', () => {
    expect(allowing('opa.runtime').data?.base.allow_builtins).toEqual(['opa.runtime'])
    expect(Config.parse({}).base.allow_builtins).toEqual([])
  })
  it.each(['http.send', 'net.lookup_ip_addr', 'no.such'])('are not %s, and the message says what to do instead', (name) => {
    const issues = allowing(name).error?.issues
    expect(issues).toHaveLength(1)
    expect(issues?.[0]).toMatchObject({
      path: ['base', 'allow_builtins', 0],
      message: `not supported: ${name}; supported: opa.runtime. What a policy would fetch, the enforcement point fetches and passes in context.facts`,
    })
  })
})
