import type { ApprovalView } from '../../approvals/wire.ts'
import { leafName } from './card-view.ts'
import { cutText, html, type Html } from './html.ts'
import { type Frame, htmlTable, section, timeHtml } from './layout.ts'
import { linkTo } from './places.ts'
import { differingKeys, requestLeaves, type RequestLeaves } from './request-leaves.ts'

/** Differences that are listed, and the longest value among them, in characters. */
const [ROWS_MAX, VALUE_CHARS] = [50, 300] as const

/** Requests of the same agent and tool that wait as well; `more`: how many are not shown. */
export type LookAlikes = { readonly views: readonly ApprovalView[]; readonly more: number }

/** What a request and its look-alikes differ in, side by side; nothing where nothing looks like it. */
export function lookAlikes(frame: Frame, view: ApprovalView, alike: LookAlikes | undefined): Html | null {
  if (alike === undefined || alike.views.length === 0) return null
  const all = [view, ...alike.views].map(({ request }) => requestLeaves(request))
  const keys = [...differingKeys(all)]
  const others = alike.views.map(
    ({ decision_id, requested_at }) =>
      html`<li>
        <a href="${linkTo(frame.base, { kind: 'request', id: decision_id })}">Other ${numberOf(alike, decision_id)}</a>, asked
        ${timeHtml(requested_at)}, <code>${decision_id}</code>
      </li> `,
  )
  const headings = ['Member', 'This request', ...alike.views.map((_, at) => `Other ${at + 1}`)]
  const content = html`<p>The same agent asks for the same tool more than once. Look at what differs before you decide.</p>
    ${
      keys.length === 0
        ? html`<p>What differs is masked, so nobody can see it here.</p>`
        : htmlTable(
            headings,
            keys.slice(0, ROWS_MAX).map((key) => row(all, key)),
          )
    }
    ${keys.length <= ROWS_MAX ? null : html`<p class="small">and ${keys.length - ROWS_MAX} more members</p>`}
    <ul class="others">
      ${others}
    </ul>
    ${alike.more === 0 ? null : html`<p class="small">and ${alike.more} more of them in the list</p>`}`
  return section('alike', 'Look-alikes that wait', content)
}

function numberOf({ views }: LookAlikes, id: string): number {
  return views.findIndex(({ decision_id }) => decision_id === id) + 1
}

function row(all: readonly RequestLeaves[], key: string): Html {
  const found = all.map(({ leaves }) => leaves.find((leaf) => leaf.key === key))
  const named = found.find((leaf) => leaf !== undefined)
  const values = found.map((leaf, at) => {
    const value =
      leaf === undefined
        ? html`<span class="small">not there</span>`
        : html`<code><bdi>${cutText(leaf.value, VALUE_CHARS)}</bdi></code>`
    return html`<td${leaf?.value === found[0]?.value ? null : html` class="differs"`} data-name="${at === 0 ? 'This request' : `Other ${at}`}">${value}</td> `
  })
  return html`<tr>
    <th scope="row"><bdi>${named === undefined ? '' : cutText(leafName(named), VALUE_CHARS)}</bdi></th>
    ${values}
  </tr> `
}
