/** Name of the cookie that holds a session. */
const COOKIE_NAME = 'gradus_approvals'
/** Longest `Cookie` header that is looked at, in characters. */
const COOKIE_CHARS_MAX = 8_192

/** Where the cookie goes, and whether over TLS only. */
export type CookieScope = { readonly path: string; readonly secure: boolean }

/** The session's key in a `Cookie` header; a name that is there twice counts as none. */
export function readCookie(header: string | undefined): string | undefined {
  if (header === undefined || header.length > COOKIE_CHARS_MAX) return undefined
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE_NAME}=`))
  return found.length === 1 ? found[0]?.slice(COOKIE_NAME.length + 1) : undefined
}

/** A `Set-Cookie` that no script reads and no other site sends; it ends with the browser. `key` empty: takes the cookie away. */
export function setCookie(key: string, { path, secure }: CookieScope): string {
  const ended = key === '' ? ['Max-Age=0'] : []
  return [`${COOKIE_NAME}=${key}`, `Path=${path}`, 'HttpOnly', 'SameSite=Strict', ...(secure ? ['Secure'] : []), ...ended].join(
    '; ',
  )
}
