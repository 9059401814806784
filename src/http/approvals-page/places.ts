import { identifier } from '../../format/identifier.ts'
import { ID_CHARS_MAX } from '../../model/request.ts'

/** Where the page is on the listener. */
export const PAGE_PATH = '/approvals'

/** A place of the page. */
export type PagePlace =
  | { readonly kind: 'list' | 'history' | 'sign-in' | 'sign-out' }
  | { readonly kind: 'request' | 'resumption' | 'agent'; readonly id: string }

/** How each place is asked for; what changes something is never read. */
export const METHODS = {
  list: ['GET'],
  history: ['GET'],
  agent: ['GET'],
  request: ['GET', 'POST'],
  resumption: ['POST'],
  'sign-in': ['POST'],
  'sign-out': ['POST'],
} as const satisfies Record<PagePlace['kind'], readonly string[]>

const Id = identifier(ID_CHARS_MAX)

/** Whether a URL belongs to the page. */
export function isPagePath(url: string): boolean {
  const path = pathOf(url)
  return path === PAGE_PATH || path.startsWith(`${PAGE_PATH}/`)
}

/** A URL without its query. */
export function pathOf(url: string): string {
  return url.split('?', 1).join('')
}

/** The query of a URL. */
export function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(url.slice(pathOf(url).length))
}

/** The place of a path; undefined where there is none. */
export function pagePlace(path: string): PagePlace | undefined {
  const below = path.slice(PAGE_PATH.length)
  if (below === '' || below === '/') return { kind: 'list' }
  const plain = (['history', 'sign-in', 'sign-out'] as const).find((kind) => below === `/${kind}`)
  if (plain !== undefined) return { kind: plain }
  const [, name, form] = /^\/(?:requests|agents)\/([^/]+)(\/resumption)?$/u.exec(below) ?? []
  const id = name === undefined ? undefined : Id.safeParse(decoded(name))
  if (id?.success !== true) return undefined
  if (below.startsWith('/requests/')) return { kind: form === undefined ? 'request' : 'resumption', id: id.data }
  return form === undefined ? { kind: 'agent', id: id.data } : undefined
}

/** Where a place is read, or where what it changes is, below the path of the list as browsers see it. */
export function linkTo(base: string, place: PagePlace): string {
  switch (place.kind) {
    case 'request':
    case 'resumption':
      return `${base}/requests/${encodeURIComponent(place.id)}`
    case 'agent':
      return `${base}/agents/${encodeURIComponent(place.id)}`
    case 'history':
      return `${base}/history`
    case 'list':
    case 'sign-in':
    case 'sign-out':
      return base
  }
}

/** Where to go after signing in: a place of this page, never another address. */
export function nextOf(base: string, next = ''): string {
  const place = next.startsWith(base) ? pagePlace(PAGE_PATH + next.slice(base.length)) : undefined
  return place === undefined ? base : linkTo(base, place)
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}
