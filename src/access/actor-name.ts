/**
 * How everybody who does something is written in records and compared: a person, a credential, or gradus itself, each by kind, so that
 * whoever is called like another is still somebody else. What a request only names has no kind, and neither have the names of records from
 * before kinds were written: such a name is of whoever is called so.
 */

/** Kinds of those who do something, as their names begin. */
const KINDS = ['person:', 'credential:', 'gradus:'] as const

/** What gradus itself is called, and whoever shows no credential. */
const OUR_NAMES: readonly string[] = ['anonymous', 'system', 'command-line']

/** How the name of a listener begins that is a credential; no configured credential and no identity source can have such a name. */
const LISTENER_PREFIX = 'listener:'
/** The credential that callers without one are, where the owner vouches for them. */
export const LISTENER_CREDENTIAL = `${LISTENER_PREFIX}http`

/** Stands for whoever shows no credential. */
export const ANONYMOUS_ACTOR = 'gradus:anonymous'
/** Gradus itself, where nobody asked. */
export const SYSTEM_ACTOR = 'gradus:system'

/** A person, by the name that a credential or an identity source vouches for. */
export function personActor(name: string): string {
  return `person:${name}`
}

/** A credential, by its id; what gradus itself goes by is no credential. */
export function credentialActor(id: string): string {
  return `${OUR_NAMES.includes(id) ? 'gradus' : 'credential'}:${id}`
}

/** Whether a name means gradus itself, or whoever shows no credential, or begins like a kind: no credential and no person may be called so. */
export function isReservedName(name: string): boolean {
  return OUR_NAMES.includes(name) || [LISTENER_PREFIX, ...KINDS].some((prefix) => name.startsWith(prefix))
}

/** The name alone, for people to read. */
export function nameOfActor(actor: string): string {
  const kind = kindOf(actor)
  return kind === undefined ? actor : actor.slice(kind.length)
}

/** Whether two names can be of the same one: of one kind and the same, or the same where one of them has no kind. */
export function isSameActor(one: string, other: string): boolean {
  if (one === other) return true
  return (kindOf(one) === undefined || kindOf(other) === undefined) && nameOfActor(one) === nameOfActor(other)
}

/** Whether somebody is among these, by kind. */
export function hasActor(names: readonly string[], actor: string): boolean {
  return names.some((name) => isSameActor(name, actor))
}

function kindOf(actor: string): string | undefined {
  return KINDS.find((kind) => actor.startsWith(kind))
}
