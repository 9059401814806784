import type { Caller } from './caller.ts'

/** A client certificate as the listener saw it. */
export type ClientCertificate = {
  /** True: the authorities of `http.tls.client_ca` stand behind it. */
  readonly verified: boolean
  /** SHA-256 of the certificate in base64url, as `cnf` has it (RFC 8705). */
  readonly thumbprint: string
  /** URIs among its names; null where they cannot be read without doubt. */
  readonly uris: readonly string[] | null
  readonly isAuthority: boolean
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** Who shows a token or certificate, or why that is not said. No message holds anything of what was shown. */
export type CredentialVerdict =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly code: 'unauthenticated' | 'not_ready'; readonly message: string }

/** Checks a bearer token that has the form of a JWT. Never rejects. */
export type VerifyToken = (token: string, certificate: ClientCertificate | undefined) => Promise<CredentialVerdict>

/** Checks a client certificate. */
export type VerifyCertificate = (certificate: ClientCertificate) => CredentialVerdict
