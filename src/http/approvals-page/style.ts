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
header .name { font-weight: 700; color: var(--ink); text-decoration: none } header .who { margin-left: auto }
header nav { display: flex; gap: 1rem }
header .who { color: var(--quiet) }
header form { margin: 0 }
footer { color: var(--quiet); font-size: .875rem; padding-top: 1rem; padding-bottom: 2rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1.25rem 0 .25rem; overflow-wrap: anywhere }
h2 { font-size: 1.1rem; margin: 0 0 .6rem } h3 { font-size: 1rem; margin: 1rem 0 .5rem }
a { color: var(--accent); text-underline-offset: .15em }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px }
.lead { color: var(--quiet); margin: 0 0 1rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem; margin: 0 0 1rem }
ul.plain { list-style: none; margin: 0; padding: 0 }
.filter { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; margin: .75rem 0 1rem }
.filter .grow { flex: 1 1 14rem } .filter label { font-size: .875rem; font-weight: 500; color: var(--quiet); margin: 0 0 .15rem } .filter button.quiet { padding: .5rem 1rem }
#stale { position: sticky; top: .5rem; z-index: 2 } .filter :is(input, select, button.quiet) { height: 2.75rem; padding-top: 0; padding-bottom: 0 }
.group { margin: 0 0 1rem } .group .card { margin: 0 } .part { margin-top: 1.5rem }
.alike { margin: 0 0 .5rem; padding: .5rem .8rem; border-left: .35rem solid var(--warn); border-radius: 8px; background: var(--warn-soft); overflow-wrap: anywhere }
.several { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: .75rem }
.request { display: flex; flex-direction: column; gap: .4rem; min-width: 0 } .request p { margin: 0; overflow-wrap: anywhere }
.head, .foot { display: flex; flex-wrap: wrap; gap: .15rem 1rem; justify-content: space-between; align-items: baseline } .foot { margin-top: auto; padding-top: .4rem; align-items: center }
.head h2 { margin: 0; overflow-wrap: anywhere; min-width: 0 } .left { font-variant-numeric: tabular-nums }
dl.facts { display: block; border-top: 1px solid var(--line) } .facts > div { display: grid; grid-template-columns: minmax(5.5rem, 30%) 1fr; gap: 0 .75rem; padding: .2rem .4rem; border-bottom: 1px solid var(--line) }
.facts dt { overflow-wrap: anywhere } .facts dd { margin: 0 } .differs { background: var(--warn-soft) } td.differs { box-shadow: -.4rem 0 0 var(--warn-soft) }
.tag { color: var(--warn); border: 1px solid currentColor; border-radius: 99px; padding: 0 .45rem; font-size: .8rem; font-weight: 600; white-space: nowrap }
.pager { display: flex; gap: 1.25rem; align-items: center; margin: 0 0 1rem }
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
.rungs + dl { margin-top: .8rem } .rungs i { height: .8rem; border-radius: 3px; background: var(--soft); border: 1px solid var(--line) }
.rungs i.on { background: var(--accent); border-color: var(--accent) } tr.limit .rungs i.on { background: var(--bad); border-color: var(--bad) }
.outcome { white-space: nowrap; font-weight: 600 }
.small { color: var(--quiet); font-size: .875rem } p.small { margin: .6rem 0 0 }
label { display: block; font-weight: 600; margin-bottom: .3rem }
input, textarea, select { width: 100%; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: 8px; padding: .55rem .7rem }
textarea { resize: vertical; field-sizing: content; min-height: 3.9rem; max-height: 30vh }
details.long { display: inline } details.long summary { display: inline; cursor: pointer; color: var(--accent); text-decoration: underline dotted } details.long .small { font-family: system-ui, sans-serif }
summary { cursor: pointer; padding: .3rem 0 } section details { margin-top: .6rem } ul.others { margin: .8rem 0 0; padding-left: 1.2rem; overflow-wrap: anywhere }
[aria-invalid=true] { border: 2px solid var(--bad) }
button, .button { font: inherit; font-weight: 600; border-radius: 8px; padding: .5rem 1.3rem; border: 2px solid var(--accent); background: var(--accent); color: var(--on); cursor: pointer }
.button { display: inline-block; padding: .3rem .9rem; text-decoration: none; background: none; color: var(--accent) }
button.quiet { background: none; color: var(--ink); border: 1px solid var(--quiet); padding: .2rem .8rem; font-weight: 500 }
button.approve { background: var(--good); border-color: var(--good) } button.reject { background: none; border-color: var(--bad); color: var(--bad) }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: .9rem }
strong.approve { color: var(--good) } strong.reject { color: var(--bad) }
.decide { position: sticky; bottom: 0; z-index: 1; margin: 0 -1.25rem; padding: .7rem 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px 10px 0 0; box-shadow: 0 -6px 18px #0003 }
.decide form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end } .decide .grow { flex: 1 1 24rem; min-width: 0 } .decide .buttons { margin: 0; flex: 0 1 auto }
html:has(.decide) { scroll-padding-bottom: 11rem }
.resume { display: flex; margin-top: .75rem; flex-wrap: wrap; gap: .5rem 1rem; align-items: end } .resume .grow { flex: 1 1 18rem; min-width: 0 }
.narrow { max-width: 30rem }
@media (max-width: 40rem) { header, main, footer { padding-left: .9rem; padding-right: .9rem } h1 { font-size: 1.35rem; margin-top: .75rem } dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: .5rem } .facts dd { margin: 0 }
  .filter .grow { flex-basis: 100% } .filter > div { flex: 1 1 6rem } .card { padding: .9rem } .decide { margin: 0 -.9rem; padding: .5rem .9rem } .decide .buttons { flex: 1 1 100%; gap: .6rem } .decide .buttons button { flex: 1 }
  thead { position: absolute; clip-path: inset(50%) } tr { display: block; border-top: 1px solid var(--line); padding: .4rem 0 } th, td { display: block; border: 0; padding: 0 } td.number { text-align: left }
  td[data-name]::before { content: attr(data-name) ': '; color: var(--quiet); font-size: .875rem } }
@media print { header form, .decide { display: none } }
`
