import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'

import type { CliDeps } from '../../src/cli/support/deps.ts'
import { EXIT_CODES } from '../../src/cli/support/exit-codes.ts'
import { ask, gateway, operator } from '../support/callers.ts'
import { newTrack, operate, operation } from '../support/operations.ts'
import { runs } from '../support/runs.ts'
import { earned, shippedPolicySet, testService, type TestService } from '../support/test-service.ts'
import { folder, type Ran, run } from './harness.ts'

const place = folder()
afterAll(place.remove)

/** Commands that find the records of a service as if they were on disk. */
const beside = ({ store }: TestService): Partial<CliDeps> => ({
  cwd: place.path,
  openStore: () => Promise.resolve({ ...store, close: () => Promise.resolve() }),
})
let files = 0
const newFile = (): string => `case-${(files += 1)}.yaml`
/** A ladder without the lines that say where it comes from. */
const ladder = ({ out }: Ran): string => out.slice(out.indexOf('\ntrust  '))

async function passes(file: string, deps: Partial<CliDeps>): Promise<Ran> {
  return run(['test', join(place.path, file)], deps)
}

describe('gradus fixture from', () => {
  it('writes a fixture that passes, and is explained by the same ladder as the decision', async () => {
    const tested = await testService()
    await tested.earn('coding-agent', 'source_control:full', 3)
    const merge = { context: { environment: 'production', facts: { checks_passed: true, complexity: 2 } } }
    const answers = [
      await tested.service.evaluate(gateway, ask('coding-agent', 'merge_pr', merge)),
      await tested.service.evaluate(gateway, ask('finance-agent', 'wire_transfer', { arguments: { amount: 900 } })),
      await tested.service.evaluate(
        gateway,
        ask('coding-agent', 'merge_pr', { context: { chain: [{ type: 'agent', id: 'research-agent' }] } }),
      ),
      await tested.service.evaluate(gateway, ask('stranger', 'unheard_of')),
    ]
    await tested.service.contain(operator, { target: { kind: 'agent', agent: 'coding-agent' }, reason: 'looked odd' })
    answers.push(await tested.service.evaluate(gateway, ask('coding-agent', 'merge_pr', merge)))
    expect(answers.map(({ outcome }) => outcome)).toEqual(['allow_guarded', 'deny', 'deny', 'deny', 'deny'])
    const deps = beside(tested)
    for (const { decision_id: id } of answers) {
      const file = newFile()
      expect(await run(['fixture', 'from', id, '-o', file], deps)).toMatchObject({
        code: EXIT_CODES.ok,
        out: `${file}\n`,
        err: '',
      })
      expect(await passes(file, deps)).toMatchObject({ code: EXIT_CODES.ok })
      const [explained, again] = [await run(['explain', id], deps), await run(['explain', file], deps)]
      expect(again.code).toBe(EXIT_CODES.ok)
      expect(ladder(again)).toBe(ladder(explained))
    }
  })

  it('gives the incident that caps the trust, under its class', async () => {
    const tested = await testService()
    await tested.earn('coding-agent', 'source_control:full', 3)
    const incident = { agent: 'coding-agent', class: 'injection_suspected' } as const
    const { incident_id } = await tested.service.raiseIncident(operator, incident)
    const { decision_id: id } = await tested.service.evaluate(gateway, ask('coding-agent', 'open_pr'))
    const made = await run(['fixture', 'from', id, '--json'], beside(tested))
    expect(made).toMatchObject({ code: EXIT_CODES.ok })
    const { cases } = JSON.parse(made.out) as { cases: [{ given: { trust: { incidents: readonly unknown[] } } }] }
    expect(cases[0].given.trust.incidents).toEqual([{ class: 'injection_suspected', cap: 0.4, review: true, id: incident_id }])
  })

  it('gives what was used of a budget that refused', async () => {
    const config = { tenants: { default: { overrides: { guardrails: { tools: { merge_pr: { actions_per_hour_max: 2 } } } } } } }
    const tested = await testService({ config })
    await tested.earn('coding-agent', 'source_control:full', 3)
    const merge = ask('coding-agent', 'merge_pr', { context: { facts: { checks_passed: true, complexity: 2 } } })
    for (const wanted of ['allow_guarded', 'allow_guarded'])
      expect(await tested.service.evaluate(gateway, merge)).toMatchObject({ outcome: wanted })
    const refused = await tested.service.evaluate(gateway, merge)
    expect(refused.reasons).toEqual(expect.arrayContaining([expect.stringMatching(/^budget_exceeded:actions_per_hour_max/u)]))
    const deps = { ...beside(tested), loadPolicySet: () => shippedPolicySet(config) }
    const file = newFile()
    expect(await run(['fixture', 'from', refused.decision_id, '-o', file], deps)).toMatchObject({ code: EXIT_CODES.ok, err: '' })
    expect(await passes(file, deps)).toMatchObject({ code: EXIT_CODES.ok })
    expect(ladder(await run(['explain', file], deps))).toBe(ladder(await run(['explain', refused.decision_id], deps)))
  })

  it('fails, and says where, when the policies decide otherwise', async () => {
    const tested = await testService()
    const { decision_id: id } = await tested.service.evaluate(gateway, ask('research-agent', 'search_web'))
    const deps = beside(tested)
    const file = newFile()
    const written = JSON.parse((await run(['fixture', 'from', id, '--json'], deps)).out) as {
      cases: [{ want: { outcome: string } }]
    }
    written.cases[0].want.outcome = 'deny'
    place.write(file, JSON.stringify({ cases: written.cases }))
    const failed = await passes(file, deps)
    expect(failed.code).toBe(EXIT_CODES.mismatch)
    expect(failed.out).toMatch(/outcome/u)
  })

  it('whatever happened before: the fixture of any decision passes, or is refused with a reason', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 4, maxLength: 14 }), async (steps) => {
        const tested = await testService()
        const track = newTrack()
        for (const step of steps) await operate(tested, step, track, 'default')
        const deps = beside(tested)
        for (const id of track.decisions.slice(-2)) {
          const file = newFile()
          const made = await run(['fixture', 'from', id, '-o', file], deps)
          if (made.code !== EXIT_CODES.ok) {
            expect(made.code).toBe(EXIT_CODES.failed)
            expect(made.err).toMatch(/no fixture gives this decision again; it had: |are masked, so it cannot be asked again/u)
            continue
          }
          expect(await passes(file, deps)).toMatchObject({ code: EXIT_CODES.ok })
          const [explained, again] = [await run(['explain', id], deps), await run(['explain', file], deps)]
          if (made.err === '') expect(ladder(again)).toBe(ladder(explained))
        }
      }),
      runs(15),
    )
  })

  it('refuses what was masked or erased, and says so', async () => {
    const tested = await testService()
    const secret = ask('support-agent', 'send_email', { arguments: { to: ['ann@example.com'], password: 'hunter2' } })
    const masked = await tested.service.evaluate(gateway, secret)
    const erased = await tested.service.evaluate(
      gateway,
      ask('support-agent', 'send_email', { arguments: { to: ['ann@example.com'] } }),
    )
    await tested.store.erase([erased.leaf_index ?? 0], ['/body/request/action/properties'])
    const deps = beside(tested)
    for (const [id, state] of [
      [masked.decision_id, 'masked'],
      [erased.decision_id, 'erased'],
    ] as const) {
      const refused = await run(['fixture', 'from', id], deps)
      expect(refused).toMatchObject({ code: EXIT_CODES.failed, out: '' })
      expect(refused.err).toContain(`parts of the request of ${id} are ${state}, so it cannot be asked again\n  fix: `)
      expect(refused.err).not.toContain('hunter2')
    }
  })

  it('overwrites nothing, and knows only decisions', async () => {
    const tested = await testService()
    const { decision_id: id } = await tested.service.evaluate(gateway, ask('research-agent', 'search_web'))
    const deps = beside(tested)
    place.write('mine.yaml', 'mine')
    expect(await run(['fixture', 'from', id, '-o', 'mine.yaml'], deps)).toMatchObject({ code: EXIT_CODES.failed })
    expect(await run(['fixture', 'from', id, '-o', 'nowhere/mine.yaml'], deps)).toMatchObject({ code: EXIT_CODES.io })
    expect(await run(['fixture', 'from', 'none'], deps)).toMatchObject({ code: EXIT_CODES.not_found })
    const [activation] = await tested.store.query({ kinds: ['policy_set'], limit: 1 })
    expect(await run(['fixture', 'from', activation?.record.id ?? ''], deps)).toMatchObject({ code: EXIT_CODES.not_found })
  })

  it('names the case as asked, and tells an editor its schema inside a project', async () => {
    const tested = await testService()
    await tested.write(earned('research-agent', 'research:light', 40, tested.clock.nowMs()))
    const { decision_id: id } = await tested.service.evaluate(gateway, ask('research-agent', 'search_web'))
    const project = folder()
    await run(['init', project.path], { cwd: project.path })
    const config = join(project.path, 'gradus.yaml')
    const output = join(project.path, 'policies/fixtures/life.yaml')
    await run(['fixture', 'from', id, '-c', config, '-o', output, '--name', 'It searches'], beside(tested))
    const shown = await run(['explain', `${output}#It searches`], beside(tested))
    expect(shown.out).toMatch(/^fixture "It searches"\n/u)
    expect(readFileSync(output, 'utf8')).toMatch(/^# yaml-language-server: \$schema=..\/..\/schemas\/fixture.schema.json\n/u)
    expect(await run(['explain', `${output}#Nothing`], beside(tested))).toMatchObject({ code: EXIT_CODES.not_found })
    project.remove()
  })
})
