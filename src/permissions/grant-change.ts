import { giveWay } from '../access/give-way.ts'
import { systemCaller } from '../access/caller.ts'
import { gatherFacts } from '../decisions/facts.ts'
import { factKeys, type RequestContext, requestContext } from '../decisions/request-context.ts'
import { baseOf, withReading } from '../decisions/rules/ask-policies.ts'
import { unifiedDiff } from '../format/unified-diff.ts'
import type { DecisionFacts } from '../ledger/decision-facts.ts'
import type { Permission } from '../ledger/documents/permission-request.ts'
import { readBaseResult } from '../pdp/base-result.ts'
import type { BaseResult } from '../pdp/decision-inputs.ts'
import type { VerbDeps } from '../policy/operator-verbs.ts'
import type { Policy } from '../policy/policy.ts'
import type { PolicySet } from '../policy/policy-set.ts'
import type { BaseSource, ReadBaseSource } from './base-source.ts'
import { dataWithGrants, type GrantEdit, grantEdit, grantSource } from './grant-edit.ts'
import type { GrantChange } from './wire.ts'

/** What it takes to say what would grant a permission. */
export type GrantDeps = VerbDeps & { readonly readBaseSource: ReadBaseSource }

/** A permission that is asked of bases: under the policy set in force, or with a base that is tried. */
type Wanted = {
  readonly tenant: string
  readonly permission: Permission
  readonly policySet: PolicySet
  readonly context: RequestContext
  readonly facts: DecisionFacts
}

/** What would grant each of some permissions in a tenant, one by one, in their order. Nothing is changed. */
export async function grantChanges(
  deps: GrantDeps,
  tenant: string,
  permissions: readonly Permission[],
): Promise<readonly GrantChange[]> {
  if (permissions.length === 0) return []
  const policySet = deps.policySet()
  const source = await deps.readBaseSource(policySet)
  const caller = systemCaller(tenant)
  const contexts = permissions.map(({ subject, action, resource }) => {
    const request = { subject, action: { name: action }, resource }
    return requestContext({ request, caller, policySet, atMs: deps.nowMs() })
  })
  const facts = await deps.store.read(contexts.flatMap(factKeys), (view) => contexts.map((context) => gatherFacts(context, view)))
  const wanted = permissions.map((permission, index): Wanted => {
    return { tenant, permission, policySet, context: contexts[index] as RequestContext, facts: facts[index] as DecisionFacts }
  })
  return 'why' in source ? wanted.map((each) => none(whyNot(each) ?? source.why)) : triedChanges(wanted, source)
}

/** The patches of those for which there can be one, tried out together: each has a role of its own, so that none needs another. */
async function triedChanges(all: readonly Wanted[], base: BaseSource): Promise<readonly GrantChange[]> {
  const source = grantSource(base.text)
  const edited: { readonly wanted: Wanted; readonly why: string | null; readonly edit: GrantEdit | undefined }[] = []
  for (const wanted of all) {
    const why = whyNot(wanted)
    edited.push({ wanted, why, edit: why !== null || source === undefined ? undefined : grantEdit(source, wanted) })
    // Decisions go on between one and the next.
    await giveWay()
  }
  const granted = edited.filter(({ edit }) => edit !== undefined).map(({ wanted }) => wanted)
  if (source === undefined || granted.length === 0) return edited.map(({ why }) => none(why ?? byHand(base)))
  const trial = base.trial(dataWithGrants(source, granted))
  try {
    return edited.map(({ wanted, why, edit }) => {
      if (edit === undefined) return none(why ?? byHand(base))
      const { outcome, reason } = answerOf(wanted, trial)
      if (outcome === 'deny') return none(`no role gives it: ${reason}`)
      return { kind: 'patch', file: base.file, role: edit.role, patch: unifiedDiff(base.file, base.text, edit.edits) }
    })
  } finally {
    trial.close()
  }
}

function none(why: string): GrantChange {
  return { kind: 'none', why }
}

function byHand({ file }: BaseSource): string {
  return `${file} is laid out so that no line can be put into it: change it by hand`
}

/** Why there can be no patch, whatever the file says; null where there can. */
function whyNot(wanted: Wanted): string | null {
  const { permission, context, policySet } = wanted
  const { entrypoint, input } = policySet.settings.base
  if (context.action.category === 'permission_escalation')
    return 'an action of the category permission_escalation is denied whatever the base grants'
  if (input === 'gradus' && answerOf(wanted).outcome !== 'deny')
    return `the base (${entrypoint}) grants it by now: close the request`
  return [permission.action, permission.resource.type, permission.resource.id].some((name) => name.includes('*'))
    ? 'a name with "*" would be a pattern, which grants more than was asked for'
    : null
}

/** What a base answers to the bare action, without any fact about the moment. */
function answerOf({ context, facts, policySet }: Wanted, base: Policy = policySet.base): BaseResult {
  const question = { request: context.request, entrypoint: policySet.settings.base.entrypoint, reading: context.reading }
  return readBaseResult(baseOf(withReading({ question, facts, policySet: { ...policySet, base } })))
}
