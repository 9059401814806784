import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

import { baseSourceOf } from '../../src/app/base-source.ts'
import { Config } from '../../src/config/config.ts'
import type { PermissionAsk } from '../../src/permissions/wire.ts'
import type { Policy } from '../../src/policy/policy.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { buildBundle } from '../../src/rego/build.ts'
import { loadBundle } from '../../src/rego/bundle.ts'
import { gateway, operator } from '../support/callers.ts'
import { shippedPolicySet, testService } from '../support/test-service.ts'

const POLICIES = resolve(import.meta.dirname, '../../policies')
const DATA = join(POLICIES, 'rbac/data.yaml')

/** A directory like that of a configuration, with the policies in it. */
let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'gradus-grant-'))
  cpSync(join(POLICIES, 'rbac'), join(dir, 'policies/rbac'), { recursive: true })
})
afterAll(() => rmSync(dir, { recursive: true }))

const loaded = (config: object = {}) => ({ config: Config.parse(config), root: dir, file: join(dir, 'gradus.yaml') })

const wanted = (agent: string, action: string, type: string, id: string): PermissionAsk => ({
  subject: { type: 'agent', id: agent },
  action: { name: action },
  resource: { type, id },
  reason: 'needed',
  expected_use: 'once',
})

/** What would grant what is asked for. */
async function changeOf(ask: PermissionAsk, config: object = {}) {
  const { service } = await testService({ config, readBaseSource: baseSourceOf(loaded(config)) })
  await service.askPermission(gateway, ask)
  const { requests } = await service.permissionRequests(operator, { limit: 10 })
  if (requests[0] === undefined) throw new Error('there is no request')
  return requests[0].change
}

/** The base, built by opa from the directory after `patch` put a patch on it. */
async function builtWith(patch: string): Promise<Policy> {
  execFileSync('patch', ['-p1', '--fuzz=0'], { cwd: dir, input: patch })
  const { bytes } = await buildBundle({ sources: [{ dir: join(dir, 'policies/rbac'), mount: 'rbac' }] })
  return (await loadBundle(bytes, { name: 'patched' })).policy
}

/** Types that the shipped permissions speak of, and what is asked for; for most cases a few of them do. */
function resourcesOf(ask: PermissionAsk, allTypes: boolean) {
  const near = [ask.resource, { type: ask.resource.type, id: 'one' }, { type: 'file', id: 'workspace/a' }]
  if (!allTypes) return near
  const { config } = parse(readFileSync(DATA, 'utf8')) as {
    config: { roles: Record<string, { permissions?: { resources: { type: string }[] }[] }> }
  }
  const permissions = Object.values(config.roles).flatMap(({ permissions: all = [] }) => all)
  const types = new Set(permissions.flatMap(({ resources }) => resources.map(({ type }) => type)))
  return [...near, ...[...types].filter((type) => type !== ask.resource.type).map((type) => ({ type, id: ask.resource.id }))]
}

/** Everything that a base grants to all agents of the catalogue, to strangers and people of the same name, over all actions of the catalogue. */
function grantedBy(base: Policy, { catalogue }: PolicySet, ask: PermissionAsk, allTypes: boolean): readonly string[] {
  const actions = new Set([ask.action.name, ...catalogue.tools])
  const subjects = [...catalogue.agents, 'stranger'].map((id) => ({ type: 'agent', id }))
  const inTenants = [
    ...[...subjects, { type: 'user', id: ask.subject.id }].map((subject) => ({ tenant: 'default', subject })),
    { tenant: 'globex', subject: ask.subject },
  ]
  const found: string[] = []
  const resources = resourcesOf(ask, allTypes)
  for (const { tenant, subject } of inTenants)
    for (const name of actions)
      for (const resource of resources) {
        const evaluation = base.evaluate('rbac/decision', { tenant, subject, action: { name }, resource, facts: {} })
        if (evaluation.kind !== 'value') throw new Error(`the base answers ${evaluation.kind}`)
        if ((evaluation.value as { outcome: string }).outcome !== 'deny')
          found.push(JSON.stringify([tenant, subject.type, subject.id, name, resource.type, resource.id]))
      }
  return found
}

