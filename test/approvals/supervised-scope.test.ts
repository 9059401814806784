import { expect, it } from 'vitest'

import { policySetPlace } from '../../src/app/policy-sources.ts'
import { loadConfig, PACKAGE_ROOT } from '../../src/config/load-config.ts'
import { assemblePolicySet, readPolicyParts, restorePolicySet } from '../../src/rego/assemble-policy-set.ts'
import { ask, gateway } from '../support/callers.ts'
import { bea, notReplayed, retry } from '../support/people.ts'
import { testService } from '../support/test-service.ts'

const yes = { verdict: 'approve', reason: 'looked at it' } as const
const shippedParts = async () => readPolicyParts(policySetPlace(await loadConfig(undefined, PACKAGE_ROOT)))
const post = ask('fazm-desktop', 'comment_pr', {
  resource: { type: 'pull_request', id: '12' },
  arguments: { body: 'looks good' },
})

it('in a supervised scope a person lets an agent of L1 act, and the record alone decides the same again', async () => {
  const policySet = await assemblePolicySet(await shippedParts(), 0)
  const tested = await testService({ policySet: () => policySet })
  await tested.earn('fazm-desktop', 'communication:full', 1)
  const asked = await tested.service.evaluate(gateway, post)
  expect(asked).toMatchObject({ outcome: 'require_approval', trust: { level_effective: 1 }, approval: { state: 'pending' } })
  expect(asked.reasons).toContain('level L1 in a supervised scope: a person is asked')
  await tested.service.decideApproval(bea, asked.decision_id, yes)
  const ran = await tested.service.evaluate(gateway, retry(post, asked.decision_id))
  expect(ran).toMatchObject({ outcome: 'allow_guarded', decision: true, approval: { state: 'redeemed' } })
  expect(await notReplayed(tested, await restorePolicySet(policySet.archive))).toEqual([])
})

it('a catalogue that does not say which levels its stages name decides by the matrix alone', async () => {
  const parts = await shippedParts()
  const catalogue = { ...parts.catalogue, stages: undefined }
  const policySet = await assemblePolicySet({ ...parts, catalogue }, 0)
  const tested = await testService({ policySet: () => policySet })
  await tested.earn('fazm-desktop', 'communication:full', 2)
  expect(await tested.service.evaluate(gateway, post)).toMatchObject({ outcome: 'suggest', trust: { level_effective: 2 } })
})
