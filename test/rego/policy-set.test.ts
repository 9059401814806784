import { resolve } from 'node:path'

import { afterEach, describe, expect, it, vi } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { assemblePolicySet, type PolicySetParts, readPolicyParts } from '../../src/rego/assemble-policy-set.ts'
import type * as Bundles from '../../src/rego/bundle.ts'

const open = vi.hoisted(() => new Set<string>())
vi.mock('../../src/rego/bundle.ts', async (original) => {
  const real = await original<typeof Bundles>()
  const loadBundle: typeof real.loadBundle = async (bytes, options) => {
    const loaded = await real.loadBundle(bytes, options)
    open.add(options.name)
    const close = (): void => {
      open.delete(options.name)
      loaded.policy.close()
    }
    return { ...loaded, policy: { ...loaded.policy, close } }
  }
  return { ...real, loadBundle }
})

const ROOT = resolve(import.meta.dirname, '../..')
const parts = (): Promise<PolicySetParts> =>
  readPolicyParts({ config: Config.parse({}), root: ROOT, shipped: resolve(ROOT, 'bundles') })

afterEach(() => open.clear())

describe('a policy set that cannot be assembled', () => {
  it.each([
    ['the graduation bundle is broken', (good: PolicySetParts) => ({ ...good, graduation: new Uint8Array(9) })],
    ['the log mask is broken', (good: PolicySetParts) => ({ ...good, system: new Uint8Array(9) })],
    [
      'the base lacks an entrypoint',
      ({ settings, ...rest }: PolicySetParts) => ({ ...rest, settings: { ...settings, entrypoints: ['no/such'] } }),
    ],
    ['the graduation bundle lacks its entrypoint', (good: PolicySetParts) => ({ ...good, graduation: good.base })],
    ['the log mask lacks its entrypoint', (good: PolicySetParts) => ({ ...good, system: good.base })],
    [
      'the catalogue contradicts itself',
      ({ catalogue, ...rest }: PolicySetParts) => ({
        ...rest,
        catalogue: {
          ...catalogue,
          agents: {
            'finance-agent': {
              ...catalogue.agents['finance-agent']!,
              trust_scopes: { payments: { auto_approve: ['no_such'], require_approval: [], block: [] } },
            },
          },
        },
      }),
    ],
  ])('because %s leaves no part of it open', async (_why, broken) => {
    await expect(assemblePolicySet(broken(await parts()), 0)).rejects.toMatchObject({ code: 'bad_policy' })
    expect([...open]).toEqual([])
  })

  it('is the only one that is closed', async () => {
    await assemblePolicySet(await parts(), 0)
    expect([...open].sort()).toEqual(['base', 'graduation', 'system'])
  })
})
