/** Longest recipient that is read, in characters. */
export const RECIPIENT_CHARS_MAX = 512

/** Control, format, surrogate, private use, unassigned, separators, default ignorable, and spaces other than U+0020: what a person does not see. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u
/** A name before the address holds nothing that could itself be an address, end a quotation, or set off another recipient. */
const NAMED = /^(?:"[^"\\<>@]*"|[^"\\<>@(),:;[\]]*) *<([^<>]*)>$/u
/** The plain form of RFC 5321; without `%` and `!`, by which some servers pass mail on to another domain than the one after the `@`. */
const ADDRESS = /^[A-Za-z0-9#$&'*+/=?^_`{|}~.-]{1,64}@([A-Za-z0-9.-]{1,253})$/u
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/u

/**
 * The domain, lower-case, of `local@domain` or `Name <local@domain>`; undefined for everything else. International domains only
 * in their `xn--` form, so that none is mistaken for another. What two programs could read in two ways is not read.
 */
export function domainOf(recipient: string): string | undefined {
  if (recipient.length > RECIPIENT_CHARS_MAX || INVISIBLE.test(recipient)) return undefined
  const trimmed = recipient.trim()
  const address = trimmed.endsWith('>') ? NAMED.exec(trimmed)?.[1] : trimmed
  const domain = ADDRESS.exec(address ?? '')?.[1]?.toLowerCase()
  return domain?.split('.').every((label) => LABEL.test(label)) ? domain : undefined
}
