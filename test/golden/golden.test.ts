import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { gateway } from '../support/callers.ts'
import { testService } from '../support/test-service.ts'
import { type Case, CASES } from './cases.ts'

const FOLDER = join(import.meta.dirname, 'cases')
const WRITE = process.env['GRADUS_GOLDEN'] === 'write'
const slug = (name: string): string => `${name.replaceAll(/[^a-z0-9]+/giu, '-').toLowerCase()}.json`

/** The case as it comes out: request, caller, facts, answer and record, each whole. */
async function play({ who = gateway, ask, given, options }: Case) {
  const tested = await testService(options)
  await given?.(tested)
  const answer = await tested.service.evaluate(who, ask)
  const record = await tested.store.read([], (view) => view.record(who.tenant, answer.decision_id))
  return { answer, record }
}

/** As it stands in a golden file. The policy set's digest changes with every letter of every policy, so it is not kept. */
function text(name: string, { who = gateway, ask }: Case, { answer, record }: Awaited<ReturnType<typeof play>>): string {
  const { facts, ...body } = record!.record.body
  const golden = {
    shows: name,
    caller: who,
    ask,
    facts,
    answer,
    record: { ...record, record: { ...record!.record, body: { ...body, facts: '(above)' } } },
  }
  return `${JSON.stringify(golden, null, 2).replaceAll(answer.policy_set, '(policy set)')}\n`
}

describe('golden cases (GRADUS_GOLDEN=write rewrites them; read the diff)', () => {
  it.each(Object.entries(CASES))('%s', async (name, each) => {
    const found = text(name, each, await play(each))
    const file = join(FOLDER, slug(name))
    if (WRITE) {
      mkdirSync(FOLDER, { recursive: true })
      writeFileSync(file, found)
    }
    expect(JSON.parse(found)).toEqual(JSON.parse(readFileSync(file, 'utf8')))
    expect(found).toBe(readFileSync(file, 'utf8'))
  })

  it('are all there, and no other file', () => {
    const named = Object.keys(CASES).map(slug)
    const files = readdirSync(FOLDER)
    if (WRITE) for (const file of files.filter((each) => !named.includes(each))) rmSync(join(FOLDER, file))
    expect(readdirSync(FOLDER).sort()).toEqual(named.sort())
  })
})
