import { hasVoted } from '../../approvals/rules/approval-rules.ts'
import type { ApprovalSummary, ApprovalView } from '../../approvals/wire.ts'
import { cutText, html, type Html } from './html.ts'
import { agentLink, type Frame, leftText, pauseLines, timeHtml } from './layout.ts'
import { linkTo } from './places.ts'
import type { Card, CardGroup } from './read-list.ts'
import { differingKeys, type RequestLeaf, requestLeaves, resourceOf } from './request-leaves.ts'

/** Members that one card shows; of those in which look-alikes differ, so many. */
const [SHOWN_LEAVES, SHOWN_DIFFERENCES] = [5, 12] as const
/** Longest name and value on a card, in characters. */
const [PATH_CHARS, VALUE_CHARS] = [60, 90] as const

/** Approvals of one agent and tool, side by side; where several wait, what they differ in is said and marked. */
export function groupView(frame: Frame, group: CardGroup, nowMs: number): Html {
  const requests = group.flatMap(({ view }) => (view === null ? [] : [requestLeaves(view.request)]))
  const alike = group.length > 1 && group[0]?.summary.state === 'pending'
  const differing = alike ? differingKeys(requests) : new Set<string>()
  const cards = group.map((each) => card(frame, each, differing, nowMs))
  return html`<section class="group">
    ${
      alike
        ? html`<p class="alike">
            ${alikeText(
              group,
              requests.flatMap(({ leaves }) => leaves),
              differing,
            )}
          </p>`
        : null
    }
    ${requests.every(({ complete }) => complete) ? null : html`<p class="small">Some have too many members to compare all of them.</p>`}
    <ul class="plain ${group.length > 1 ? 'several' : 'one'}">
      ${cards}
    </ul>
  </section>`
}

/** What look-alikes differ in, by name. */
function alikeText(group: CardGroup, leaves: readonly RequestLeaf[], differing: ReadonlySet<string>): Html {
  const first = group[0]?.summary
  const head = html`<strong>${group.length} look alike:</strong> ${first?.action ?? ''}, asked by
    <bdi>${first?.agent ?? 'no agent'}</bdi>.`
  const named = new Map(leaves.filter(({ key }) => differing.has(key)).map((leaf) => [leaf.key, leafName(leaf)]))
  if (named.size === 0) return html`${head} What differs is masked, so nobody can see it here.`
  const names = [...named.values()]
    .slice(0, SHOWN_DIFFERENCES)
    .map((name, at) => html`${at === 0 ? ' ' : ', '}<code>${cutText(name, PATH_CHARS)}</code>`)
  const more = named.size > SHOWN_DIFFERENCES ? ` and ${named.size - SHOWN_DIFFERENCES} more` : ''
  return html`${head} They differ in${names}${more}.`
}

/** A member's path; what is not an argument of the tool says so. */
export function leafName({ part, path }: Pick<RequestLeaf, 'part' | 'path'>): string {
  return part === 'arguments' ? path || 'arguments' : `request: ${path}`
}

function card(frame: Frame, { summary, view }: Card, differing: ReadonlySet<string>, nowMs: number): Html {
  const { decision_id, action, ends_at, state, votes } = summary
  const place = linkTo(frame.base, { kind: 'request', id: decision_id })
  const voted = hasVoted(votes, frame.session?.person ?? '')
  const standing = voted ? 'you have decided' : state === 'pending' ? 'needs your decision' : null
  return html`<li class="card request" id="r-${decision_id}">
    <div class="head">
      <h2><a href="${place}">${action}</a></h2>
      <strong class="left">${leftText(ends_at, nowMs)}</strong>
    </div>
    <p>${badges(summary, view)}</p>
    ${parties(frame, summary)} ${view === null ? html`<p>It is over by now.</p>` : facts(view, differing)}
    ${pauseLines(summary.pauses)}
    <div class="foot">
      <span>${givenText(summary)}${standing === null ? null : html`, <strong>${standing}</strong>`}</span>
      <a class="button" href="${place}" aria-label="${state === 'pending' && !voted ? 'Look and decide' : 'Look'}: ${action}"
        >${state === 'pending' && !voted ? 'Look and decide' : 'Look'}</a
      >
    </div>
  </li> `
}

function badges({ band, paused }: ApprovalSummary, view: ApprovalView | null): Html {
  const advice = view?.advice.length ?? 0
  const given = [
    html`<span class="badge ${band}">${band} risk</span>`,
    ...(paused === null ? [] : [html`<span class="badge pending">paused</span>`]),
    ...((view?.injections.length ?? 0) === 0 ? [] : [html`<span class="badge high">signs of injection</span>`]),
    ...((view?.incidents.length ?? 0) === 0 ? [] : [html`<span class="badge high">incident</span>`]),
    ...(view === null || view.payload === 'whole' ? [] : [html`<span class="badge medium">${view.payload}</span>`]),
    ...(advice === 0 ? [] : [html`<span class="badge">${advice} advice</span>`]),
  ]
  return html`${given.map((each) => html`${each} `)}`
}

function parties(frame: Frame, { agent, human, requester, scope, requested_at }: ApprovalSummary): Html {
  return html`<p>
    ${agentLink(frame.base, agent)}${human === null ? null : html` for <bdi>${human}</bdi>`} in ${scope}
    <span class="small">asked by <bdi>${requester}</bdi>, ${timeHtml(requested_at)}</span>
  </p>`
}

/** How many of the approvals that are needed were given. */
export function givenText({ votes, approvers_needed: needed }: ApprovalSummary): string {
  return `${votes.filter(({ verdict }) => verdict === 'approve').length} of ${needed} approvals`
}

function facts({ request }: ApprovalView, differing: ReadonlySet<string>): Html {
  const { leaves } = requestLeaves(request)
  const isDifferent = ({ key }: RequestLeaf): boolean => differing.has(key)
  const plain = leaves.filter((leaf) => leaf.part === 'arguments' && !isDifferent(leaf))
  const shown = [
    ...leaves.filter(isDifferent).slice(0, SHOWN_DIFFERENCES),
    ...plain
      .toSorted((a, b) => Number(a.value.length > VALUE_CHARS) - Number(b.value.length > VALUE_CHARS))
      .slice(0, SHOWN_LEAVES),
  ]
  const left = leaves.filter((leaf) => leaf.part === 'arguments' || isDifferent(leaf)).length - shown.length
  return html`<dl class="facts">
      <div>
        <dt>Resource</dt>
        <dd><bdi>${cutText(resourceOf(request) ?? 'none is named', VALUE_CHARS)}</bdi></dd>
      </div>
      ${shown.map((leaf) => fact(leaf, isDifferent(leaf)))}
    </dl>
    ${left === 0 ? null : html`<p class="small">and ${left} more ${left === 1 ? 'member' : 'members'}</p>`}`
}

function fact(leaf: RequestLeaf, differs: boolean): Html {
  return html`<div${differs ? html` class="differs"` : null}><dt><bdi>${cutText(leafName(leaf), PATH_CHARS)}</bdi></dt>
    <dd><code><bdi>${cutText(leaf.value, VALUE_CHARS)}</bdi></code>${differs ? html` <span class="tag">differs</span>` : null}</dd></div> `
}
