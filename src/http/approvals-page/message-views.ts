import { overLimit } from '../../format/limit.ts'
import { REASON_CHARS_MAX } from '../../model/ceiling.ts'
import type { Fault, Reply } from '../exchange.ts'
import { PROBLEMS, publicMessage } from '../problems.ts'
import { exact, html } from './html.ts'
import { type Frame, note, page } from './layout.ts'

/** Where signing in leads, and what is said about the attempt before. */
export type SignIn = {
  readonly next: string
  readonly problem?: { readonly message: string; readonly fix?: string | undefined } | undefined
  readonly status?: number
  /** True: another site led here, and browsers do not send the cookie along then. */
  readonly fromElsewhere?: boolean
}

/** The page that asks for a token. */
export function signInPage(frame: Frame, { next, problem, status = 200, fromElsewhere = false }: SignIn): Reply {
  const told = problem === undefined ? null : note('bad', problem.message, fixHtml(problem.fix))
  const onward = html`<p>You came from another site. If you are signed in here, <a href="${next}">go on to the page</a>.</p>`
  const main = html`<div class="narrow">
    <h1>Sign in</h1>
    <p class="lead">To see what agents ask for, and to decide.</p>
    ${told}${fromElsewhere ? onward : null}
    <form class="card" method="post" action="${frame.base}/sign-in">
      <input type="hidden" name="next" value="${exact(next)}" />
      <label for="token">Your token</label>
      <input
        id="token"
        name="token"
        type="password"
        required
        autocomplete="current-password"
        spellcheck="false"
        aria-describedby="token-help"
        ${problem === undefined ? null : html` aria-invalid="true"`}
      />
      <p class="small" id="token-help">The token of a credential with the role “approver” that names you as its person.</p>
      <div class="buttons"><button>Sign in</button></div>
    </form>
  </div>`
  return page(frame, 'Sign in', main, status)
}

/** A refusal as a page: what is wrong, what to do, and the way back. */
export function faultPage(frame: Frame, fault: Fault, requestId: string): Reply {
  const { status, title, disclosable } = PROBLEMS[fault.code]
  const message = publicMessage(fault)
  const main = html`<h1>${title}</h1>
    ${note('bad', message === title ? 'The log of the server says more.' : sentence(message), disclosable ? fixHtml(fault.fix) : null)}
    <p><a href="${frame.base}">Back to the approvals</a></p>
    <p class="small">Request <code>${requestId}</code></p>`
  const reply = page(frame, title, main, status)
  return { ...reply, headers: { ...reply.headers, ...fault.headers } }
}

/** A message or fix as a sentence of a page: the service begins small and ends without a stop. */
export function sentence(text: string): string {
  const stop = /[.!?]$/u.test(text) ? '' : '.'
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${stop}`
}

/** A reason that was not accepted, with why. */
export type Refused = { readonly reason: string; readonly problem: string }

/** What is wrong with a reason that was not accepted. */
export function reasonProblem(reason: string): string {
  return reason.trim() === ''
    ? 'Give a reason: it is recorded.'
    : `${overLimit('The reason has', 'page.reason_chars_max', { max: REASON_CHARS_MAX, came: reason.length })}, shorten it.`
}

function fixHtml(fix: string | undefined) {
  return fix === undefined ? null : html`<p>${sentence(fix)}</p>`
}
