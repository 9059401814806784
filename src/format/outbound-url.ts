import { z } from 'zod'

import { isLoopbackUrl } from './loopback.ts'

/** Longest URL, in characters. */
const URL_CHARS_MAX = 2_000

/** What the refusal of a URL says besides what is wrong with it. */
export type OutboundUrlTexts = {
  /** What stands in the place of a password, such as `name a "secret"`. */
  readonly insteadOfPassword: string
  /** What http would show everybody on the way, such as `who decides what`. */
  readonly shown: string
}

/** A URL that this service sends to: https, or http on this machine or below `localhost`, without a password or a fragment. */
export function outboundUrl(texts: OutboundUrlTexts) {
  return z
    .url({ protocol: /^https?$/u })
    .max(URL_CHARS_MAX)
    .superRefine((text, context) => {
      const problem = URL.canParse(text) ? problemOf(new URL(text), texts) : undefined
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
    })
}

function problemOf(url: URL, { insteadOfPassword, shown }: OutboundUrlTexts): string | undefined {
  const { protocol, hostname, username, password, hash } = url
  if (username !== '' || password !== '') return `no user name or password in the URL: ${insteadOfPassword}`
  if (hash !== '') return 'no fragment in the URL: it is never sent'
  if (protocol === 'http:' && !isLoopbackUrl(url) && !/.\.localhost$/u.test(hostname))
    return `http would show "${hostname}" and everybody on the way ${shown}: use https, or a proxy on 127.0.0.1`
  return undefined
}
