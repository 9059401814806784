import type { ClientCertificate, CredentialVerdict } from '../access/verify-credential.ts'
import { credentialName, workloadOf } from './agent-names.ts'
import { refuseCredential } from './claims.ts'
import { postureOfCertificate } from './posture.ts'
import type { CertificateSource } from './settings.ts'
import { bare } from './token-caller.ts'

/**
 * The caller behind a client certificate (X.509-SVID 5.2): a leaf with exactly one URI, which names a workload of the trust
 * domain. The TLS handshake checked the authority and the dates; the dates are checked again, because a connection can outlive
 * them.
 */
export function callerOfCertificate(certificate: ClientCertificate, source: CertificateSource, nowMs: number): CredentialVerdict {
  const { verified, uris, isAuthority, notBeforeMs, notAfterMs } = certificate
  if (!verified) return refuseCredential('The client certificate is not valid here.')
  if (!(nowMs >= notBeforeMs && nowMs <= notAfterMs)) return refuseCredential('The client certificate is over, or not valid yet.')
  if (isAuthority) return refuseCredential('The client certificate is that of an authority.')
  const [uri] = uris ?? []
  if (uri === undefined || uris?.length !== 1)
    return refuseCredential('The client certificate does not name exactly one workload.')
  const agent = workloadOf(uri, source.spiffe)
  if (agent === undefined) return refuseCredential('The client certificate belongs to nobody who is known here.')
  const credential = credentialName(source.id, uri)
  const { tenant, standing } = source
  if (source.subject === 'service') return { ok: true, caller: { ...standing, tenant, credential } }
  const { supported_obligations } = standing
  const posture = postureOfCertificate(certificate, source)
  return { ok: true, caller: { ...bare(tenant, credential), roles: ['agent'], agent, supported_obligations, posture } }
}
