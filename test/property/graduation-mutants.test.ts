import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { derive } from '../../src/decisions/derive.ts'
import { gatherFacts } from '../../src/decisions/facts.ts'
import { requestContext } from '../../src/decisions/request-context.ts'
import { outcomeLeq } from '../../src/lattice/outcome-order.ts'
import type { DecisionFacts } from '../../src/ledger/decision-facts.ts'
import { type Outcome, OUTCOMES } from '../../src/model/outcome.ts'
import type { Request } from '../../src/model/request.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { buildBundle } from '../../src/rego/build.ts'
import { loadBundle } from '../../src/rego/bundle.ts'
import { BundleError } from '../../src/rego/error.ts'
import { EVERY_DOING, requestOf } from '../support/arbitraries.ts'
import { gateway, operator } from '../support/callers.ts'
import { FULL } from '../support/runs.ts'
import { shippedPolicySet, testService, type TestService } from '../support/test-service.ts'
import { scopesAskedFor, worldOf } from '../support/world.ts'

/** Mutants that are built in a short run, spread evenly; `GRADUS_FULL=1` builds one for every rule. */
const SAMPLED = 5
const GRADUATION = resolve(import.meta.dirname, '../../policies/graduation')

type Block = { readonly file: string; readonly from: number; readonly to: number; readonly name: string }

/** The rules of a file: each begins at a line that is not indented, and ends before the next comment, rule or empty line. */
export function rulesIn(file: string, text: string): readonly Block[] {
  const lines = text.split('\n')
  const starts = lines.flatMap((line, index) =>
    /^(?:default )?[a-z_]/u.test(line) && !/^(?:package|import) /u.test(line) ? [index] : [],
  )
  return starts.map((from) => {
    const rest = lines.slice(from + 1).findIndex((line) => line === '' || line.startsWith('#') || /^[a-z_]/u.test(line))
    return { file, from, to: rest < 0 ? lines.length : from + 1 + rest, name: /^(?:default )?[a-z_.]+/u.exec(lines[from]!)![0] }
  })
}

/** The text without the rule and without the annotation that stands over it. */
export function without(text: string, { from, to }: Block): string {
  const lines = text.split('\n')
  let start = from
  while (start > 0 && lines[start - 1]!.startsWith('#')) start -= 1
  return [...lines.slice(0, start), ...lines.slice(to)].join('\n')
}

type Situation = { readonly request: Request; readonly facts: DecisionFacts }

/** Agents and humans of every standing asking for everything, in all environments and classifications, and under an incident. */
async function situations(): Promise<readonly Situation[]> {
  const policySet = await shippedPolicySet()
  const worlds: TestService[] = [await testService(), await worldOf(), await worldOf(await scopesAskedFor())]
  for (const agent of ['finance-agent', 'coding-agent'])
    await worlds[1]!.service.raiseIncident(operator, { agent, class: 'injection_suspected' })
  const variants = [
    {},
    { context: { environment: 'production' } },
    { context: { environment: 'nowhere', facts: { checks_passed: true, complexity: 2, source_verified: true } } },
    { context: { facts: { checks_passed: true, complexity: 9, source_verified: false }, purpose: 'something else' } },
  ]
  const found: Situation[] = []
  for (const world of worlds)
    for (const what of EVERY_DOING)
      for (const variant of variants)
        for (const classification of [undefined, 'internal', 'restricted']) {
          const plain = requestOf(what, variant)
          const request =
            classification === undefined ? plain : { ...plain, resource: { ...plain.resource, properties: { classification } } }
          const facts = await world.store.read([], (view) =>
            gatherFacts(
              requestContext({ request: request, caller: gateway, policySet: policySet, atMs: world.clock.nowMs() }),
              view,
            ),
          )
          found.push({ request, facts })
        }
  return found
}

async function outcomes(all: readonly Situation[], graduation: Policy): Promise<readonly Outcome[]> {
  const policySet = { ...(await shippedPolicySet()), graduation }
  const found: Outcome[] = []
  for (const { request, facts } of all)
    found.push((await derive({ question: { request, entrypoint: 'rbac/decision' }, facts: facts, policySet })).decision.outcome)
  return found
}

/** The graduation without one rule, compiled by the real `opa`; undefined where it does not compile. */
async function mutant(folder: string, block: Block): Promise<Policy | undefined> {
  const dir = await mkdtemp(join(folder, 'mutant-'))
  await cp(GRADUATION, dir, { recursive: true, filter: (source) => !source.endsWith('_test.rego') })
  const file = join(dir, block.file)
  await writeFile(file, without(await readFile(file, 'utf8'), block))
  try {
    const { bytes } = await buildBundle({ sources: [{ dir, mount: 'graduation' }] })
    const { policy } = await loadBundle(bytes, { name: 'mutant' })
    return policy.entrypoints.includes('graduation/ceilings') ? policy : undefined
  } catch (error) {
    if (error instanceof BundleError) return undefined
    throw error
  }
}

let folder = ''
let blocks: readonly Block[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gradus-mutants-'))
  const files = (await readdir(GRADUATION)).filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego')).sort()
  blocks = (await Promise.all(files.map(async (file) => rulesIn(file, await readFile(join(GRADUATION, file), 'utf8'))))).flat()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('every rule of the graduation policy, deleted in turn', () => {
  it('is found: rules with their bodies, and nothing of the next', () => {
    const text = 'package x\n\n# about a\na := 1 if {\n\tb\n} else := 2\n\ndefault c := false\n\nc if b\n'
    const found = rulesIn('x.rego', text)
    expect(found.map(({ name, from, to }) => [name, from, to])).toEqual([
      ['a', 3, 6],
      ['default c', 7, 8],
      ['c', 9, 10],
    ])
    expect(without(text, found[0]!)).toBe('package x\n\n\ndefault c := false\n\nc if b\n')
    expect(blocks.length).toBeGreaterThan(30)
  })

  it('raises no outcome', { timeout: FULL ? 0 : 60_000 }, async () => {
    const all = FULL ? await situations() : (await situations()).filter((_each, index) => index % 5 === 0)
    const intact = await outcomes(all, (await shippedPolicySet()).graduation)
    expect(new Set(intact)).toEqual(new Set(OUTCOMES))
    const step = Math.max(1, Math.floor(blocks.length / SAMPLED))
    // Most do not compile without a rule; without those about humans they do.
    const chosen = FULL ? blocks : blocks.filter(({ name }, index) => index % step === 1 || name.endsWith('human'))
    const raised: string[] = []
    let compiled = 0
    for (const block of chosen) {
      const graduation = await mutant(folder, block)
      if (graduation === undefined) continue
      compiled += 1
      const found = await outcomes(all, graduation)
      for (const [index, outcome] of found.entries())
        if (!outcomeLeq(outcome, intact[index]!))
          raised.push(`${block.file} ${block.name}: ${intact[index]!} → ${outcome} for ${JSON.stringify(all[index]!.request)}`)
      graduation.close()
    }
    expect(raised).toEqual([])
    expect(compiled).toBeGreaterThan(0)
  })
})
