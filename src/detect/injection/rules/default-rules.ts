import type { InjectionRules } from '../rule-schema.ts'
import { ANSWER_RULES } from './answers.ts'
import { CLAIM_RULES } from './claims.ts'
import { FORGED_RULES } from './forged.ts'
import { HIDDEN_RULES } from './hidden.ts'
import { LANGUAGE_RULES } from './languages.ts'
import { ORDER_RULES } from './orders.ts'
import { OVERRIDE_RULES } from './override.ts'

/**
 * The built-in signs of prompt injection: what each looks for, how much it says by itself, and what it means. What attacks have in common is that several
 * signs of different kinds stand close together; honest texts have one here and there.
 */
export const INJECTION_RULES: InjectionRules = [
  ...OVERRIDE_RULES,
  ...LANGUAGE_RULES,
  ...FORGED_RULES,
  ...CLAIM_RULES,
  ...ORDER_RULES,
  ...ANSWER_RULES,
  ...HIDDEN_RULES,
]
