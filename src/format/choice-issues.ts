import type { z } from 'zod'

/** Of a choice of which one alternative alone is of the kind that was written, such as a mapping, what is wrong in that one. */
export function choiceIssues(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const [meant, ...others] = issue.errors.filter((branch) => !branch.some(isOfOtherKind))
  if (meant === undefined || others.length > 0) return [issue]
  return meant.flatMap((inner) => choiceIssues({ ...inner, path: [...issue.path, ...inner.path] }))
}

/** The value itself, and not something in it, is none of what was expected. */
function isOfOtherKind({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value')
}
