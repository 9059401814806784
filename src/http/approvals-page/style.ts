import { createHash } from 'node:crypto'

/** The one style sheet, in the page itself: nothing is loaded. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #f5f6f8; --card: #fff; --ink: #1a1d23; --quiet: #545b68; --line: #d3d8e0; --soft: #eceff4;
  --accent: #1d4fa8; --good: #17693a; --good-soft: #e2f4e8; --bad: #a3231c; --bad-soft: #fcebea; --warn: #7a4b00; --warn-soft: #fdf1d8; --on: #fff }
@media (prefers-color-scheme: dark) { :root { --ground: #14161b; --card: #1d2027; --ink: #e7eaf0; --quiet: #a5adbb; --line: #3a404c; --soft: #272b34;
  --accent: #9dbdff; --good: #7fd6a0; --good-soft: #173524; --bad: #ff9d95; --bad-soft: #431d1b; --warn: #f2c46d; --warn-soft: #3b2d10; --on: #14161b } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
header, main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding-top: 1rem; padding-bottom: .25rem }
header .name { font-weight: 700; color: var(--ink); text-decoration: none; margin-right: auto }
header .who { color: var(--quiet) }
header form { margin: 0 }
footer { color: var(--quiet); font-size: .875rem; padding-top: 1rem; padding-bottom: 2rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere }
h2 { font-size: 1.1rem; margin: 0 0 .6rem }
a { color: var(--accent); text-underline-offset: .15em }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px }
.lead { color: var(--quiet); margin: 0 0 1rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem; margin: 0 0 1rem }
ul.plain { list-style: none; margin: 0; padding: 0 }
.item { display: grid; grid-template-columns: 1fr auto; gap: .15rem 1rem; align-items: start }
.item h2 { margin: 0; overflow-wrap: anywhere }
.item p { margin: 0; color: var(--quiet); overflow-wrap: anywhere }
.item .side { text-align: right; color: var(--ink); white-space: nowrap }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 99px; padding: 0 .6rem; font-size: .85rem; font-weight: 600; white-space: nowrap }
.badge.high, .badge.rejected { color: var(--bad) } .badge.medium, .badge.pending { color: var(--warn) } .badge.low, .badge.read, .badge.approved, .badge.redeemed { color: var(--good) }
.note { border: 1px solid var(--line); border-left: .35rem solid var(--quiet); border-radius: 8px; padding: .7rem 1rem; margin: 0 0 1rem; background: var(--card) }
.note p { margin: 0 } .note p + p { margin-top: .25rem }
.note.good { border-left-color: var(--good); background: var(--good-soft) } .note.bad { border-left-color: var(--bad); background: var(--bad-soft) } .note.warn { border-left-color: var(--warn); background: var(--warn-soft) }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .3rem 1.25rem; margin: 0 }
dt { color: var(--quiet) } dd { margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate }
pre { margin: 0; padding: .9rem 1rem; background: var(--soft); border-radius: 8px; font: .9rem/1.5 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
pre + h2 { margin-top: 1.2rem }
.card > p { margin: 0 } .card > p + p { margin-top: .6rem }
mark { background: var(--bad); color: var(--on); border-radius: 3px; padding: 0 .25em; margin: 0 .15em; font-size: .85em; font-weight: 700 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere }
thead th { border-top: 0; color: var(--quiet); font-weight: 500; font-size: .875rem }
tbody th { font-weight: 600; white-space: nowrap }
tr.limit th, tr.limit .outcome { color: var(--bad) }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.rungs { display: grid; grid-template-columns: repeat(5, 1.35rem); gap: 3px; padding-top: .3rem }
.rungs i { height: .8rem; border-radius: 3px; background: var(--soft); border: 1px solid var(--line) }
.rungs i.on { background: var(--accent); border-color: var(--accent) } tr.limit .rungs i.on { background: var(--bad); border-color: var(--bad) }
.outcome { white-space: nowrap; font-weight: 600 }
.small { color: var(--quiet); font-size: .875rem } p.small { margin: .6rem 0 0 } .item p.small { margin: 0 }
label { display: block; font-weight: 600; margin-bottom: .3rem }
input, textarea { width: 100%; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: 8px; padding: .55rem .7rem }
textarea { min-height: 6rem; resize: vertical }
[aria-invalid=true] { border: 2px solid var(--bad) }
button { font: inherit; font-weight: 600; border-radius: 8px; padding: .5rem 1.3rem; border: 2px solid var(--accent); background: var(--accent); color: var(--on); cursor: pointer }
button.quiet { background: none; color: var(--ink); border: 1px solid var(--quiet); padding: .2rem .8rem; font-weight: 500 }
button.approve { background: var(--good); border-color: var(--good) } button.reject { background: none; border-color: var(--bad); color: var(--bad) }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: .9rem }
.narrow { max-width: 30rem }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: .5rem } .item { grid-template-columns: 1fr } .item .side { text-align: left }
  thead { position: absolute; clip-path: inset(50%) } tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0 } th, td { display: block; border: 0; padding: 0 } td.number { text-align: left } }
@media print { header form, .decide { display: none } }
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/**
 * What every page is sent with. The policy admits this style sheet and forms to ourselves, nothing else: no script runs and nothing
 * is loaded. `same-origin` instead of `no-referrer`, because then browsers would send forms with the origin `null`.
 */
export const PAGE_HEADERS = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
} as const
