import type { LOG_EFFECTS } from '../effects/log.ts'
import { type FoldRules, NO_CHANGES } from './state.ts'

/** What the log's own effects do. */
export const LOG_RULES: FoldRules<keyof typeof LOG_EFFECTS> = {
  constants: ({ constants }, _moment, state) => {
    state.useConstants(constants)
    return NO_CHANGES
  },
  received: ({ key: id, digest, record_id }, { tenant, nowMs }, state) => {
    state.put({ kind: 'received', tenant, id }, { digest, at_ms: nowMs, record_id })
    return NO_CHANGES
  },
}
