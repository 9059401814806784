import type { Caller } from '../../src/access/caller.ts'
import type { DecisionRequest } from '../../src/decisions/decision-request.ts'
import { replayDecision } from '../../src/decisions/replay.ts'
import type { DecisionAnswer } from '../../src/decisions/wire.ts'
import type { Approval } from '../../src/ledger/documents/approval.ts'
import { project } from '../../src/ledger/fold/fold.ts'
import type { Store } from '../../src/ledger/store.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import { createMemoryStore } from '../../src/stores/memory/memory-store.ts'
import { createSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts'
import { ask, caller } from './callers.ts'
import { testService, type TestService, type TestServiceOptions } from './test-service.ts'

/** Approvers of every scope, each a person of their own. */
export const [bea, cem, dora] = ['bea', 'cem', 'dora'].map((person) =>
  caller(`${person}-token`, { roles: ['approver'], person }),
) as unknown as readonly [Caller, Caller, Caller]

export const AGENT = 'finance-agent'
export const SCOPE = 'bookkeeping:light'
/** Waits for one person: low risk, an agent at the level that has to ask. */
export const categorise = (more: Parameters<typeof ask>[2] = {}): DecisionRequest =>
  ask(AGENT, 'categorise_expense', { arguments: { account: 'travel' }, ...more })
/** Waits for two people: mail to the outside of a fully trusted agent is of high risk by its category and class. */
export const email = (): DecisionRequest => ask('support-agent', 'send_email', { arguments: { to: 'ann@example.com' } })

/** The same request once more, naming an approval. */
export function retry(of: DecisionRequest, approval: string): DecisionRequest {
  return { ...of, request: { ...of.request, context: { ...of.request.context, approval } } }
}

/** A store of each kind; that of SQLite in a new directory. */
export const ENGINES = {
  memory: (): Promise<Store> => Promise.resolve(createMemoryStore({ project, origin: 'gradus.local/audit' })),
  sqlite: (directory: () => string): Promise<Store> =>
    createSqliteStore({
      dataDir: directory(),
      project,
      origin: 'gradus.local/audit',
      checkpointIntervalMs: 60_000,
      nowMs: Date.now,
    }),
} as const

/** A service whose finance agent has to ask people, and whose support agent is trusted with mail. */
export async function asking(options: TestServiceOptions = {}): Promise<TestService> {
  const tested = await testService(options)
  await tested.earn(AGENT, SCOPE, 2)
  return tested
}

/** Replays every decision in a log; what does not come out equal. */
export async function notReplayed({ store }: Pick<TestService, 'store'>, policySet: PolicySet): Promise<readonly unknown[]> {
  const different: unknown[] = []
  for (let from = 0; ;) {
    const page = await store.query({ kinds: ['decision'], from, limit: 500 })
    for (const each of page) {
      const replayed = await replayDecision(each, policySet)
      if (replayed.state !== 'equal') different.push({ id: each.record.id, replayed })
    }
    const last = page.at(-1)
    if (last === undefined) return different
    from = last.leafIndex + 1
  }
}

/** The approval kept for a decision's request. */
export async function kept(
  { store }: Pick<TestService, 'store'>,
  answer: DecisionAnswer,
  tenant = 'default',
): Promise<Approval | undefined> {
  const key = { kind: 'approval', tenant, id: answer.request_digest } as const
  return store.read([key], (view) => view.document(key))
}
