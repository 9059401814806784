/** A page that refreshes by itself sends this header, so that it keeps no session alive that nobody uses. */
export const REFRESH_HEADER = 'x-refresh'
/** How often a page that is looked at is refreshed, seconds. */
const REFRESH_SECONDS = 10
/** How long an answer is waited for, and a pause in typing before the list is searched, ms. */
const [ANSWER_MS_MAX, TYPING_MS] = [8_000, 300] as const

/**
 * The one script, in the page itself. Every page is complete without it. It puts times into the reader's zone, replaces what is marked as
 * live by what the server says now, and searches while somebody types. It makes no markup of its own and keeps what is typed, selected and
 * looked at where it is.
 */
export const SCRIPT = `
const format = new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit',
  second: '2-digit', timeZoneName: 'short' })
const localise = (root) => { for (const time of root.querySelectorAll('time')) time.textContent = format.format(new Date(time.dateTime)) }
localise(document)
const zone = format.resolvedOptions().timeZone
document.getElementById('zone').textContent = zone

const live = () => [...document.querySelectorAll('[data-live]')]
const stale = document.getElementById('stale')
let asked = 0, freshAt = Date.now()

const refresh = async () => {
  if (stale === null) return
  asked += 1
  const turn = asked
  try {
    const answer = await fetch(location.href, { headers: { '${REFRESH_HEADER}': '1' }, signal: AbortSignal.timeout(${ANSWER_MS_MAX}) })
      .catch(() => { throw new Error('the server does not answer') })
    if (!answer.ok) throw new Error('the server answers ' + answer.status)
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    if (turn !== asked) return
    if (page.getElementById('stale') === null) throw new Error('you are not signed in any more')
    for (const old of live()) replace(old, page.getElementById(old.id))
    document.title = page.title
    freshAt = Date.now()
    stale.hidden = true
  } catch (error) {
    if (turn !== asked) return
    const said = 'This page could not be refreshed: ' + error.message + '. It shows what was there at ' + format.format(freshAt) + '.'
    if (stale.textContent !== said) stale.textContent = said
    stale.hidden = false
  }
}

const replace = (old, now) => {
  const selection = getSelection()
  if (now === null || (!selection.isCollapsed && old.contains(selection.anchorNode))) return
  if ('state' in old.dataset && old.dataset.state === now.dataset.state) return
  localise(now)
  if (old.innerHTML === now.innerHTML) return
  const anchor = [...old.querySelectorAll('[id]')].find((each) => each.getBoundingClientRect().bottom > 0)
  const top = anchor?.getBoundingClientRect().top
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null
  const open = [...old.querySelectorAll('details[open] > summary')].map((each) => each.textContent)
  old.replaceWith(now)
  for (const each of now.querySelectorAll('details > summary')) each.parentElement.open = open.includes(each.textContent)
  if (focused !== null) [...now.querySelectorAll('a')].find((each) => each.getAttribute('href') === focused)?.focus({ preventScroll: true })
  const kept = anchor === undefined ? null : document.getElementById(anchor.id)
  if (kept !== null && top < innerHeight && scrollY > 0) scrollBy(0, kept.getBoundingClientRect().top - top)
}

if (live().length > 0) {
  setInterval(() => document.hidden || refresh(), ${REFRESH_SECONDS} * 1000)
  document.addEventListener('visibilitychange', () => document.hidden || refresh())
}
const filter = document.getElementById('filter')
let typing
filter?.addEventListener('input', () => {
  clearTimeout(typing)
  typing = setTimeout(() => {
    history.replaceState(null, '', '?' + new URLSearchParams(new FormData(filter)))
    refresh()
  }, ${TYPING_MS})
})
`
