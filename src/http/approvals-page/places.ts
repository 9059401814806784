import { identifier } from '../../format/identifier.ts'
import { ID_CHARS_MAX } from '../../model/request.ts'

/** Where the page is on the listener. */
export const PAGE_PATH = '/approvals'

/** A place of the page. */
export type PagePlace = { readonly kind: 'list' | 'sign-in' | 'sign-out' } | { readonly kind: 'request'; readonly id: string }

/** How each place is asked for; what changes something is never read. */
export const METHODS = {
  list: ['GET'],
  request: ['GET', 'POST'],
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

/** The place of a path; undefined where there is none. */
export function pagePlace(path: string): PagePlace | undefined {
  const below = path.slice(PAGE_PATH.length)
  if (below === '' || below === '/') return { kind: 'list' }
  if (below === '/sign-in' || below === '/sign-out') return { kind: below === '/sign-in' ? 'sign-in' : 'sign-out' }
  const name = /^\/requests\/([^/]+)$/u.exec(below)?.[1]
  const id = name === undefined ? undefined : Id.safeParse(decoded(name))
  return id?.success === true ? { kind: 'request', id: id.data } : undefined
}

/** Where a place is read, below the path of the list as browsers see it. */
export function linkTo(base: string, place: PagePlace): string {
  return place.kind === 'request' ? `${base}/requests/${encodeURIComponent(place.id)}` : base
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
