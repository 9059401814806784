import { pointerNames } from './measures.ts'

/** Names under which tools take the addresses of a message, without separators, in lower case. */
const RECIPIENT_NAME =
  /^(?:to|cc|bcc|recipients?|receivers?|attendees?|invitees?|forwardto|sendto)(?:s|list|emails?|address(?:es)?|recipients?)?$/u

/**
 * Whether arguments hold addresses in a member that is named like recipients and lies at none of these JSON Pointers: somebody would
 * receive the message whom nobody counted.
 */
export function hasUnnamedRecipients(toolArguments: unknown, pointers: readonly string[]): boolean {
  const named = new Set(pointers.map((pointer) => JSON.stringify(pointerNames(pointer))))
  const search = (value: unknown, path: readonly string[]): boolean => {
    if (typeof value !== 'object' || value === null || named.has(JSON.stringify(path))) return false
    return Object.entries(value).some(([name, member]) => {
      const at = [...path, name]
      const isUnnamed = !Array.isArray(value) && isRecipientName(name) && !covers(at)
      return (isUnnamed && holdsAddress(member)) || search(member, at)
    })
  }
  /** A pointer to a place or to something inside of it. */
  const covers = (at: readonly string[]): boolean =>
    pointers.some((pointer) => at.every((name, place) => pointerNames(pointer)[place] === name))
  return search(toolArguments, [])
}

function isRecipientName(name: string): boolean {
  return RECIPIENT_NAME.test(
    name
      .normalize('NFKC')
      .replace(/[^\p{L}\p{N}]/gu, '')
      .toLowerCase(),
  )
}

function holdsAddress(value: unknown): boolean {
  if (typeof value === 'string') return value.normalize('NFKC').includes('@')
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsAddress)
}
