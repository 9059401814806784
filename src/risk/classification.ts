import { type ActionClass, type Classification, CLASSIFICATIONS } from '../catalogue/catalogue-file.ts'
import type { Request } from '../model/request.ts'

/** What data counts as of which the catalogue says nothing. */
const ASSUMED: Classification = 'internal'

type OfTool = Pick<ActionClass, 'classification'>

/**
 * The highest of what the catalogue, the resource and the context of the request say; at least `internal` where the catalogue says
 * nothing, `restricted` for what is none of our words.
 */
export function classificationOf(request: Request, tool: OfTool): Classification {
  return claimedClassifications(request, tool).reduce((highest, each) => (rank(each) > rank(highest) ? each : highest))
}

/**
 * Everything that the classification may be: what holds without the request's word comes first, then what it claims. What the catalogue
 * says is known, so a claim below that is none.
 */
export function claimedClassifications(request: Request, { classification }: OfTool): readonly Classification[] {
  const known = classification ?? ASSUMED
  const claims = [request.resource.properties?.['classification'], request.context?.['classification']]
    .filter((said) => said !== undefined)
    .map((said) => CLASSIFICATIONS.find((each) => each === said) ?? 'restricted')
  return [known, ...claims.filter((each) => classification === null || rank(each) > rank(known))]
}

function rank(classification: Classification): number {
  return CLASSIFICATIONS.indexOf(classification)
}

/** Personal data and above are sensitive. */
export function isSensitive(classification: Classification): boolean {
  return rank(classification) >= rank('personal')
}
