import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'

import { EVERY_DOING, requestOf } from '../support/arbitraries.ts'
import {
  catalogueChange,
  CLAIMING_CALLERS,
  claimedMember,
  claimedPolicySet,
  type ClaimedWorlds,
  claimedWorlds,
  claimResult,
  claimRules,
  claimSources,
  isClaimed,
  isRaised,
  withMember,
} from '../support/claimed-members.ts'
import { runs } from '../support/runs.ts'

let made: ClaimedWorlds
beforeAll(async () => {
  made = await claimedWorlds()
}, 120_000)

describe('a member of the body that no credential vouches for', () => {
  it('never raises the outcome nor the risk, under whatever rules and catalogue, whatever else is claimed', async () => {
    const trial = fc.record({
      world: fc.constantFrom(0, 1),
      who: fc.constantFrom(...CLAIMING_CALLERS),
      doing: fc.constantFrom(...EVERY_DOING),
      others: fc.array(claimedMember, { maxLength: 3 }),
      added: claimedMember,
      rules: claimRules,
      changed: catalogueChange,
    })
    await fc.assert(
      fc.asyncProperty(trial, async ({ world, who, doing, others, added, rules, changed }) => {
        const policySet = claimedPolicySet(made, rules, changed)
        const without = others.reduce<object>(withMember, requestOf(doing))
        if (!isClaimed(without, who, added)) return
        const result = async (body: object) => claimResult(await claimSources(body, who, made.worlds[world]!, policySet))
        const [before, after] = [await result(without), await result(withMember(without, added))]
        if (isRaised(before, after)) expect(after).toEqual(before)
      }),
      runs(400),
    )
  }, 300_000)
})
