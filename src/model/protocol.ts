/** Which protocol asked; a metric label and part of the record. */
export const PROTOCOLS = ['native', 'opa', 'authzen', 'cli', 'opa-log'] as const
export type Protocol = (typeof PROTOCOLS)[number]
