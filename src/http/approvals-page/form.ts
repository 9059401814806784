import type { IncomingMessage } from 'node:http'

import { type Fault, type Parsed, refuseRequest } from '../exchange.ts'
import { type BodyReading, readBody } from '../input.ts'
import { addressedOrigin, isForeignHost, type Site } from '../origin.ts'

/** Longest form, in bytes: a reason of 1,000 characters, percent-encoded, and what goes with it. */
const FORM_BYTES_MAX = 32_768

/** The fields of a form; each is there once. */
export type Form = Readonly<Record<string, string>>

/** Reads a form as browsers send it, with line breaks as they were typed. */
export async function readForm(request: IncomingMessage, hold: BodyReading['hold']): Promise<Parsed<Form>> {
  const type = request.headers['content-type']?.split(';', 1).join('').trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded')
    return refuseRequest('unsupported_media_type', 'This is not a form.', { fix: 'Use the form of the page.' })
  const body = await readBody(request, { bytesMax: FORM_BYTES_MAX, hold, limit: 'page.form_bytes_max' })
  if (!body.ok) return body
  const fields = new URLSearchParams(Buffer.from(body.value).toString('latin1'))
  const names = [...fields.keys()]
  if (new Set(names).size < names.length) return refuseRequest('bad_request', 'A field of the form is there twice.')
  return { ok: true, value: Object.fromEntries([...fields].map(([name, value]) => [name, value.replaceAll('\r\n', '\n')])) }
}

/** Refuses a host on loopback that is not this machine's own: the page of another site whose name was rebound. */
export function refuseHost(request: IncomingMessage, site: Site): Fault | undefined {
  const { host = '' } = request.headers
  if (!isForeignHost(host, site)) return undefined
  return {
    code: 'forbidden',
    message: `The page is not served under the name ${JSON.stringify(host)}.`,
    fix: 'Use 127.0.0.1, [::1] or localhost, or set `http.public_url` to the URL that browsers use.',
  }
}

/**
 * Refuses a form that a page of ours did not send. Every browser names the origin of a form; `null` and silence are foreign, too.
 */
export function refuseForeignForm(request: IncomingMessage, { publicUrl }: Site): Fault | undefined {
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  const ours = [addressedOrigin(request), ...(publicUrl === undefined ? [] : [new URL(publicUrl).origin])]
  const named = origin === undefined ? site === 'same-origin' : ours.includes(origin)
  if (named && (site === undefined || site === 'same-origin')) return undefined
  return {
    code: 'forbidden',
    message: 'This form was not sent by a page of this server, so nothing was done.',
    fix: 'Open the page here and use its form. Behind a proxy, set `http.public_url` to the URL that browsers use.',
  }
}
