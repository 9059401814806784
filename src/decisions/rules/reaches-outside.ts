import type { ActionClass } from '../../catalogue/catalogue-file.ts'
import { leavesOf } from '../../detect/json-leaves.ts'
import type { Request } from '../../model/request.ts'
import { hasDestinations } from '../../risk/destinations.ts'

/** Most of a text that is looked at as a whole, characters. */
const HOST_CHARS_MAX = 4_096

/** Words in the name of an argument, or in the type of a resource, that say that its value names a place on a network. */
const PLACE_WORDS: ReadonlySet<string> = new Set(
  'url urls uri uris href link links host hosts hostname domain domains endpoint endpoints webhook website ip'.split(' '),
)

/** A link anywhere in a text: a colon and two slashes, as browsers read them, or a scheme that needs none. */
const LINK = /:[\\/]{2}|\b(?:https?|wss?|ftp):/iu
/** `//host`, `\\host`. */
const BARE_HOST = /^[\\/]{2}/u
/** Three labels or more, or two with a port, path or query behind them: a name of two alone carries nothing out. */
const HOST_NAME =
  /^(?:[\p{L}\p{N}_-]{1,63}\.){2,}\p{L}[\p{L}\p{N}-]*\.?(?:[:/?#].*)?$|^[\p{L}\p{N}_-]{1,63}\.\p{L}[\p{L}\p{N}-]*\.?[:/?#]/su
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}(?:[:/?#].*)?$/su
const IPV6 = /^\[[0-9a-f:.]+\]|^[0-9a-f:.]*::[0-9a-f:.]*$|^(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$/iu
/** Dots that resolvers read as one. */
const OTHER_DOTS = /[\u3002\uFF0E\uFF61]/gu

/**
 * Whether an action can carry something out of the organisation: one that writes to outside or says so in the catalogue, and any that is given a
 * link, host or address on a network, because what is fetched is told what is asked for. What cannot be read whole does.
 */
export function reachesOutside({ action, resource }: Request, of: ActionClass): boolean {
  if (of.reaches_outside === true || of.category === 'external_communication' || hasDestinations(of.arguments)) return true
  const { leaves, keys, complete } = leavesOf([action.properties ?? null, resource.properties ?? null])
  return (
    !complete ||
    isPlace(resource.id) ||
    namesPlace(resource.type) ||
    keys.some(isPlace) ||
    leaves.some(({ path, value }) => (typeof value === 'string' && isPlace(value)) || (namesPlace(path) && isGiven(value)))
  )
}

function isGiven(value: string | number | boolean | null): boolean {
  return value !== null && value !== '' && value !== false
}

/** Whether a word of a name, however it is joined, stands for a place on a network. */
function namesPlace(name: string): boolean {
  const words = name.replace(/(?<=\p{Ll})(?=\p{Lu})/gu, ' ').toLowerCase()
  return words.split(/[^\p{L}\p{N}]+/u).some((word) => PLACE_WORDS.has(word))
}

/** Whether a text holds a link, or is a host or an address as a whole. */
function isPlace(text: string): boolean {
  const plain = text.normalize('NFKC').replace(OTHER_DOTS, '.').trim()
  if (LINK.test(plain) || BARE_HOST.test(plain)) return true
  const whole = plain.slice(0, HOST_CHARS_MAX)
  return HOST_NAME.test(whole) || IPV4.test(whole) || IPV6.test(whole)
}
