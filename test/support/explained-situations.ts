import type { Caller } from '../../src/access/caller.ts'
import type { ActionClass } from '../../src/catalogue/catalogue-file.ts'
import type { DecisionRequest } from '../../src/decisions/decision-request.ts'
import type { DecisionAnswer } from '../../src/decisions/wire.ts'
import type { ScopeKey } from '../../src/model/scope.ts'
import type { Overrides } from '../../src/policy/settings.ts'
import type { PolicySet } from '../../src/policy/policy-set.ts'
import type { RemedyKind } from '../../src/reports/explain/remedy-kinds.ts'
import type { ToldExplanation } from '../../src/reports/explain/explain-decision.ts'
import { auditor, gateway } from './callers.ts'
import { bea, cem, dora, retry } from './people.ts'
import { testService, type TestService } from './test-service.ts'

/** All that a decision depends on: changing one member is one change that somebody could make. */
export type Situation = {
  readonly request: DecisionRequest
  readonly caller: Caller
  readonly config: object
  /** Levels that agents earned, by agent and scope. */
  readonly levels: readonly (readonly [agent: string, scope: ScopeKey, level: number])[]
  readonly sets: readonly ((set: PolicySet) => PolicySet)[]
  /** What happened before the request, in order. */
  readonly before: readonly ((tested: TestService) => Promise<unknown>)[]
  /** People say yes to the request. */
  readonly approved: boolean
}

/** A request of a trusted gateway, permitted by the base, and nothing else. */
export function situation(request: DecisionRequest, more: Partial<Situation> = {}): Situation {
  return {
    request,
    caller: gateway,
    config: {},
    levels: [],
    before: [],
    approved: false,
    ...more,
    sets: [permits, ...(more.sets ?? [])],
  }
}

/** The base permits everything. */
export const permits = answers(true)

/** The base answers this to everything. */
export function answers(value: unknown): (set: PolicySet) => PolicySet {
  return (set) => ({ ...set, base: { ...set.base, evaluate: () => ({ kind: 'value', value }) } })
}

/** The catalogue says something else of every action that is not outside of it. */
export function described(change: (action: ActionClass) => Partial<ActionClass>): (set: PolicySet) => PolicySet {
  return (set) => ({
    ...set,
    catalogue: {
      ...set.catalogue,
      classify: (name, context) => {
        const action = set.catalogue.classify(name, context)
        return { ...action, ...change(action) }
      },
    },
  })
}

/** The tenant deviates in this. */
export function deviating(overrides: Overrides): (set: PolicySet) => PolicySet {
  return (set) => ({ ...set, settings: { ...set.settings, overrides: { default: overrides } } })
}

/** A decision, and what is said of it. */
export type Told = { readonly answer: DecisionAnswer; readonly explained: ToldExplanation['answer'] }

/** Lives through a situation in a service of its own. */
export async function live({ config, sets, levels, before, ...asked }: Situation): Promise<Told> {
  const tested = await testService({ config, policySet: (set) => sets.reduce((one, change) => change(one), set) })
  for (const [agent, scope, level] of levels) await tested.earn(agent, scope, level)
  for (const happens of before) await happens(tested)
  const answer = await decided(tested, asked)
  return { answer, explained: (await tested.service.explain(auditor, answer.decision_id)).answer }
}

async function decided(
  { service }: TestService,
  { request, caller, approved }: Pick<Situation, 'request' | 'caller' | 'approved'>,
) {
  const first = await service.evaluate(caller, request)
  // What else was changed may have lifted it so far that nobody is asked any more.
  if (!approved || first.outcome !== 'require_approval') return first
  for (const person of [bea, cem, dora]) {
    const told = await service.decideApproval(person, first.decision_id, { verdict: 'approve', reason: 'looked at it' })
    if (told.approval.state === 'approved') break
  }
  return service.evaluate(caller, retry(request, first.decision_id))
}

/** A situation with something more in the context of its request. */
export function inContext(of: Situation, more: object): Situation {
  const { request } = of.request
  return { ...of, request: { ...of.request, request: { ...request, context: { ...request.context, ...more } } } }
}

/** A situation with other arguments of its request. */
export function withArguments(of: Situation, values: object): Situation {
  const { request } = of.request
  const action = { ...request.action, properties: { ...request.action.properties, arguments: values } }
  return { ...of, request: { ...of.request, request: { ...request, action } as typeof request } }
}

/** Remedies that are told, by what they name. */
export function kindsOf({ explained }: Told): readonly RemedyKind[] {
  return explained.remedies.flatMap(({ kinds }) => kinds)
}
