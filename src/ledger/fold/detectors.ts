import { detect } from '../../detect/detect.ts'
import { AgentDetectState, type DetectState, ScopeDetectState } from '../../detect/state.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { DETECTOR_EFFECTS } from '../effects/detectors.ts'
import { DETECTORS_KEY, watchKey, watchScopeKey } from '../keys.ts'
import type { DocumentKeys, View } from '../store.ts'
import { type FoldRules, NO_CHANGES } from './state.ts'

/** The documents of what detectors remember of an agent in one scope. */
export function detectorStateKeys(tenant: string, agent: string, scope: ScopeKey): DocumentKeys {
  return [watchKey(tenant, agent), watchScopeKey(tenant, agent, scope)]
}

/** What detectors remember of an agent in one scope; of one that they never saw, nothing. */
export function detectorState(view: Pick<View, 'document'>, tenant: string, agent: string, scope: ScopeKey): DetectState {
  return {
    agent: view.document(watchKey(tenant, agent)) ?? AgentDetectState.parse({}),
    scope: view.document(watchScopeKey(tenant, agent, scope)) ?? ScopeDetectState.parse({}),
  }
}

/** Which detectors are in force, and what they remember of each action under those settings; without any, nothing. */
export const DETECTOR_RULES: FoldRules<keyof typeof DETECTOR_EFFECTS> = {
  detectors: ({ settings }, _moment, state) => {
    state.put(DETECTORS_KEY, { settings })
    return NO_CHANGES
  },
  watched: ({ agent, scope, observed }, { tenant }, state) => {
    const settings = state.document(DETECTORS_KEY)?.settings ?? null
    if (settings === null) return NO_CHANGES
    const next = detect(detectorState(state, tenant, agent, scope), observed, settings).state
    state.put(watchKey(tenant, agent), next.agent)
    state.put(watchScopeKey(tenant, agent, scope), next.scope)
    return NO_CHANGES
  },
}
