import { authorize } from '../access/authority.ts'
import type { Caller } from '../access/caller.ts'
import { systemCaller } from '../access/caller.ts'
import { errorLine, ServiceError } from '../format/error.ts'
import { overLimit } from '../format/limit.ts'
import { activate, type ActivationDeps, closePolicies, modesInForce, type ModesInForce, sameModes } from './activation.ts'
import type { LoadPolicySet, PolicySet, PolicySetView } from './policy-set.ts'
import type { ModeRule } from './settings.ts'

/** The policy set in force and the modes under it; it changes with a reload. */
export type PoliciesInForce = {
  readonly policySet: () => PolicySet
  /** The rehearsal under the modes in force; undefined where nothing is only observed. */
  readonly rehearsal: () => string | undefined
  /** Loads the newest set and puts it in force. One at a time, in the order asked for; where it is broken, the last good one stays. */
  readonly reload: (caller: Caller) => Promise<PolicySetView>
  readonly view: () => PolicySetView
  /** Why the newest set is not in force; null where it is. */
  readonly lastError: () => string | null
  readonly close: () => void
}

/** Loads the policy set and writes its activation to the log. Rejects with `bad_policy` when there is none that could be put in force. */
export async function createPoliciesInForce(
  deps: ActivationDeps & { readonly loadPolicySet: LoadPolicySet },
): Promise<PoliciesInForce> {
  let inForce = await deps.loadPolicySet()
  let modes = await modesInForce(deps.store)
  let lastError: string | null = null
  const swap = (next: PolicySet, nextModes: ModesInForce): void => {
    inForce = next
    modes = nextModes
  }
  await activate(deps, { next: inForce, former: undefined, modes, caller: systemCaller('default'), swap })
  const reloadNow = async (caller: Caller): Promise<PolicySetView> => {
    try {
      const next = await deps.loadPolicySet()
      refuseModes(caller, modes.modes, next)
      await activate(deps, { next, former: inForce, modes, caller, swap })
      lastError = null
      return viewOf(inForce, lastError)
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'forbidden')) {
        lastError = errorLine(error)
        deps.observe({ kind: 'degraded', cause: 'policy_reload' })
      }
      throw error
    }
  }
  return {
    policySet: () => inForce,
    rehearsal: () => modes.rehearsal ?? undefined,
    reload: oneAtATime(reloadNow),
    view: () => viewOf(inForce, lastError),
    lastError: () => lastError,
    close: () => closePolicies(inForce),
  }
}

/** Reloads that wait for the one under way; each takes the processor for some hundred milliseconds, so more would only come too late. */
const RELOADS_WAITING_MAX = 4

/** Reloads one after the other, in the order asked for; the next one also after one that failed. */
function oneAtATime(reloadNow: PoliciesInForce['reload']): PoliciesInForce['reload'] {
  let reloading: Promise<unknown> = Promise.resolve()
  let asked = 0
  return async (caller) => {
    authorize(caller, 'reload_policies')
    if (asked > RELOADS_WAITING_MAX) {
      const why = overLimit('with this one there would be', 'policies.reloads_waiting_max', {
        max: RELOADS_WAITING_MAX,
        came: asked,
      })
      throw new ServiceError('not_ready', `The policies are being loaded: ${why}.`, { fix: 'Try again in a moment.' })
    }
    asked += 1
    const next = reloading.then(() => reloadNow(caller))
    reloading = next.catch(() => undefined)
    try {
      return await next
    } finally {
      asked -= 1
    }
  }
}

/** Changing what is enforced needs a permission of its own: reloading policies is not enough. */
function refuseModes(caller: Caller, before: readonly ModeRule[], next: PolicySet): void {
  if (sameModes(before, next.settings.modes)) return
  try {
    authorize(caller, 'change_modes')
  } catch (error) {
    closePolicies(next)
    throw error
  }
}

function viewOf(policySet: PolicySet, lastError: string | null): PolicySetView {
  const { base, graduation, risk, catalogue } = policySet
  return {
    digest: policySet.digest,
    loaded_at: new Date(policySet.loadedAtMs).toISOString(),
    base: { digest: base.digest, entrypoints: base.entrypoints },
    graduation: { digest: graduation.digest, entrypoints: graduation.entrypoints },
    risk_documents: risk.documents.map(({ id, version, rules }) => ({ id, version, rules: rules.length })),
    tools: catalogue.tools.length,
    agents: catalogue.agents.length,
    last_error: lastError,
  }
}
