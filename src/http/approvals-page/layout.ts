import { nameOfActor } from '../../access/actor-name.ts'
import type { ApprovalSummary } from '../../approvals/wire.ts'
import { SECOND_MS } from '../../format/time.ts'
import type { Reply } from '../exchange.ts'
import { exact, html, type Html, type HtmlPart, htmlText, unescaped } from './html.ts'
import { SEARCH_CHARS_MAX } from './list-filter.ts'
import { linkTo } from './places.ts'
import type { Session } from './sessions.ts'
import { PAGE_HEADERS } from './page-headers.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

/** What every page shows besides its own. */
export type Frame = {
  /** Path of the list; everything else is below it. */
  readonly base: string
  /** Who is signed in. */
  readonly session?: Session | undefined
}

/** Made outside of the template: the content policy names the digests of style sheet and script byte by byte. */
const STYLE_ELEMENT = unescaped(`<style>${STYLE}</style>`)
const SCRIPT_ELEMENT = unescaped(`<script type="module">${SCRIPT}</script>`)

/** A whole page as an answer. `main` begins with its `h1`. */
export function page(frame: Frame, title: string, main: Html, status = 200): Reply {
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content" />
        <meta name="robots" content="noindex" />
        <title>${title} · Gradus</title>
        ${STYLE_ELEMENT}${SCRIPT_ELEMENT}
      </head>
      <body>
        <header>
          <a class="name" href="${frame.base}">Gradus approvals</a>
          ${frame.session === undefined ? null : signedIn(frame.base, frame.session)}
        </header>
        <main>${main}</main>
        <footer>
          Every verdict is recorded in the audit log with its author and reason. Times are in the zone <span id="zone">UTC</span>.
        </footer>
      </body>
    </html> `
  return { status, type: 'text/html; charset=utf-8', body: htmlText(body), headers: PAGE_HEADERS }
}

/** The hidden field that shows that a form is one of this session. */
export function formToken({ formToken: token }: Session): Html {
  return html`<input type="hidden" name="form_token" value="${exact(token)}" />`
}

/** Where people type what they look for; `placeholder` says in what it is looked. */
export function searchPart(q: string, placeholder: string): Html {
  return html`<div class="grow">
    <label for="q">Search</label>
    <input
      id="q"
      name="q"
      type="search"
      maxlength="${SEARCH_CHARS_MAX}"
      value="${q}"
      placeholder="${placeholder}"
      autocomplete="off"
    />
  </div>`
}

/** A box that says how something went. */
export function note(kind: 'good' | 'bad' | 'warn', text: string | Html, more: Html | null = null): Html {
  return html`<div class="note ${kind}" role="${kind === 'bad' ? 'alert' : 'status'}">
    <p>${text}</p>
    ${more}
  </div>`
}

/** A part of a page under a heading of its own. */
export function section(id: string, title: HtmlPart, content: Html): Html {
  return html`<section class="card" aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section>`
}

/** A table that scrolls by itself where it is too wide; the rows are `tr` elements. */
export function htmlTable(headings: readonly string[], rows: readonly Html[]): Html {
  const columns = headings.map((heading) => html`<th scope="col">${heading}</th> `)
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${columns}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`
}

/** Terms and what belongs to each. */
export function definitions(entries: readonly (readonly [term: HtmlPart, value: HtmlPart])[]): Html {
  const items = entries.map(
    ([term, value]) =>
      html`<dt>${term}</dt>
        <dd>${value}</dd> `,
  )
  return html`<dl>${items}</dl>`
}

/** A time as people read it, in UTC; the script puts it into the reader's zone. The title is the time as machines write it. */
export function timeHtml(iso: string): Html {
  return html`<time datetime="${iso}" title="${iso}">${iso.replace('T', ' ').replace(/(?:\.\d+)?Z$/u, ' UTC')}</time>`
}

/** Since when, and by what, something is paused; nothing where it is not. */
export function pauseLines(pauses: ApprovalSummary['pauses']): Html {
  return html`${pauses.map(
    ({ cause, id, since }) => html`<p class="small">Paused since ${timeHtml(since)} by the ${cause} <code>${id}</code></p>`,
  )}`
}

/** How long until a time, in words. */
export function leftText(iso: string, nowMs: number): string {
  const seconds = Math.floor((Date.parse(iso) - nowMs) / SECOND_MS)
  if (!(seconds > 0)) return 'no time left'
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)]
  if (hours > 0) return `${hours} h ${minutes} min left`
  return minutes > 0 ? `${minutes} min ${seconds % 60} s left` : `${seconds} s left`
}

/** Where the script says that it could not refresh what is marked as live; without it the box stays hidden. */
export const STALE_NOTE = html`<div class="note bad" id="stale" role="alert" hidden></div>`

/** An agent's name as a link to its trust; nothing to follow where no agent asked. */
export function agentLink(base: string, agent: string | null): Html {
  if (agent === null) return html`no agent`
  return html`<a href="${linkTo(base, { kind: 'agent', id: agent })}"><bdi>${agent}</bdi></a>`
}

function signedIn(base: string, session: Session): Html {
  return html`<nav aria-label="Approvals">
      <a href="${base}">Waiting</a>
      <a href="${linkTo(base, { kind: 'history' })}">History</a>
    </nav>
    <span class="who">Signed in as <strong>${nameOfActor(session.person)}</strong></span>
    <form method="post" action="${base}/sign-out">${formToken(session)}<button class="quiet">Sign out</button></form>`
}
