import { describe, expect, it } from 'vitest'

import { CLASSIFICATIONS } from '../../src/catalogue/catalogue-file.ts'
import type { Request } from '../../src/model/request.ts'
import { classificationOf, isSensitive } from '../../src/risk/classification.ts'

const asked = (ofResource?: unknown, ofContext?: unknown): Request =>
  ({
    subject: { type: 'agent', id: 'a' },
    action: { name: 'read' },
    resource: { type: 'file', id: 'f', properties: ofResource === undefined ? {} : { classification: ofResource } },
    ...(ofContext === undefined ? {} : { context: { classification: ofContext } }),
  }) as Request

describe('the classification of an action', () => {
  it.each([
    [null, undefined, undefined, 'internal'],
    ['public', undefined, undefined, 'public'],
    ['public', 'personal', undefined, 'personal'],
    ['restricted', 'public', 'public', 'restricted'],
    [null, 'internal', 'confidential', 'confidential'],
    [null, 'top secret', undefined, 'restricted'],
    [null, 7, undefined, 'restricted'],
  ] as const)('of a tool %s, a resource %s and a context %s is %s', (classification, ofResource, ofContext, highest) => {
    expect(classificationOf(asked(ofResource, ofContext), { classification })).toBe(highest)
  })

  it('is sensitive from personal data on', () => {
    expect(CLASSIFICATIONS.filter(isSensitive)).toEqual(['personal', 'confidential', 'restricted'])
  })
})
