import { VERB_ROLES } from '../../access/authority.ts'
import type { Service } from '../../service/service.ts'
import type { Endpoint } from '../endpoint-shape.ts'
import { type Exchange, type Fault, type Handler, jsonReply, type Reply } from '../exchange.ts'

/** Media type of a history that is imported: one JSON object on each line. */
const HISTORY_TYPE = 'application/x-ndjson'
/** Bytes of an Ed25519 signature in Base64. */
const SIGNATURE_PATTERN = /^[A-Za-z0-9+/]{86}==$/u

/** The signed history of before. */
export const TRUST_IMPORT_ENDPOINTS = {
  importHistory: {
    method: 'post',
    path: '/api/v1/trust/import',
    convention: 'native',
    lane: 'batch',
    summary: 'Take the signed history of before, wholly or not at all; the signature stands in the header Gradus-Signature.',
    roles: VERB_ROLES.import_trust,
    body: 'HistoryText',
    bodyTypes: { [HISTORY_TYPE]: 'HistoryText' },
    rated: 'reports',
    answer: { status: 200, schema: 'ImportAnswer' },
  },
} as const satisfies Record<string, Endpoint>

/** Handlers of imported histories. */
export function createTrustImportHandlers(service: Service): Record<keyof typeof TRUST_IMPORT_ENDPOINTS, Handler> {
  return { importHistory: (exchange) => importHistory(service, exchange) }
}

/** A file as it is, and its signature in a header. */
async function importHistory(service: Service, { caller, headers, body }: Exchange): Promise<Reply | Fault> {
  const signature = headers['gradus-signature']
  if (typeof signature !== 'string' || !SIGNATURE_PATTERN.test(signature))
    return {
      code: 'bad_request',
      message: 'The header Gradus-Signature is missing, or is no Ed25519 signature in Base64.',
      fix: 'Send the 64 bytes that "openssl pkeyutl -sign -rawin" writes, in Base64.',
    }
  return jsonReply(await service.importHistory(caller, { bytes: body, signature: Buffer.from(signature, 'base64') }))
}
