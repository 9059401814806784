import type { ActionClass, Classification } from '../catalogue/catalogue-file.ts'
import { type PolicyTime, policyTime } from '../model/policy-time.ts'
import type { Request } from '../model/request.ts'
import { classificationOf, isSensitive } from './classification.ts'
import type { VerifiedFacts } from './facts.ts'

/** What policies and rules are told of a request besides its own words. */
export type RequestReading = {
  /** Facts that the caller's credential may assert. */
  readonly verified: VerifiedFacts
  readonly classification: Classification
  readonly sensitive: boolean
  readonly time: PolicyTime
}

/** Reads a request at the one timestamp of its decision. */
export function readingOf(request: Request, action: ActionClass, verified: VerifiedFacts, atMs: number): RequestReading {
  const classification = classificationOf(request, action)
  return { verified, classification, sensitive: isSensitive(classification), time: policyTime(atMs) }
}
