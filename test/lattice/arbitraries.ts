import fc from 'fast-check'

import type { Element } from '../../src/lattice/meet.ts'
import type { Guardrails, Obligation } from '../../src/model/ceiling.ts'
import { OUTCOMES } from '../../src/model/outcome.ts'

/** Few names and values, so that terms meet on them often. */
export const outcomes = fc.constantFrom(...OUTCOMES)
export const obligations: fc.Arbitrary<Obligation> = fc.record(
  {
    id: fc.constantFrom('audit', 'redact_sensitive', 'rollback_handle', '__proto__'),
    performer: fc.constantFrom('pdp' as const, 'pep' as const),
    properties: fc.dictionary(
      fc.constantFrom('a', 'b', 'é'),
      fc.oneof(fc.integer({ min: -1, max: 1 }), fc.boolean(), fc.constant('x')),
      {
        maxKeys: 2,
      },
    ),
  },
  { requiredKeys: ['id', 'performer'] },
)
export const guardrails: fc.Arbitrary<Guardrails> = fc.dictionary(
  fc.constantFrom('amount_max', 'recipient_domains', 'records_max', 'constructor'),
  fc.oneof(fc.constantFrom(0, -0, 1, 100.5), fc.array(fc.constantFrom('a.example', 'b.example', 'c.example'), { maxLength: 4 })),
  { maxKeys: 3 },
)
export const elements: fc.Arbitrary<Element> = fc.record({
  outcome: outcomes,
  obligations: fc.array(obligations, { maxLength: 3 }),
  guardrails,
})
