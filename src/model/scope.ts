import { z } from 'zod'

/** `light`: actions whose static risk is read or low. `full`: medium or high. */
export const StakeClass = z.enum(['light', 'full'])
export type StakeClass = z.infer<typeof StakeClass>

/** Longest tool category, characters. */
const CATEGORY_CHARS_MAX = 64
const CATEGORY_PATTERN = new RegExp(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,${String(CATEGORY_CHARS_MAX - 1)}}$`, 'u')

/** A tool category: letters, digits, `_`, `.`, `-`; starts with a letter or digit. */
export const ToolCategory = z.string().regex(CATEGORY_PATTERN, 'a tool category is 1 to 64 letters, digits, "_", "." or "-"')
export type ToolCategory = z.infer<typeof ToolCategory>

/** The name of a scope inside one agent: `category:light` or `category:full`. */
export const ScopeKey = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}:(?:light|full)$/u, 'a scope is "category:light" or "category:full"')
export type ScopeKey = z.infer<typeof ScopeKey>

/** The two parts of a scope's name. */
export type ScopeParts = { readonly category: ToolCategory; readonly stake: StakeClass }

/** The scope's name, `category:stake`. */
export function formatScope(category: ToolCategory, stake: StakeClass): ScopeKey {
  return `${category}:${stake}`
}

/** Splits a scope's name; undefined if it is not one. */
export function parseScope(text: string): ScopeParts | undefined {
  if (!ScopeKey.safeParse(text).success) return undefined
  const colon = text.lastIndexOf(':')
  return { category: text.slice(0, colon), stake: text.slice(colon + 1) === 'light' ? 'light' : 'full' }
}
