/** Why an evaluation gave no answer. */
export type EvaluationFailure = 'trap' | 'conflict' | 'builtin' | 'memory' | 'input' | 'entrypoint'

/**
 * What an entrypoint answered. Undefined, null and false differ; failures are data, never thrown. `builtinErrors` names the
 * built-in calls that failed on the way and so were undefined, as in OPA without strict errors; absent when there were none.
 */
export type PolicyEvaluation =
  | { readonly kind: 'value'; readonly value: unknown; readonly builtinErrors?: readonly string[] }
  | { readonly kind: 'undefined'; readonly builtinErrors?: readonly string[] }
  | { readonly kind: 'failed'; readonly cause: EvaluationFailure; readonly message: string }
