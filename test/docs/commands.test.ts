import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { documents, fencesOf } from './markdown.ts'
import { isCommand, performDocument } from './perform.ts'
import { makeLivedData, setStage, type Stage } from './stage.ts'

let lived: Awaited<ReturnType<typeof makeLivedData>> | undefined

beforeAll(async () => {
  lived = await makeLivedData()
})
afterAll(() => lived?.close())

for (const document of documents()) {
  const fences = fencesOf(document)
  if (!fences.some(isCommand)) continue

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

    // The README is what the documents in their reading order begin with: in-order.test.ts.
    if (document !== 'README.md') performDocument(document, () => stage)
  })
}