describe('the patch of a permission request', () => {
  it.each([
    ['an action that no role of the agent has', wanted('research-agent', 'run_tests', 'repository', 'gradus'), true],
    ['a resource that no pattern covers', wanted('coding-agent', 'edit_file', 'file', 'srv/config "a".txt'), false],
    ['an agent without a role', wanted('stranger', 'read_metrics', 'service', 'web'), false],
    ['an action outside the catalogue', wanted('support-agent', 'orders/look up', 'order', 'A-1001'), false],
  ])(
    'applies, builds, and grants what was asked for and nothing else: %s',
    async (_, ask, allTypes) => {
      const change = await changeOf(ask)
      if (change.kind !== 'patch') throw new Error(change.why)
      expect(change.file).toBe('policies/rbac/data.yaml')
      const policySet = await shippedPolicySet()
      const before = grantedBy(policySet.base, policySet, ask, allTypes)
      try {
        const patched = await builtWith(change.patch)
        const after = grantedBy(patched, policySet, ask, allTypes)
        patched.close()
        const { subject, action, resource } = ask
        const asked = JSON.stringify(['default', 'agent', subject.id, action.name, resource.type, resource.id])
        expect(before.length).toBeGreaterThan(20)
        expect(before).not.toContain(asked)
        expect(after.filter((each) => !before.includes(each))).toEqual([asked])
        expect(before.filter((each) => !after.includes(each))).toEqual([])
      } finally {
        writeFileSync(join(dir, 'policies/rbac/data.yaml'), readFileSync(DATA))
      }
    },
    120_000,
  )

  it.each([
    [
      'a forbid',
      wanted('support-agent', 'read_hr_record', 'hr_record', 'ann'),
      'no role gives it: personnel records are for human resources',
    ],
    [
      'a forbid, for an agent without a role',
      wanted('stranger', 'read_hr_record', 'hr_record', 'ann'),
      'no role gives it: personnel records are for human resources',
    ],
    [
      'an id that is not plain',
      wanted('coding-agent', 'edit_file', 'file', 'a/../b'),
      'no role gives it: the resource id is not in its plain form',
    ],
    [
      'a pattern',
      wanted('coding-agent', 'edit_file', 'file', 'srv/**'),
      'a name with "*" would be a pattern, which grants more than was asked for',
    ],
    [
      'a permission escalation',
      wanted('coding-agent', 'modify_permissions', 'role', 'x'),
      'an action of the category permission_escalation is denied whatever the base grants',
    ],
    [
      'what is granted',
      wanted('coding-agent', 'run_tests', 'repository', 'x'),
      'the base (rbac/decision) grants it by now: close the request',
    ],
  ])('is none for %s, and says why', async (_, ask, why) => {
    expect(await changeOf(ask)).toEqual({ kind: 'none', why })
  })

  it('is none where the base is another bundle, another entrypoint, or here without its sources', async () => {
    const policySet = await shippedPolicySet()
    const why = async (base: object, root = dir): Promise<string> => {
      const settings = { ...policySet.settings, base: { ...policySet.settings.base, ...base } }
      const source = await baseSourceOf({ ...loaded(), root })({ ...policySet, settings })
      return 'why' in source ? source.why : ''
    }
    const foreign = (name: string) => `the base is not the one that ships with gradus (${name}): its owner knows how it grants`
    expect(await why({ bundle: 'acme.tar.gz' })).toBe(foreign('acme.tar.gz'))
    expect(await why({ entrypoint: 'acme/allow' })).toBe(foreign('acme/allow'))
    expect(await why({ input: 'request' })).toBe(foreign('rbac/decision'))
    expect(await why({}, tmpdir())).toBe('there is no policies/rbac/data.yaml here: the base is in force without its sources')
    expect(await why({})).toBe('')
  })

  it('is found for each of a page apart, without what the others would grant', async () => {
    const { service } = await testService({ readBaseSource: baseSourceOf(loaded()) })
    const first = wanted('research-agent', 'run_tests', 'repository', 'gradus')
    await service.askPermission(gateway, first)
    await service.askPermission(gateway, wanted('research-agent', 'open_pr', 'repository', 'gradus'))
    await service.askPermission(gateway, wanted('support-agent', 'read_hr_record', 'hr_record', 'ann'))
    const { requests } = await service.permissionRequests(operator, { limit: 10 })
    expect(requests.map(({ change }) => change.kind)).toEqual(['patch', 'patch', 'none'])
    expect(requests[0]?.change).toEqual(await changeOf(first))
  })

  it('is none where the data is laid out otherwise', async () => {
    const file = join(dir, 'policies/rbac/data.yaml')
    writeFileSync(file, JSON.stringify(parse(readFileSync(DATA, 'utf8'))))
    try {
      expect(await changeOf(wanted('research-agent', 'run_tests', 'repository', 'gradus'))).toEqual({
        kind: 'none',
        why: 'policies/rbac/data.yaml is laid out so that no line can be put into it: change it by hand',
      })
    } finally {
      writeFileSync(file, readFileSync(DATA))
    }
  })
})
