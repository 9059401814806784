import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { cachedPolicySet } from '../../src/app/policy-sources.ts'
import { canonicalJson } from '../../src/format/canonical-json.ts'
import type { PolicyEvaluation } from '../../src/model/evaluation.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { findOpa, runOpa } from '../../src/rego/opa-tool.ts'
import { POLICIES, runAll, shippedConfig, shippedFixtures } from './shipped-fixtures.ts'

type Asked = { readonly input: unknown; readonly answers: Map<string, PolicyEvaluation> }
/** Every input a policy was asked, once, with what it answered per entrypoint. */
type Heard = Map<string, Asked>
const heard = { base: new Map() as Heard, graduation: new Map() as Heard, mask: new Map() as Heard }
let policySet: PolicySet
let folder: string

/** The policy, and everything that it is asked. */
function listening(policy: Policy, log: Heard): Policy {
  return {
    ...policy,
    evaluate: (entrypoint, input) => {
      const answer = policy.evaluate(entrypoint, input)
      const key = canonicalJson(JSON.parse(JSON.stringify(input)))
      const asked = log.get(key) ?? { input, answers: new Map<string, PolicyEvaluation>() }
      log.set(key, asked)
      asked.answers.set(entrypoint, answer)
      return answer
    },
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gradus-native-test-'))
  const shipped = await cachedPolicySet(await shippedConfig(), 0)
  if (shipped.mask === undefined) throw new Error('the shipped policies have a mask')
  policySet = {
    ...shipped,
    base: listening(shipped.base, heard.base),
    graduation: listening(shipped.graduation, heard.graduation),
    mask: listening(shipped.mask, heard.mask),
  }
  await runAll(await shippedFixtures(), policySet)
  // The fixtures ask for the decision only; the same inputs are asked for the boolean too.
  for (const { input } of [...heard.base.values()]) policySet.base.evaluate('rbac/allow', input)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** What native `opa eval` answers to every input, by place; nothing at a place is undefined. One run for all of them. */
async function natively(entrypoint: string, inputs: readonly unknown[]): Promise<Readonly<Record<string, unknown>>> {
  const file = join(folder, `${entrypoint.replaceAll('/', '-')}.json`)
  await writeFile(file, JSON.stringify({ inputs }))
  const query = `{format_int(i, 10): answer | some i, each in input.inputs; answer := data.${entrypoint.replaceAll('/', '.')} with input as each}`
  const run = await runOpa(await findOpa(), ['eval', '--bundle', POLICIES, '--input', file, '--format', 'raw', query])
  if (run.code !== 0) throw new Error(`opa eval failed: ${run.stderr}${run.stdout}`)
  return JSON.parse(run.stdout) as Readonly<Record<string, unknown>>
}

/** An answer as text in which equal answers are equal; sets have no order. */
function textOf(evaluation: PolicyEvaluation | undefined, isSet: boolean): string {
  if (evaluation?.kind !== 'value') return evaluation?.kind ?? 'never asked'
  const { value } = evaluation
  return canonicalJson(isSet && Array.isArray(value) ? value.map((each) => canonicalJson(each)).sort() : value)
}

describe('native opa eval and our host', () => {
  it.each([
    ['rbac/decision', 'base', false],
    ['rbac/allow', 'base', false],
    ['graduation/ceilings', 'graduation', false],
    ['system/log/mask', 'mask', true],
  ] as const)(
    'agree on %s for every input that a fixture gives it',
    async (entrypoint, policy, isSet) => {
      const asked = [...heard[policy].values()]
      expect(asked.length).toBeGreaterThanOrEqual(100)
      const native = await natively(
        entrypoint,
        asked.map(({ input }) => input),
      )
      const differing = asked.flatMap(({ input, answers }, at) => {
        const ours = textOf(answers.get(entrypoint), isSet)
        const theirs = textOf(
          Object.hasOwn(native, String(at)) ? { kind: 'value', value: native[String(at)] } : { kind: 'undefined' },
          isSet,
        )
        return ours === theirs ? [] : [{ input, ours, theirs }]
      })
      expect(differing).toEqual([])
    },
  )

  it('answer both yes and no, and mask something, so that agreement means something', () => {
    const outcomes = [...heard.base.values()].map(({ answers }) => textOf(answers.get('rbac/allow'), false))
    expect([...new Set(outcomes)].sort()).toEqual(['false', 'true'])
    const answersOf = (log: Heard, entrypoint: string): readonly string[] =>
      [...log.values()].map(({ answers }) => textOf(answers.get(entrypoint), false))
    expect(answersOf(heard.graduation, 'graduation/ceilings').some((text) => text.includes('"deny"'))).toBe(true)
    expect(answersOf(heard.mask, 'system/log/mask').some((text) => text.includes('password'))).toBe(true)
  })
})
