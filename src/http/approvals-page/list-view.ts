import type { Reply } from '../exchange.ts'
import { groupView } from './card-view.ts'
import { html, type Html } from './html.ts'
import { type Frame, note, page, searchPart, STALE_NOTE, timeHtml } from './layout.ts'
import { filterQuery, type ListFilter } from './list-filter.ts'
import { type CardGroup, type ListPage, SEARCHED_MAX } from './read-list.ts'

/** What waits for people, the one with the least time left first, and what was approved and waits for its agent. */
export function listPage(frame: Frame, list: ListPage, filter: ListFilter, nowMs: number): Reply {
  const title = countText(list.pending)
  const isDone = (group: CardGroup): boolean => group[0]?.summary.state !== 'pending'
  const views = (groups: readonly CardGroup[]): readonly Html[] => groups.map((each) => groupView(frame, each, nowMs))
  const done = list.groups.filter(isDone)
  const main = html`<h1 id="count" data-live>${title}</h1>
    ${searchForm(frame, filter)} ${STALE_NOTE}
    <div id="list" data-live>
      <p class="lead">
        ${foundText(list, filter)} As of ${timeHtml(new Date(nowMs).toISOString())}.
        <a href="${frame.base}${filterQuery(filter)}">Look again</a>
      </p>
      ${list.unsearched === 0 ? null : note('warn', `Only the contents of ${SEARCHED_MAX} requests are searched; of ${list.unsearched} more only the names.`)}
      ${list.found === 0 ? nothing(list) : null} ${views(list.groups.filter((each) => !isDone(each)))}
      ${done.length === 0 ? null : html`<h2 class="part">Approved, not yet used</h2>`} ${views(done)}
      ${pager(frame, list, filter)}
    </div>`
  return page(frame, title, main)
}

function countText(count: number): string {
  return count === 1 ? '1 request waits for approval' : `${count === 0 ? 'No' : count} requests wait for approval`
}

function foundText({ found }: ListPage, { q, risk, show }: ListFilter): string {
  if (q === '' && risk === undefined && show === undefined) return ''
  return found === 1 ? '1 of them or of the approved ones fits.' : `${found} of them and of the approved ones fit.`
}

function nothing({ pending }: ListPage): Html {
  const text =
    pending === 0 ? 'Nothing waits for you. An agent that needs a person’s yes appears here.' : 'Nothing fits the search.'
  return html`<p class="card">${text}</p>`
}

const RISKS = { '': 'Any risk', read: 'Read', low: 'Low', medium: 'Medium', high: 'High' } as const
const SHOWN = { '': 'All', undecided: 'Needs my decision', paused: 'Paused', approved: 'Approved, not yet used' } as const

function searchForm({ base }: Frame, { q, risk, show }: ListFilter): Html {
  return html`<form class="filter" id="filter" method="get" action="${base}" role="search">
    ${searchPart(q, 'tool, agent, argument, id')} ${choice('risk', 'Risk', RISKS, risk)} ${choice('show', 'Show', SHOWN, show)}
    <button class="quiet">Apply</button>
  </form>`
}

function choice(name: string, label: string, options: Readonly<Record<string, string>>, chosen = ''): Html {
  const items = Object.entries(options).map(
    ([value, text]) => html`<option value="${value}" ${value === chosen ? html` selected` : null}>${text}</option> `,
  )
  return html`<div>
    <label for="${name}">${label}</label>
    <select id="${name}" name="${name}">
      ${items}
    </select>
  </div>`
}

function pager({ base }: Frame, { pages }: ListPage, filter: ListFilter): Html | null {
  if (pages === 1 && filter.page === 1) return null
  const link = (to: number, text: string): Html | null =>
    to < 1 || to > pages ? null : html`<a href="${base}${filterQuery({ ...filter, page: to })}">${text}</a> `
  return html`<nav class="pager" aria-label="Pages">
    ${link(Math.min(filter.page - 1, pages), 'Earlier')}
    <span>Page ${filter.page} of ${pages}</span> ${link(filter.page + 1, 'Later')}
  </nav>`
}
