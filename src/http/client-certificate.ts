import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

import type { ClientCertificate } from '../access/verify-credential.ts'

const seen = new WeakMap<TLSSocket, ClientCertificate | null>()

/** The certificate that the client of a connection showed; undefined where it showed none. Read once for each connection. */
export function clientCertificateOf({ socket }: Pick<IncomingMessage, 'socket'>): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const known = seen.get(socket)
  const certificate = known === undefined ? read(socket) : known
  seen.set(socket, certificate)
  return certificate ?? undefined
}

function read(socket: TLSSocket): ClientCertificate | null {
  const shown = socket.getPeerX509Certificate()
  if (shown === undefined) return null
  return {
    verified: socket.authorized,
    thumbprint: createHash('sha256').update(shown.raw).digest('base64url'),
    uris: urisOf(shown.subjectAltName),
    isAuthority: shown.ca,
    notBeforeMs: shown.validFromDate.getTime(),
    notAfterMs: shown.validToDate.getTime(),
  }
}

/**
 * The URIs of Node's text of the alternative names, `DNS:a, URI:b`. Node quotes a name that holds a comma or a quote itself; nobody
 * needs such a one, and what is in it could look like a name of its own, so then there is no answer.
 */
export function urisOf(subjectAltName: string | undefined): readonly string[] | null {
  if (subjectAltName === undefined) return []
  if (subjectAltName.includes('"')) return null
  return subjectAltName.split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice('URI:'.length)] : []))
}
