import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import type { CliDeps } from '../../src/cli/support/deps.ts'
import { EXIT_CODES } from '../../src/cli/support/exit-codes.ts'
import { PACKAGE_ROOT } from '../../src/config/load-config.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { gateway } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'
import { folder, run, shippedPolicySet } from './harness.ts'

const place = folder()
afterAll(place.remove)

const MAPPING = { subject: '/user', subject_type: 'agent', action: '/action', resource_type: 'resource' }
place.write(
  'gradus.yaml',
  `policies: ${PACKAGE_ROOT}/policies\nbundles: ${PACKAGE_ROOT}/bundles\nbase: { input: request, mapping: { subject: /user, action: /action } }\n`,
)
const BOB = { user: 'bob', action: 'read' }

/** A base that knows nothing but the input it was written for. */
async function foreignBase(): Promise<PolicySet> {
  const shipped = await shippedPolicySet()
  return {
    ...shipped,
    base: {
      ...shipped.base,
      evaluate: (_entrypoint, input) => ({ kind: 'value', value: JSON.stringify(input) === JSON.stringify(BOB) }),
    },
    settings: { ...shipped.settings, base: { ...shipped.settings.base, input: 'request', mapping: MAPPING } },
  }
}
const deps = (): Partial<CliDeps> => ({ cwd: place.path, loadPolicySet: foreignBase, restorePolicySet: foreignBase })
const base = (out: string): unknown => (JSON.parse(out) as { readonly base: unknown }).base

describe('the input of a foreign base, read by the configured mapping', () => {
  it.each(['eval', 'explain'])('is taken by gradus %s, and the base is asked with it as it is', async (command) => {
    const asked = async (input: object) => run([command, place.write('input.json', JSON.stringify(input)), '--json'], deps())
    expect(base((await asked(BOB)).out)).toBe('allow')
    expect(base((await asked({ ...BOB, action: 'write' })).out)).toBe('deny')
    const own = { subject: { type: 'agent', id: 'bob' }, action: { name: 'read' }, resource: { type: 't', id: '1' } }
    expect(base((await asked(own)).out)).toBe('deny')
    const wrong = await run([command, place.write('input.json', '{"user":"bob"}')], deps())
    expect(wrong.code).toBe(EXIT_CODES.failed)
    expect(wrong.err).toMatch(
      /input\.json: The action is a string at \/action of the input; there is nothing\.\n {2}fix: .*base\.mapping/u,
    )
    const noAction = { subject: own.subject, resource: own.resource }
    expect((await asked(noAction)).err).toContain('see schemas/request.schema.json')
  })

  it('is a request of its own shape where no mapping is configured', async () => {
    const ran = await run(['eval', place.write('input.json', JSON.stringify(BOB))])
    expect(ran.err).toMatch(/\/subject: /u)
  })

  const fixtureRun = (text: string, changes = deps()) => run(['test', place.write('case.yaml', text)], changes)

  it('is what a fixture asks', async () => {
    const passed = 'cases:\n- { name: bob reads, request: { input: { user: bob, action: read } }, want: { base: allow } }\n'
    expect(await fixtureRun(passed)).toMatchObject({ code: EXIT_CODES.ok })
    const steps =
      'cases:\n- { name: twice, request: { input: { user: bob, action: read } }, steps: [{ decide: {}, want: { base: allow } }, { decide: { input: { user: bob, action: drop } }, want: { base: deny } }] }\n'
    expect(await fixtureRun(steps)).toMatchObject({ code: EXIT_CODES.ok })
    const failed = await fixtureRun(passed.replace('base: allow', 'base: deny'))
    expect(failed).toMatchObject({ code: EXIT_CODES.mismatch })
  })

  it.each([
    [
      '{ input: { user: bob, action: read }, action: read }',
      /"input" is the whole of what is asked, and there is "action" beside it/u,
    ],
    ['{ input: { user: bob } }', /The action is a string at \/action/u],
    ['{ input: { user: "", action: read } }', /subject/u],
  ])('is refused in a fixture as %s', async (request, said) => {
    const ran = await fixtureRun(`cases:\n- { name: odd, request: ${request}, want: { base: allow } }\n`)
    expect(ran.code).toBe(EXIT_CODES.mismatch)
    expect(ran.out).toMatch(said)
  })

  it('is refused in a fixture where no mapping reads it', async () => {
    const ran = await fixtureRun('cases:\n- { name: odd, request: { input: 1 }, want: { base: allow } }\n', { cwd: PACKAGE_ROOT })
    expect(ran.out).toMatch(/nothing says where agent and action are in this input.*set base\.mapping/u)
  })

  it('becomes the fixture of its recorded decision', async () => {
    const tested = await testService({ policySet: foreignBase })
    const request = {
      subject: { type: 'agent', id: 'bob' },
      action: { name: 'read' },
      resource: { type: 'resource', id: 'unspecified' },
    }
    const { decision_id: id } = await tested.service.evaluate(gateway, { request, baseInput: BOB, protocol: 'opa' })
    const beside = { ...deps(), openStore: () => Promise.resolve({ ...tested.store, close: () => Promise.resolve() }) }
    expect(await run(['fixture', 'from', id, '-o', 'from.yaml'], beside)).toMatchObject({ code: EXIT_CODES.ok, err: '' })
    expect(readFileSync(join(place.path, 'from.yaml'), 'utf8')).toMatch(/input: ?\n +user: bob\n +action: read/u)
    expect(await run(['test', join(place.path, 'from.yaml')], beside)).toMatchObject({ code: EXIT_CODES.ok })
  })
})
