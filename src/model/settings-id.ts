import { z } from 'zod'

/** The name that a configuration gives to one entry of a list, such as a webhook or a rule. */
export const SettingsId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/u, 'lower-case letters, digits, - and _')

/** A check for a list of settings: no two entries have the same id. `noun` is what messages call an entry. */
export function uniqueIds(noun: string): (entries: readonly { readonly id: string }[], context: z.RefinementCtx) => void {
  return (entries, context) => {
    const ids = entries.map(({ id }) => id)
    for (const [index, id] of ids.entries())
      if (ids.indexOf(id) < index)
        context.addIssue({ code: 'custom', path: [index, 'id'], message: `the id "${id}" is taken; give each ${noun} its own` })
  }
}
