import type { Service } from '../../service/service.ts'
import type { Fault, Reply } from '../exchange.ts'
import { agentPage } from './agent-view.ts'
import { historyPage } from './history-view.ts'
import type { Frame } from './layout.ts'
import { HistoryFilter, ListFilter, readFilter } from './list-filter.ts'
import { listPage } from './list-view.ts'
import type { PagePlace } from './places.ts'
import { readList, readLookAlikes } from './read-list.ts'
import { requestPage } from './request-view.ts'
import type { Session } from './sessions.ts'

/** Somebody who is signed in, and what they want to see. */
export type Shown = {
  readonly service: Service
  readonly nowMs: number
  readonly frame: Frame & { readonly session: Session }
  readonly query: URLSearchParams
}

/** Reads a page for somebody who is signed in. Changes nothing but that a notice is said once. */
export async function showPage(shown: Shown, place: PagePlace): Promise<Reply | Fault> {
  const { service, nowMs, frame } = shown
  const { caller } = frame.session
  switch (place.kind) {
    case 'request':
    case 'resumption':
      return showRequest(shown, place.id)
    case 'agent':
      return agentPage(frame, await service.agentTrust(caller, place.id))
    case 'history': {
      const filter = readFilter(HistoryFilter, shown.query)
      if (!filter.ok) return filter.fault
      const { q, from } = filter.value
      return historyPage(frame, await service.approvalHistory(caller, { from, search: q }), filter.value)
    }
    case 'list':
    case 'sign-in':
    case 'sign-out': {
      const filter = readFilter(ListFilter, shown.query)
      if (!filter.ok) return filter.fault
      return listPage(frame, await readList(service, caller, filter.value), filter.value, nowMs)
    }
  }
}

async function showRequest({ service, nowMs, frame }: Shown, id: string): Promise<Reply> {
  const { session } = frame
  const view = await service.approval(session.caller, id)
  const alike = await readLookAlikes(service, session.caller, view)
  const { notice } = session
  session.notice = null
  return requestPage(frame, view, nowMs, { notice, alike })
}
