import type { Request } from '../model/request.ts'

/** The session that a request says it belongs to; undefined where it names none, or where the request is erased by now. */
export function sessionOf(request: Request | undefined): string | undefined {
  const session = (request?.context as { readonly session?: string } | undefined)?.session
  return session === '' ? undefined : session
}
