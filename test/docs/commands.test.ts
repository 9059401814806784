import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { jsonDifference, jsonIn, textDifference } from './expectation.ts'
import { documents, fencesOf, REPOSITORY, type Fence } from './markdown.ts'
import { makeLivedData, setStage, type Ran, type Stage } from './stage.ts'

const isCommand = ({ language }: Fence): boolean => language === 'sh' || language === 'bash'
const isExample = ({ language, file }: Fence): boolean => language === 'ts' && file !== undefined
const MAKE = /^make(?: [a-z-]+)?$/u
const SERVE = /^(?:npx )?gradus serve\b/u

let lived: Awaited<ReturnType<typeof makeLivedData>> | undefined

beforeAll(async () => {
  lived = await makeLivedData()
})
afterAll(() => lived?.close())

for (const document of documents()) {
  const fences = fencesOf(document)
  if (!fences.some((fence) => isCommand(fence) || isExample(fence))) continue

  describe(`the commands of ${document}`, () => {
    let stage: Stage | undefined
    beforeAll(async () => {
      if (lived === undefined) throw new Error('there is no demonstration data')
      stage = await setStage(lived.folder)
    })
    afterAll(() => stage?.close())

    if (document === 'README.md')
      it('hold the three that the server prints to try', () => {
        const printed = (stage?.printed ?? '').split('\n').flatMap((line) => /^\s*(curl .*)$/u.exec(line)?.[1] ?? [])
        expect(printed).toHaveLength(3)
        const written = fences.filter(isCommand).map(({ text }) => text.trim())
        expect(printed.filter((command) => !written.includes(command))).toEqual([])
      })

    for (const [index, fence] of fences.entries()) {
      const next = fences[index + 1]
      const shown = next?.follows === true && !isCommand(next) && next.file === undefined ? next : undefined
      if (isCommand(fence)) it(`line ${fence.line}: ${firstLine(fence)}`, () => perform(stage, fence, shown), 120_000)
      else if (isExample(fence)) it(`line ${fence.line}: the program runs`, () => performExample(stage, fence), 60_000)
      else if (fence.file !== undefined)
        it(`line ${fence.line}: ${fence.file} is written`, () => stage?.write(fence.file ?? '', fence.text))
    }
  })
}

async function perform(stage: Stage | undefined, fence: Fence, shown: Fence | undefined): Promise<void> {
  if (stage === undefined) throw new Error('there is no stage')
  const lines = fence.text.trim().split('\n')
  // A target that installs, serves or tests everything is not run within a test; that make knows it is checked.
  if (lines.every((line) => MAKE.test(line))) {
    lines.forEach(planMake)
    return
  }
  if (fence.stays) {
    await stage.serveOn(fence.text)
    return
  }
  const ran = SERVE.test(fence.text) ? await stage.serveOnce(fence.text) : await stage.run(fence.text)
  expect(ran.code, `${fence.text}\n${ran.stdout}\n${ran.stderr}`).toBe(0)
  // curl ends with 0 whatever was answered.
  if (shown === undefined) expect(ran.stdout).not.toContain('urn:gradus:problem:')
  else expect(differenceFrom(shown, ran)).toBeUndefined()
}

async function performExample(stage: Stage | undefined, fence: Fence): Promise<void> {
  if (stage === undefined) throw new Error('there is no stage')
  const name = fence.file ?? ''
  stage.write(name, fence.text)
  // A folder of its own: the server holds the data directory beside it.
  const folder = `library-${fence.line}`
  mkdirSync(join(stage.folder, folder))
  const ran = await stage.run(`(cd ${folder} && node ../${name})`)
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stdout).not.toBe('')
}

function planMake(line: string): void {
  const plan = spawnSync('make', ['-n', ...line.split(' ').slice(1)], { cwd: REPOSITORY, encoding: 'utf8' })
  expect(plan.status, plan.stderr).toBe(0)
}

function differenceFrom(shown: Fence, { stdout }: Ran): string | undefined {
  return shown.language === 'json' ? jsonDifference(JSON.parse(shown.text), jsonIn(stdout)) : textDifference(shown.text, stdout)
}

function firstLine({ text }: Fence): string {
  const [line = ''] = text.split('\n')
  return line.length > 60 ? `${line.slice(0, 60)} …` : line
}
