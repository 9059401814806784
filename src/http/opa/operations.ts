import { authorize, isAgents } from '../../access/authority.ts'
import type { Service } from '../../service/service.ts'
import { POLICY_READERS } from '../endpoint.ts'
import type { Handler } from '../exchange.ts'
import type { Metrics } from '../metrics.ts'
import { opaReply } from './form.ts'

const UNHEALTHY = 500

/** `/health` and `/metrics`. Health has OPA's form; `?bundles` and `?plugins` ask for what is always checked here. */
export function createOperationsHandlers(
  service: Service,
  metrics: Metrics,
  isDraining: () => boolean,
): Readonly<Record<'health' | 'metrics', Handler>> {
  return {
    health: ({ caller }) => {
      const whole = isDraining() ? ['the service is stopping'] : service.readiness()
      const mayReadAll = !isAgents(caller) && caller.roles.some((role) => POLICY_READERS.some((reader) => reader === role))
      // What follows the colon may hold paths of this machine.
      const reasons = mayReadAll ? whole : whole.map((reason) => reason.split(':', 1).join(''))
      return reasons.length === 0 ? opaReply({}) : opaReply({ error: reasons.join('; ') }, { status: UNHEALTHY })
    },
    metrics: async ({ caller }) => {
      // Without a credential only who reaches the listener of this machine gets here.
      if (caller.credential !== null) authorize(caller, 'read_metrics')
      return { status: 200, type: metrics.contentType, body: await metrics.text() }
    },
  }
}
