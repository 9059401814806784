import { detect } from '../../detect/detect.ts'
import { AgentDetectState, type DetectState, ScopeDetectState } from '../../detect/state.ts'
import type { ScopeKey } from '../../model/scope.ts'
import type { Effect } from '../effect.ts'
import { DETECTORS_KEY, watchKey, watchScopeKey } from '../keys.ts'
import type { DocumentKeys, View } from '../store.ts'
import type { ProjectionState } from './state.ts'

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

/** Remembers one more action, under the settings in force. Without detectors nothing is remembered. */
export function applyDetectorState(effect: Extract<Effect, { kind: 'watched' }>, tenant: string, state: ProjectionState): void {
  const settings = state.document(DETECTORS_KEY)?.settings ?? null
  if (settings === null) return
  const { agent, scope, observed } = effect
  const next = detect(detectorState(state, tenant, agent, scope), observed, settings).state
  state.put(watchKey(tenant, agent), next.agent)
  state.put(watchScopeKey(tenant, agent, scope), next.scope)
}
