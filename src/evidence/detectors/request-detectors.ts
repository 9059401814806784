import { sessionOf } from '../../access/parties.ts'
import type { ActionClass } from '../../catalogue/catalogue-file.ts'
import { detect } from '../../detect/detect.ts'
import { decidedDigest } from '../../detect/digest.ts'
import type { ClassifierAnswer, ClassifierAnswers } from '../../detect/external-classifier.ts'
import type { Finding } from '../../detect/finding.ts'
import type { DecidedDigest, RawDecided } from '../../detect/observation.ts'
import { DetectState } from '../../detect/state.ts'
import type { RequestFindings } from '../../ledger/decision-facts.ts'
import type { Request } from '../../model/request.ts'
import type { PolicySet } from '../../policy/policy-set.ts'
import { classificationOf } from '../../risk/classification.ts'

/** An action as it is asked for. */
export type DetectorInput = {
  readonly tenant: string
  readonly request: Request
  readonly action: ActionClass
  readonly atMs: number
  /** What external classifiers said of it; undefined: none was asked. */
  readonly classifierAnswers?: ClassifierAnswers | undefined
}

/** What detectors keep of a request before it is decided; undefined where none looks. */
export function requestDigestForDetectors(
  input: DetectorInput,
  { settings: { detectors }, catalogue: { vocabulary } }: Pick<PolicySet, 'settings' | 'catalogue'>,
): DecidedDigest | undefined {
  if (detectors.layers.length === 0) return undefined
  return decidedDigest(decisionObservation(input, { base_denied: false, ran: false, vocabulary }), detectors.settings)
}

/** Topic drift and injection in the arguments, from the request alone; undefined: neither. */
export function findingsIn(
  digest: DecidedDigest,
  { settings: { detectors } }: Pick<PolicySet, 'settings'>,
): RequestFindings | undefined {
  const { findings } = detect(DetectState.parse({}), digest, detectors.settings)
  const drift = findings.find(({ detector, verdict }) => detector === 'topic_drift' && isAlarm(verdict))
  const injection = findings.find(({ detector, verdict }) => detector === 'injection_arguments' && verdict === 'anomalous')
  const found: RequestFindings = {
    ...(drift === undefined || !detectors.layers.includes('context') ? {} : driftIn(drift)),
    ...(injection === undefined || !detectors.layers.includes('behaviour') ? {} : { injection: injection.rules }),
  }
  return Object.keys(found).length === 0 ? undefined : found
}

function driftIn({ verdict, reason }: Finding): Pick<RequestFindings, 'drift' | 'drift_suspected'> {
  return verdict === 'anomalous' ? { drift: reason } : { drift_suspected: reason }
}

/** Whether a finding is one that somebody should hear of. */
export const isAlarm = (verdict: Finding['verdict']): boolean => verdict === 'suspicious' || verdict === 'anomalous'

/** What detectors are shown of an action that is decided. */
function decisionObservation(
  { request, action, atMs, classifierAnswers }: DetectorInput,
  rest: Pick<RawDecided, 'base_denied' | 'ran' | 'vocabulary'>,
): RawDecided {
  return {
    kind: 'decided',
    at_ms: atMs,
    action: action.name,
    scope: action.scope,
    stake: action.stake,
    session: sessionOf(request),
    category: action.category,
    destructive: action.category === 'destructive',
    external: action.category === 'external_communication',
    classification: classificationOf(request, action),
    ...requestObservation(request),
    classifier_confidence: classifierScore(classifierAnswers?.injection),
    topic_model_score: classifierScore(classifierAnswers?.topic),
    ...rest,
  }
}

/** What detectors read of a request besides its action class. */
export function requestObservation(
  request: Request,
): Pick<RawDecided, 'arguments' | 'resource_type' | 'resource_id' | 'purpose' | 'ticket'> {
  const { purpose, ticket } = (request.context ?? {}) as { readonly purpose?: string; readonly ticket?: unknown }
  return {
    arguments: request.action.properties?.['arguments'],
    resource_type: request.resource.type,
    resource_id: request.resource.id,
    purpose,
    ticket: typeof ticket === 'string' ? ticket : undefined,
  }
}

/** What a tool gave back, as text; undefined where it gave back nothing. */
export function outputText(output: unknown): string | undefined {
  return output === undefined || typeof output === 'string' ? output : JSON.stringify(output)
}

/** The number a model answered; undefined where it was not asked or did not answer. */
export function classifierScore(answer: ClassifierAnswer | undefined): number | undefined {
  return answer?.kind === 'answered' ? answer.value : undefined
}
