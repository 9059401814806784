import { authorize, VERB_ROLES } from '../../access/authority.ts'
import { isAnonymous } from '../../access/caller.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import type { Handler } from '../exchange.ts'
import type { Metrics } from '../metrics.ts'
import { mayReadPolicies } from '../native/policies.ts'
import { opaReply } from './form.ts'

const UNHEALTHY = 500

/** What operators and load balancers ask. */
export const OPERATIONS_ENDPOINTS = {
  health: {
    method: 'get',
    path: '/health',
    convention: 'opa',
    summary: 'Whether this instance should get traffic: 200, or 500 with the reason.',
    roles: 'public',
    answer: { status: 200, schema: 'Health' },
  },
  metrics: {
    method: 'get',
    path: '/metrics',
    convention: 'opa',
    lane: 'reading',
    summary: 'Metrics in the text format of Prometheus.',
    roles: VERB_ROLES.read_metrics,
    answer: { status: 200, schema: 'text' },
  },
} as const satisfies Record<string, Endpoint>

/** What the two need besides the service. */
export type OperationsOptions = {
  readonly metrics: Metrics
  readonly isDraining: () => boolean
  /** What is told of a server that is well. */
  readonly warnings: () => readonly string[]
}

/** `/health` and `/metrics`. Health has OPA's form; `?bundles` and `?plugins` ask for what is always checked here. */
export function createOperationsHandlers(
  service: Service,
  { metrics, isDraining, warnings }: OperationsOptions,
): Record<keyof typeof OPERATIONS_ENDPOINTS, Handler> {
  return {
    health: ({ caller }) => {
      const whole = isDraining() ? ['the service is stopping'] : service.readiness()
      // What follows the colon may hold paths of this machine.
      const reasons = mayReadPolicies(caller) ? whole : whole.map((reason) => reason.split(':', 1).join(''))
      const told = warnings()
      if (reasons.length === 0) return opaReply(told.length === 0 ? {} : { warnings: told })
      return opaReply({ error: reasons.join('; ') }, { status: UNHEALTHY })
    },
    metrics: async ({ caller }) => {
      // Without a credential only who reaches the listener of this machine gets here.
      if (!isAnonymous(caller)) authorize(caller, 'read_metrics')
      return { status: 200, type: metrics.contentType, body: await metrics.text() }
    },
  }
}
