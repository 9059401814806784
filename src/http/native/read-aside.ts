import { ServiceError } from '../../format/error.ts'
import type { Service } from '../../service/service.ts'
import type { EndpointId } from '../endpoints.ts'
import type { Exchange, Fault, Handler, Reply } from '../exchange.ts'
import { createApprovalHandlers } from './approvals.ts'
import { createAuditHandlers } from './audit.ts'
import { createDecisionHandlers } from './decisions.ts'
import { createIncidentHandlers } from './incidents.ts'
import { createTrustHandlers } from './trust.ts'

/** Endpoints that only read the log and the state, so that another thread can answer them. */
const ASIDE = [
  'explainDecision',
  'listAgents',
  'listApprovals',
  'listIncidents',
  'listProposals',
  'proveRecord',
  'queryRecords',
  'readApproval',
  'readIncident',
  'readRecord',
  'readTrustHistory',
] as const satisfies readonly EndpointId[]
export type AsideEndpoint = (typeof ASIDE)[number]

/** What another thread is told of a request: all that can be sent there. */
export type AsideExchange = Pick<
  Exchange,
  'caller' | 'params' | 'path' | 'headers' | 'requestId' | 'traceparent' | 'network' | 'lastEventId'
> & { readonly query: string }

/** Has a request answered by another thread; `left` is aborted when nobody waits any more. */
export type ReadAside = (endpoint: AsideEndpoint, exchange: AsideExchange, left: AbortSignal) => Promise<Reply | Fault>

/** The handlers of these endpoints that send what is asked to another thread; `here` answers what that one cannot tell yet. */
export function asideHandlers(
  readAside: ReadAside,
  here: Pick<Record<EndpointId, Handler>, 'proveRecord'>,
): Record<AsideEndpoint, Handler> {
  const handlers = ASIDE.map((endpoint): readonly [AsideEndpoint, Handler] => [
    endpoint,
    ({ caller, params, path, query, headers, requestId, traceparent, network, lastEventId, left }) => {
      const asked = { caller, params, path, query: query.toString(), headers, requestId, traceparent, network, lastEventId }
      return readAside(endpoint, asked, left)
    },
  ])
  const aside = Object.fromEntries(handlers) as Record<AsideEndpoint, Handler>
  return { ...aside, proveRecord: (exchange) => provedOr(aside.proveRecord, here.proveRecord, exchange) }
}

/** Only the thread that decides can have a tree head signed, over what was recorded since the last one. */
async function provedOr(aside: Handler, here: Handler, exchange: Exchange): Promise<Reply | Fault> {
  try {
    return await aside(exchange)
  } catch (error) {
    if (exchange.left.aborted || !(error instanceof ServiceError && error.code === 'not_ready')) throw error
    return here(exchange)
  }
}

/** Answers such a request, in the thread that it was sent to, with what a service there reads. */
export function createAsideReader(service: Service): ReadAside {
  const handlers: Record<AsideEndpoint, Handler> = {
    ...createDecisionHandlers(service),
    ...createTrustHandlers(service),
    ...createAuditHandlers(service),
    ...createIncidentHandlers(service),
    ...createApprovalHandlers(service),
  }
  return async (endpoint, { query, ...asked }, left) =>
    handlers[endpoint]({
      ...asked,
      query: new URLSearchParams(query),
      body: new Uint8Array(0),
      left,
      charge: () => undefined,
      asBatch: (work) => work(),
    })
}
