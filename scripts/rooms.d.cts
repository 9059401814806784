/** Room → the rooms that it may import. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>>
/** What the path of a settings file matches. */
export const SETTINGS: string
/** Folders of `src` without clock, randomness, I/O or promises. */
export const PURE: readonly string[]
