import { actorOf } from '../../access/authority.ts'
import { giveWay } from '../../access/give-way.ts'
import type { Caller } from '../../access/caller.ts'
import type { ApprovalSummary, ApprovalView } from '../../approvals/wire.ts'
import { ServiceError } from '../../format/error.ts'
import type { Service } from '../../service/service.ts'
import { isIn, isNamed, isWanted, type ListFilter } from './list-filter.ts'
import { requestLeaves } from './request-leaves.ts'

/** Cards of one page. */
export const PAGE_CARDS = 25
/** Requests whose contents one search looks through; those with less time left first. */
export const SEARCHED_MAX = 200
/** Look-alikes that stand beside a request. */
const LOOK_ALIKES_MAX = 3

/** One approval of the list; `view` null: it is gone meanwhile, and only what the list knew of it is shown. */
export type Card = { readonly summary: ApprovalSummary; readonly view: ApprovalView | null }

/** Approvals of one agent and tool that stand together, the least time left first. */
export type CardGroup = readonly Card[]

/** One page of the list. */
export type ListPage = {
  readonly groups: readonly CardGroup[]
  /** Approvals that wait for people, wanted or not. */
  readonly pending: number
  /** Approvals that are wanted, on all pages. */
  readonly found: number
  readonly pages: number
  /** Requests whose contents were not searched, because there are too many. */
  readonly unsearched: number
}

type Reads = Pick<Service, 'approvals' | 'approval'>

/** Reads one page of what is not over, with the contents of the requests on it only. */
export async function readList(service: Reads, caller: Caller, filter: ListFilter): Promise<ListPage> {
  const { approvals } = await service.approvals(caller, {})
  const wanted = approvals.filter((each) => isWanted(each, filter, actorOf(caller))).sort(leastTimeFirst)
  const { found, unsearched } = await searched(service, caller, wanted, filter.q)
  const groups = groupsOf(found)
  const shown = groups.flat().slice((filter.page - 1) * PAGE_CARDS, filter.page * PAGE_CARDS)
  const cards: Card[] = []
  for (const summary of shown) cards.push({ summary, view: await viewOf(service, caller, summary.decision_id) })
  return {
    groups: [...Map.groupBy(cards, ({ summary }) => groupKey(summary)).values()],
    pending: approvals.filter(({ state }) => state === 'pending').length,
    found: found.length,
    pages: Math.max(1, Math.ceil(found.length / PAGE_CARDS)),
    unsearched,
  }
}

/** Requests of the same agent and tool that wait as well, the least time left first, and how many more there are. */
export async function readLookAlikes(
  service: Reads,
  caller: Caller,
  view: ApprovalView,
): Promise<{ readonly views: readonly ApprovalView[]; readonly more: number }> {
  if (view.state !== 'pending') return { views: [], more: 0 }
  const { approvals } = await service.approvals(caller, { state: 'pending' })
  const alike = approvals
    .filter((each) => each.decision_id !== view.decision_id && groupKey(each) === groupKey(view))
    .sort(leastTimeFirst)
  const views: ApprovalView[] = []
  for (const { decision_id } of alike.slice(0, LOOK_ALIKES_MAX)) {
    const other = await viewOf(service, caller, decision_id)
    if (other !== null) views.push(other)
  }
  return { views, more: Math.max(0, alike.length - LOOK_ALIKES_MAX) }
}

async function searched(
  service: Reads,
  caller: Caller,
  wanted: readonly ApprovalSummary[],
  text: string,
): Promise<{ readonly found: readonly ApprovalSummary[]; readonly unsearched: number }> {
  if (text === '') return { found: wanted, unsearched: 0 }
  const found: ApprovalSummary[] = []
  let looked = 0
  let unsearched = 0
  for (const summary of wanted) {
    if (isNamed(summary, text)) found.push(summary)
    else if (looked === SEARCHED_MAX) unsearched += 1
    else {
      looked += 1
      // Others are answered in between: a request may be large.
      await giveWay()
      if (isInside(await viewOf(service, caller, summary.decision_id), text)) found.push(summary)
    }
  }
  return { found, unsearched }
}

function isInside(view: ApprovalView | null, text: string): boolean {
  return view !== null && requestLeaves(view.request).leaves.some(({ path, value }) => isIn(text, [path, value]))
}

async function viewOf(service: Reads, caller: Caller, id: string): Promise<ApprovalView | null> {
  try {
    return await service.approval(caller, id)
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'not_found') return null
    throw error
  }
}

/** What waits before what is approved; look-alikes together, where the first of them stands. */
function groupsOf(approvals: readonly ApprovalSummary[]): readonly (readonly ApprovalSummary[])[] {
  return [...Map.groupBy(approvals, groupKey).values()].sort((a, b) => rank(a) - rank(b))
}

const rank = (group: readonly ApprovalSummary[]): number => (group[0]?.state === 'pending' ? 0 : 1)

function groupKey({ state, agent, action }: ApprovalSummary): string {
  return JSON.stringify([state, agent, action])
}

function leastTimeFirst(a: ApprovalSummary, b: ApprovalSummary): number {
  return Date.parse(a.ends_at) - Date.parse(b.ends_at)
}
