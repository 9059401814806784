import { spawnSync } from 'node:child_process'

import { expect, it } from 'vitest'

import { jsonDifference, jsonIn, textDifference } from './expectation.ts'
import { fencesOf, REPOSITORY, type Fence } from './markdown.ts'
import type { Ran, Stage } from './stage.ts'

const MAKE = /^make(?: [a-z-]+)?$/u
const SERVE = /^(?:npx )?gradus serve\b/u

/** Whether a block is commands for a shell. */
export const isCommand = ({ language }: Fence): boolean => language === 'sh' || language === 'bash'

/** One test for each block of a document, in order: what it commands runs and answers as shown, what it writes is written. */
export function performDocument(document: string, stageOf: () => Stage | undefined): void {
  const fences = fencesOf(document)
  for (const [index, fence] of fences.entries()) {
    const next = fences[index + 1]
    const shown = next?.follows === true && !isCommand(next) && next.file === undefined ? next : undefined
    if (isCommand(fence)) it(`line ${fence.line}: ${firstLine(fence)}`, () => perform(stageOf(), fence, shown), 120_000)
    else if (fence.file !== undefined)
      it(`line ${fence.line}: ${fence.file} is written`, () => stageOf()?.write(fence.file ?? '', fence.text))
  }
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
