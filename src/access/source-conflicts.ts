type Issuer = {
  readonly id: string
  readonly issuer?: string | undefined
  readonly audiences: readonly string[]
  readonly spiffe?: { readonly trust_domain: string } | undefined
  readonly subject: 'agent' | 'human' | 'service'
  readonly tenant: string
  readonly tenant_claim?: unknown
}

/** The sources of callers, as the configuration names them. */
type Sources = {
  readonly issuers: readonly Issuer[]
  readonly certificates?: { readonly id: string } | undefined
  readonly people_shared: boolean
}

/** What is wrong between sources: an id that two have, a token that could be of either, people that one could speak for in another. */
export function sourceConflicts({ issuers, certificates, people_shared }: Sources): readonly string[] {
  const ids = [...issuers, ...(certificates === undefined ? [] : [certificates])].map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  const places = issuers.flatMap(({ issuer, spiffe, audiences }) =>
    [...new Set(audiences)].map((audience) => JSON.stringify([spiffe?.trust_domain ?? issuer, audience])),
  )
  return [
    ...(twice === undefined ? [] : [`the id ${twice} is there twice: give each source its own`]),
    ...(people_shared ? [] : samePeople(issuers)),
    ...(new Set(places).size < places.length ? [SAME_AUDIENCE] : []),
  ]
}

const SAME_AUDIENCE =
  'two sources share an issuer (or trust domain) and an audience, so a token could be either: give each its own audience'

/** A source that takes the tenant from a claim may name people of any. */
function samePeople(issuers: readonly Issuer[]): readonly string[] {
  const people = issuers.filter(({ subject }) => subject === 'human')
  const anywhere = people.filter(({ tenant_claim }) => tenant_claim !== undefined)
  const tenants = people.filter(({ tenant_claim }) => tenant_claim === undefined).map(({ tenant }) => tenant)
  const isShared = people.length > 1 && (anywhere.length > 0 || new Set(tenants).size < tenants.length)
  if (!isShared) return []
  const fix =
    'if a name means the same person in all of them, set "people_shared: true" beside them; else give each a tenant of its own'
  return [`${people.map(({ id }) => id).join(', ')} may name people of one tenant: ${fix}`]
}
