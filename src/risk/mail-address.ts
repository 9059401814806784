const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u

/** The plain form of RFC 5321; without `%` and `!`, by which some servers pass mail on to another domain than the one after the `@`. */
const ADDRESS = /^[A-Za-z0-9#$&'*+/=?^_`{|}~.-]{1,64}@([A-Za-z0-9.-]{1,253})$/u

/** A name before the address holds nothing that could itself be an address, end a quotation, or set off another recipient. */
const NAMED = /^(?:"[^"\\<>@]*"|[^"\\<>@(),:;[\]]*) *<([^<>]*)>$/u

/** Control, format, surrogate, private use, unassigned, separators, default ignorable, and spaces other than U+0020: what a person does not see. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u

/** Longest domain, characters. */
const DOMAIN_CHARS_MAX = 253
/** Longest recipient that is read, in characters. */
const RECIPIENT_CHARS_MAX = 512

/**
 * The address of `local@domain` or `Name <local@domain>` and its domain, lower-case; undefined for everything else. International domains only
 * in their `xn--` form, so that none is mistaken for another. What two programs could read in two ways is not read.
 */
export function mailAddress(text: string): { readonly address: string; readonly domain: string } | undefined {
  if (text.length > RECIPIENT_CHARS_MAX || INVISIBLE.test(text)) return undefined
  const trimmed = text.trim()
  const address = (trimmed.endsWith('>') ? NAMED.exec(trimmed)?.[1] : trimmed) ?? ''
  const domain = domainName(ADDRESS.exec(address)?.[1] ?? '')
  return domain === undefined ? undefined : { address: address.toLowerCase(), domain }
}

/** A domain, lower-case, of labels as mail and DNS have them; undefined for everything else. */
export function domainName(text: string): string | undefined {
  const domain = text.toLowerCase()
  return domain.length <= DOMAIN_CHARS_MAX && domain.split('.').every((label) => LABEL.test(label)) ? domain : undefined
}
