import { afterAll, beforeAll, describe } from 'vitest'

import { performDocument } from './perform.ts'
import { makeLivedData, setStage, type Stage } from './stage.ts'

/** What a newcomer reads, one after the other, on one machine: each document meets what the ones before it left behind. */
const READING_ORDER = ['README.md', 'docs/getting-started.md', 'docs/rollout.md', 'docs/approvals.md']

let lived: Awaited<ReturnType<typeof makeLivedData>> | undefined
let stage: Stage | undefined

beforeAll(async () => {
  lived = await makeLivedData()
  stage = await setStage(lived.folder)
}, 120_000)
afterAll(async () => {
  await stage?.close()
  lived?.close()
})

for (const document of READING_ORDER)
  describe(`${document}, on the server of the documents before it`, () => {
    beforeAll(() => stage?.beginDocument())
    performDocument(document, () => stage)
  })
