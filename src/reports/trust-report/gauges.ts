import { SECOND_MS } from '../../format/time.ts'
import type { TrustGauges } from '../../model/observation.ts'
import type { ScopeReport } from './scope-report.ts'
import type { ScopeSurvey } from './survey.ts'

/** What happened, and where things stand, scope by scope; `all` first. */
export function trustGauges(
  happened: { readonly all: ScopeReport; readonly scopes: readonly ScopeReport[] },
  stands: { readonly all: ScopeSurvey; readonly scopes: readonly ScopeSurvey[] },
): readonly TrustGauges[] {
  const names = new Set([...happened.scopes, ...stands.scopes].map(({ scope }) => scope))
  const scopes = [...names].sort()
  return [
    gaugesOf(happened.all.scope, happened.all, stands.all),
    ...scopes.map((name) =>
      gaugesOf(
        name,
        happened.scopes.find(({ scope }) => scope === name),
        stands.scopes.find(({ scope }) => scope === name),
      ),
    ),
  ]
}

function gaugesOf(scope: string, happened: ScopeReport | undefined, stands: ScopeSurvey | undefined): TrustGauges {
  const { L3 = null, L4 = null } = happened?.time_to_autonomy ?? {}
  return {
    scope,
    agents: stands?.agents ?? 0,
    timeToAutonomy: { L3: seconds(L3?.mean_ms ?? null), L4: seconds(L4?.mean_ms ?? null) },
    falseDemotionRatio: happened?.false_demotion_rate ?? null,
    incidentsPerThousand: happened?.incidents_per_1000 ?? null,
    complianceRatio: happened?.compliance_rate ?? null,
    confidence: stands?.confidence ?? null,
    evidenceAge: seconds(stands?.evidence_age_ms ?? null),
    openIncidents: stands?.open_incidents ?? 0,
  }
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / SECOND_MS
}
