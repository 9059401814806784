import { resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

import { afterEach, describe, expect, it, vi } from 'vitest'

import { Config } from '../../src/config/config.ts'
import { packReproducibly } from '../../src/rego/archive.ts'
import { assemblePolicySet, type PolicySetParts, readPolicyParts, restorePolicySet } from '../../src/rego/assemble-policy-set.ts'
import type * as Bundles from '../../src/rego/bundle.ts'
import { readBundleFiles } from '../../src/rego/bundle.ts'

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

/** The shipped parts, whose graduation bundle describes one more duty. */
async function withDuty(id: string, performer: string): Promise<PolicySetParts> {
  const good = await parts()
  const files = await readBundleFiles(good.graduation, { name: 'graduation' })
  const data = JSON.parse(String(files.get('data.json'))) as { graduation: { config: { obligations: object } } }
  data.graduation.config.obligations = { ...data.graduation.config.obligations, [id]: { performer } }
  return { ...good, graduation: await packReproducibly(new Map([...files, ['data.json', Buffer.from(JSON.stringify(data))]])) }
}

describe('the duties of a policy set', () => {
  it('that the decision point performs are loaded only where something performs them', async () => {
    await expect(assemblePolicySet(await withDuty('alert_sock', 'pdp'), 0)).rejects.toMatchObject({
      code: 'bad_policy',
      message: expect.stringContaining('data.graduation.config.obligations.alert_sock: nothing performs the duty "alert_sock"'),
      place: { pointer: '/graduation/config/obligations/alert_sock' },
      fix: expect.stringContaining('alert_soc, audit'),
    })
    expect([...open]).toEqual([])
  })
  it.each([
    ['alert_soc', 'pdp'],
    ['alert_sock', 'pep'],
    ['alert_sock', 'pip'],
  ])('%s of performer %s is loaded', async (id, performer) => {
    await expect(assemblePolicySet(await withDuty(id, performer), 0)).resolves.toBeDefined()
  })
  it('are not asked of an archived set: what decided once can decide again', async () => {
    const { archive } = await assemblePolicySet(await parts(), 0)
    const old = JSON.parse(gunzipSync(archive).toString('utf8')) as Record<string, unknown>
    old['graduation'] = Buffer.from((await withDuty('alert_sock', 'pdp')).graduation).toString('base64')
    await expect(restorePolicySet(gzipSync(JSON.stringify(old)))).resolves.toBeDefined()
  })
})
