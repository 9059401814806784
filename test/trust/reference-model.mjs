// Reference model of trust: slow, obvious, without dependencies. Tests compare the product with it; nothing else uses it.
// The formulas are explained in docs/trust-model.md. Pure functions, time passed in explicitly (ms).
// `replay` is what the vectors of ../data/trust-vectors.json were made with.
export const DAY = 86400e3
export const LAYERS = ['identity', 'behaviour', 'context', 'outcome']
export const DEFAULTS = Object.freeze({
  Z2: 3, // z^2: zero failures => U = 3/(n+3) (rule of three); one-sided conf. 95.8 %
  anchorsU: [1, 0.5, 0.2, 0.05, 0.01, 0.001], // risk appetite: upper failure bound ...
  anchorsT: [0, 0.3, 0.5, 0.7, 0.9, 1.0], // ... <-> trust score
  Hpos: 60 * DAY,
  Hneg: 120 * DAY, // evidence half-lives, must satisfy Hpos <= Hneg
  fresh: [
    [7, 1],
    [14, 0.9],
    [30, 0.7],
    [60, 0.5],
    [90, 0.3],
    [180, 0],
  ], // days since last verified positive -> ceiling
  heatM: 30,
  heatHalf: 25, // recent-failure heat: prior mass m and half-life in positive evidence units
  tpMin: 0.35,
  countMin: 0.35, // a positive lighter than this does not refresh the freshness ceiling, nor count in k and e
  agentHeatMin: 0.35, // a positive lighter than this does not cool the agent's heat
  versionKeep: { major: 0.25, minor: 0.7 },
  versionCap: 53,
  strikeDays: 180, // composition change: what is kept; major also caps r (U = 3/56, T < .7)
  backB: 0.1,
  backM: 11, // hierarchical back-off: at most 10 % of, and 11 units of, the other scopes' evidence
  theta: [0, 0.3, 0.5, 0.7, 0.9],
  hyst: 0.02,
  demoteMargin: 0.015, // a dip lowers the effective level at once; the grant itself is taken when T_d falls this far under its threshold
  kMin: [0, 5, 20, 50, 1000],
  dwellDays: [0, 0, 1, 7, 30],
  strikeMaxDoubling: 3,
  sprtP0: [1, 0.5, 0.2, 0.05, 0.01],
  sprtRatio: 0.4,
  sprtAlpha: [1, 0.05, 0.05, 0.05, 0.01], // e-process gate, p1 = 0.4 p0
  rho: { deterministic: 1, human: 0.8, ci: 0.8, end_user: 0.5, llm_judge: 0.3, signed_import: 0.3, self: 0, silence: 0 },
  rhoMinNeg: 0.5,
  eta: { read: 0.25, proposal: 0.5, executed: 1 },
  kappa: { ambiguous: 0.5, minor: 1, moderate: 2, major: 5, critical: 10 },
  selfFlagged: 0.75,
  // m by what the action touched: nothing of others, one record, many or shared, outside or money; each reversible, hard to undo, irreversible
  reach: { none: '1 1 1', one: '1 1.25 1.5', many: '1.5 1.75 2', outside: '2 2.25 2.5' },
})
const clamp = (x, a, b) => (x < a ? a : x > b ? b : x)
const dec = (dt, H) => (dt <= 0 ? 1 : Math.pow(2, -dt / H))

// --- a failure weighs by how far it reached and how hard it is to undo: kappa' = kappa * m(blast, irreversibility), m >= 1; a complaint has no reach
export const reachOf = (blast, irreversibility, cfg = DEFAULTS) =>
  cfg.reach === undefined ? 1 : Number(cfg.reach[['none', 'one', 'many', 'outside'][blast]].split(' ')[irreversibility])
export function failureWeight({ severity, source, stake, self_flagged = false, blast, irreversibility }, cfg = DEFAULTS) {
  let kappa = cfg.kappa[severity]
  if (severity === 'minor' && self_flagged) kappa *= cfg.selfFlagged
  if (severity !== 'ambiguous') kappa *= reachOf(blast, irreversibility, cfg)
  return { kappa, weight: Math.max(cfg.rho[source], cfg.rhoMinNeg) * cfg.eta[stake] * kappa }
}

// --- opinion <-> evidence (EBSL / Beta / IDM, W = z^2) and Wilson bounds in opinion space
export const opinion = (r, s, W = DEFAULTS.Z2) => {
  const K = r + s + W
  return { b: r / K, d: s / K, u: W / K }
}
const rad = (b, d, u) => Math.sqrt((u * u) / 4 + (u < 1 ? (u * b * d) / (1 - u) : 0))
export const failUpper = (r, s, W = DEFAULTS.Z2) => {
  const { b, d, u } = opinion(r, s, W)
  return Math.min(1, d + u / 2 + rad(b, d, u))
}
export const failLower = (r, s, W = DEFAULTS.Z2) => {
  const { b, d, u } = opinion(r, s, W)
  return Math.max(0, d + u / 2 - rad(b, d, u))
}
// --- risk-appetite map phi: failure bound -> trust (log-linear between anchors, non-increasing)
export function phi(U, cfg = DEFAULTS) {
  const A = cfg.anchorsU,
    T = cfg.anchorsT
  if (!(U < 1)) return 0
  for (let i = 1; i < A.length; i++)
    if (U >= A[i]) return T[i - 1] + ((T[i] - T[i - 1]) * Math.log(A[i - 1] / U)) / Math.log(A[i - 1] / A[i])
  return T[T.length - 1]
}
// failure bound that a trust value stands for: inverse of phi, used by guardrails so that every cap binds them too
export function phiInv(T, cfg = DEFAULTS) {
  const A = cfg.anchorsU,
    B = cfg.anchorsT
  if (T <= 0) return 1
  for (let i = 1; i < A.length; i++)
    if (T <= B[i]) return A[i - 1] * Math.pow(A[i] / A[i - 1], (T - B[i - 1]) / (B[i] - B[i - 1]))
  return A[A.length - 1]
}
export const quant = (x) => Math.floor(x * 1e4 + 1e-7) / 1e4 // publish floor to 4 decimals
export function freshCeil(ageMs, cfg = DEFAULTS) {
  const d = ageMs / DAY,
    P = cfg.fresh
  if (d <= P[0][0]) return P[0][1]
  for (let i = 1; i < P.length; i++)
    if (d <= P[i][0]) {
      const [x0, y0] = P[i - 1],
        [x1, y1] = P[i]
      return y0 + ((y1 - y0) * (d - x0)) / (x1 - x0)
    }
  return 0
}
export const bandOf = (T, cfg = DEFAULTS) => {
  let b = 0
  for (let i = 1; i < cfg.theta.length; i++) if (T >= cfg.theta[i]) b = i
  return b
}

// --- one layer of one scope: {r,s,q,t,tp,tn}; r,s are valued at time t; tp = time of the last positive that refreshes; tn = latest negative
export const newLayer = () => ({ r: 0, s: 0, q: 0, t: 0, tp: -Infinity, tn: -Infinity })
export function addEvidence(L, pos, w, te, cfg = DEFAULTS) {
  // O(1), tolerant of late events
  if (!(w > 0)) return L
  const t = Math.max(L.t, te),
    a = t - L.t,
    b = t - te
  let r = L.r * dec(a, cfg.Hpos),
    s = L.s * dec(a, cfg.Hneg),
    { q, tp, tn } = L
  if (pos) {
    w = Math.min(w, 1)
    r += w * dec(b, cfg.Hpos)
    if (te > tn) q *= Math.pow(2, -w / cfg.heatHalf) // a positive from before the last failure cools nothing
    if (w >= cfg.tpMin) tp = Math.max(tp, te)
  } else {
    s += w * dec(b, cfg.Hneg)
    q += w
    tn = Math.max(tn, te)
  }
  return { r, s, q, t, tp, tn }
}
export function layerTrust(L, now, cfg = DEFAULTS, prior = { r: 0, s: 0, tp: -Infinity }) {
  const a = Math.max(0, now - L.t)
  const r = L.r * dec(a, cfg.Hpos) + prior.r,
    s = L.s * dec(a, cfg.Hneg) + prior.s
  const ev = phi(failUpper(r, s, cfg.Z2), cfg),
    heat = phi(failLower(cfg.heatM, L.q, cfg.Z2), cfg)
  const tp = Math.max(L.tp, prior.tp ?? -Infinity) // borrowed evidence is as fresh as its newest donor
  const f = tp === -Infinity ? 0 : freshCeil(now - tp, cfg)
  return { T: Math.min(ev, heat, f), ev, heat, fresh: f, ...opinion(r, s, cfg.Z2), r, s }
}
// --- back-off prior from the agent's other scopes (evidence valued at `now`)
export function backoff(others, now, cfg = DEFAULTS) {
  let r = 0,
    s = 0,
    tp = -Infinity
  for (const L of others) {
    const a = Math.max(0, now - L.t)
    r += L.r * dec(a, cfg.Hpos)
    s += L.s * dec(a, cfg.Hneg)
    tp = Math.max(tp, L.tp)
  }
  const n = r + s
  if (n <= 0) return { r: 0, s: 0, tp: -Infinity }
  const beta = Math.min(cfg.backB, cfg.backM / n)
  return { r: beta * r, s: beta * s, tp }
}
// --- the agent's heat over all its scopes: outcome failures anywhere, cooled by solid positives anywhere
export const newHeat = () => ({ q: 0, tn: -Infinity })
export function heatEvent(h, pos, w, te, cfg = DEFAULTS) {
  if (!(w > 0)) return h
  if (!pos) return { q: h.q + w, tn: Math.max(h.tn, te) }
  return w >= cfg.agentHeatMin && te > h.tn ? { ...h, q: h.q * Math.pow(2, -Math.min(w, 1) / cfg.heatHalf) } : h
}
export const heatCeil = (q, cfg = DEFAULTS) => phi(failLower(cfg.heatM, q, cfg.Z2), cfg)
// --- incidents are a set by id: {id, cap, review: 'none'|'required'|'passed', from, c, t}; the cap in force is the minimum over the set.
//     `from` is when counting may start: raised_at, or reviewed_at where a review is required. Only positives later than `from` count.
export const raiseIncident = (set, { id, cap, review = false, at }) => {
  const old = set.find((i) => i.id === id)
  const one = {
    id,
    cap: Math.min(cap, old?.cap ?? 1),
    review: review || old?.review === 'required' ? 'required' : 'none',
    from: Math.max(at, old?.from ?? -Infinity),
    c: 0,
    t: at,
  }
  return [...set.filter((i) => i.id !== id), one]
}
export const reviewIncident = (set, { id, falsePositive = false, at }) =>
  falsePositive
    ? set.filter((i) => i.id !== id)
    : set.map((i) =>
        i.id === id && i.review === 'required' ? { ...i, review: 'passed', from: Math.max(i.from, at), c: 0, t: at } : i,
      )
export const incidentPositive = (set, w, te, cfg = DEFAULTS) =>
  set.map((i) => {
    if (i.review === 'required' || te <= i.from) return i
    const t = Math.max(i.t, te)
    return { ...i, c: i.c * dec(t - i.t, cfg.Hpos) + Math.min(w, 1) * dec(t - te, cfg.Hpos), t }
  })
export const incidentCap = (i, now, cfg = DEFAULTS) =>
  i.review === 'required' ? i.cap : Math.max(i.cap, phi(cfg.Z2 / (i.c * dec(Math.max(0, now - i.t), cfg.Hpos) + cfg.Z2), cfg))
export const incidentsCap = (set, now, cfg = DEFAULTS) => Math.min(1, ...set.map((i) => incidentCap(i, now, cfg)))
export const anyOpen = (set) => set.some((i) => i.review === 'required')
// --- instrumentation ceiling: how much autonomy the set of live layers can support
export const instrCeil = (live) => {
  const h = (x) => live.includes(x)
  return h('identity') && h('behaviour')
    ? h('context') && h('outcome')
      ? 1
      : h('context') || h('outcome')
        ? 0.6999
        : 0.4999
    : 0.2999
}
// --- fused score of a scope = weakest required layer, then ceilings. `demotion` is the part that takes a granted level away
//     (evidence, heat, incidents); freshness, posture and instrumentation only suspend it.
export function score(
  { layers, priors = {}, incidents = [], agentHeat = newHeat(), ceilings = [], required = LAYERS },
  now,
  cfg = DEFAULTS,
) {
  const parts = {}
  let T = 1,
    demotion = 1
  for (const l of required) {
    const x = layerTrust(layers[l] ?? newLayer(), now, cfg, priors[l])
    parts[l] = x
    T = Math.min(T, x.T)
    if (x.r + x.s > 0) demotion = Math.min(demotion, x.ev, x.heat)
    else demotion = 0
  }
  const hot = heatCeil(agentHeat.q, cfg),
    cap = incidentsCap(incidents, now, cfg)
  T = Math.min(T, hot, cap)
  demotion = Math.min(demotion, hot, cap)
  for (const c of ceilings) T = Math.min(T, c)
  if (!cfg.noInstr) T = Math.min(T, instrCeil(required))
  return { T: clamp(T, 0, 1), demotion: clamp(demotion, 0, 1), parts, agentHeat: hot, incidentCap: cap }
}
export const chainTrust = (Ts) => (Ts.length ? Math.min(...Ts) : 0)
// Conservative merge of two *disjoint* shards of the same layer (sum evidence, max heat)
export function mergeDisjoint(A, B, cfg = DEFAULTS) {
  const t = Math.max(A.t, B.t),
    f = (L, H, k) => L[k] * dec(t - L.t, H)
  return {
    r: f(A, cfg.Hpos, 'r') + f(B, cfg.Hpos, 'r'),
    s: f(A, cfg.Hneg, 's') + f(B, cfg.Hneg, 's'),
    q: A.q + B.q,
    t,
    tp: Math.max(A.tp, B.tp),
    tn: Math.max(A.tn, B.tn),
  }
}
// --- ladder: granted level is stateful; effective = min(granted, band(T)). k and e advance once per decision, by the outcome layer only.
export const newLadder = () => ({
  level: 0,
  k: 0,
  e: 0,
  since: 0,
  kGrant: [0, 0, 0, 0, 0],
  strikes: 0,
  struckAt: -Infinity,
  restarts: 0,
})
const strikesAt = (g, now, cfg) => (now - g.struckAt > cfg.strikeDays * DAY ? 0 : g.strikes)
// log e-value for "true failure rate < p0(next level)": a test martingale over decisions. Each verified decision counts once: a good one 1 if its evidence
// is solid (w >= countMin, else nothing), a failure by its severity kappa (ambiguous .5, minor 1, moderate 2 ...), whatever stake or source made its weight small.
export const eStep = (L, pos, kappa, cfg = DEFAULTS) => {
  const p0 = cfg.sprtP0[L],
    p1 = p0 * cfg.sprtRatio
  return pos ? Math.log((1 - p1) / (1 - p0)) : clamp(kappa, 0.5, 30) * Math.log(p1 / p0)
}
export const eNeed = (g, L, now = 0, cfg = DEFAULTS) =>
  Math.log(1 / cfg.sprtAlpha[L]) + (strikesAt(g, now, cfg) + g.restarts) * Math.LN2 // every restart pays
export function ladderEvent(
  g,
  { pos, w, kappa = Math.max(1, w), te, lastNegative = -Infinity, incident = false },
  cfg = DEFAULTS,
) {
  if (!(w > 0) || (pos && (w < cfg.countMin || te <= lastNegative))) return g // too light to count, or from before the last failure
  const e = g.level < 4 ? g.e + eStep(g.level + 1, pos, kappa, cfg) : g.e
  return { ...g, e, k: incident ? 0 : pos ? g.k + 1 : g.k }
}
export const kReq = (g, L, now = 0, cfg = DEFAULTS) =>
  Math.max(cfg.kMin[L], g.kGrant[L]) * Math.pow(2, Math.min(cfg.strikeMaxDoubling, Math.max(0, strikesAt(g, now, cfg) - 1)))
export function demote(g, demotionT, now, cfg = DEFAULTS) {
  if (quant(demotionT) >= cfg.theta[g.level] - cfg.demoteMargin) return g
  return {
    ...g,
    level: Math.min(g.level, bandOf(quant(demotionT), cfg)),
    k: 0,
    e: 0,
    since: now,
    strikes: strikesAt(g, now, cfg) + 1,
    struckAt: now,
  }
}
export function tryPromote(
  g,
  { T, layerTs, openIncident = false, verifiers = 3, conflict = 0, human = false },
  now,
  cfg = DEFAULTS,
) {
  const L = g.level + 1
  if (L > 4) return { g, ok: false, why: 'top' }
  const th = cfg.theta[L] + (strikesAt(g, now, cfg) > 0 ? cfg.hyst : 0)
  if (openIncident) return { g, ok: false, why: 'incident' }
  if (quant(T) < th) return { g, ok: false, why: 'score' }
  if (layerTs.some((x) => quant(x) < cfg.theta[L])) return { g, ok: false, why: 'consensus' }
  if (conflict > 0.3) return { g, ok: false, why: 'conflict' }
  if (verifiers < (L === 4 ? 3 : L === 3 ? 2 : 1)) return { g, ok: false, why: 'verifiers' }
  if (g.k < kReq(g, L, now, cfg)) return { g, ok: false, why: 'count' }
  if (g.e < eNeed(g, L, now, cfg)) return { g, ok: false, why: 'evidence' }
  if (now - g.since < cfg.dwellDays[L] * DAY) return { g, ok: false, why: 'dwell' }
  if (L === 4 && !human) return { g, ok: false, why: 'human' }
  const kGrant = g.kGrant.slice()
  kGrant[L] = Math.max(kGrant[L], g.k)
  return { g: { ...g, level: L, k: 0, e: 0, since: now, kGrant }, ok: true }
}
// --- composition (model, prompt, tool catalogue) changed: what the old composition proved counts for less
export function compositionChange({ layers, ladder }, kind, now, cfg = DEFAULTS) {
  const keep = cfg.versionKeep[kind],
    out = {}
  for (const [l, L] of Object.entries(layers)) {
    const r = L.r * dec(Math.max(0, now - L.t), cfg.Hpos) * keep,
      t = Math.max(L.t, now)
    out[l] = { ...L, r: kind === 'major' ? Math.min(r, cfg.versionCap) : r, s: L.s * dec(Math.max(0, now - L.t), cfg.Hneg), t }
  }
  return {
    layers: out,
    ladder: {
      ...ladder,
      level: kind === 'major' ? Math.min(ladder.level, 2) : ladder.level,
      k: 0,
      e: 0,
      since: now,
      restarts: ladder.restarts + 1,
    },
  }
}
// --- one scope's whole history, in the order of processing. Events: {layer, polarity, weight, event_time}, and
//     {type:'incident', id, cap, review, at}, {type:'review', id, false_positive, at}, {type:'composition', kind, at}, {type:'promote', verifiers, human, at}.
//     Evidence may carry kappa (severity of a failure; default max(1, weight)); a failure may carry blast and reversibility, which multiply both. Defaults: verifiers 3, four layers, no back-off, no posture, no conflict or rater gate.
//     An outcome failure of weight >= 5 is a major failure: it also raises an incident without review, capped just under the band in force.
export function replay(events, readAt, cfg = DEFAULTS) {
  const h = events.reduce((state, e) => step(state, e, cfg), begin())
  return summary(h, readAt, cfg)
}
// One scope's state while its history is replayed: layers, incidents, heat (S), ladder (g), processing time, what can be given back.
export const begin = () => ({
  S: { layers: {}, incidents: [], agentHeat: newHeat() },
  g: newLadder(),
  now: -Infinity,
  undo: new Map(),
  promotions: [],
})
export function step({ S, g, now: last, undo: known, promotions }, e, cfg = DEFAULTS) {
  const te = Date.parse(e.event_time ?? e.at),
    now = Math.max(last, te), // processing time never runs backwards
    undo = new Map(known)
  if (e.type === 'incident') {
    const before = g
    S = { ...S, incidents: raiseIncident(S.incidents, { id: e.id, cap: e.cap, review: e.review, at: now }) }
    g = demote({ ...g, k: 0 }, score(S, now, cfg).demotion, now, cfg)
    undo.set(e.id, { before, struckAt: g.struckAt })
  } else if (e.type === 'review') {
    const u = undo.get(e.id)
    S = { ...S, incidents: reviewIncident(S.incidents, { id: e.id, falsePositive: e.false_positive, at: now }) }
    if (e.false_positive && u && u.struckAt === g.struckAt) g = u.before // nothing else took the level since: give back what was there
    undo.delete(e.id)
  } else if (e.type === 'composition') {
    const x = compositionChange({ layers: S.layers, ladder: g }, e.kind, now, cfg)
    S = { ...S, layers: x.layers }
    g = x.ladder
    undo.clear()
  } else if (e.type === 'promote') {
    const s = score(S, now, cfg),
      r = tryPromote(
        g,
        {
          T: s.T,
          layerTs: Object.values(s.parts).map((p) => p.T),
          openIncident: anyOpen(S.incidents),
          verifiers: e.verifiers,
          human: e.human,
        },
        now,
        cfg,
      )
    if (r.ok) undo.clear()
    g = r.g
    promotions = [...promotions, r.ok ? 'L' + g.level : r.why]
  } else {
    const pos = e.polarity === 'positive',
      reaches = !pos && (e.blast !== undefined || e.reversibility !== undefined),
      m = reaches ? reachOf(e.blast ?? 0, e.reversibility ?? 0, cfg) : 1,
      w = e.weight * m,
      kappa = reaches ? (e.kappa ?? Math.max(1, e.weight)) * m : e.kappa,
      old = S.layers[e.layer] ?? newLayer(),
      band = bandOf(quant(score(S, now, cfg).T), cfg)
    S = { ...S, layers: { ...S.layers, [e.layer]: addEvidence(old, pos, w, te, cfg) } }
    if (e.layer === 'outcome') {
      const major = !pos && w >= 5
      S = {
        ...S,
        agentHeat: heatEvent(S.agentHeat, pos, w, te, cfg),
        incidents: pos ? incidentPositive(S.incidents, w, te, cfg) : S.incidents,
      }
      if (major)
        S = {
          ...S,
          incidents: raiseIncident(S.incidents, {
            id: 'major-' + now,
            cap: [0.2999, 0.2999, 0.4999, 0.6999, 0.8999][band],
            at: now,
          }),
        }
      g = ladderEvent(g, { pos, w, kappa, te, lastNegative: old.tn, incident: major }, cfg)
    }
    if (!pos) g = demote(g, score(S, now, cfg).demotion, now, cfg)
  }
  return { S, g, now, undo, promotions }
}
export function summary({ S, g, promotions }, readAt, cfg = DEFAULTS) {
  const s = score(S, readAt, cfg),
    r12 = (x) => +x.toPrecision(12)
  return {
    trust: quant(s.T),
    band: bandOf(quant(s.T), cfg),
    level_granted: g.level,
    level_effective: Math.min(g.level, bandOf(quant(s.T), cfg)),
    agent_heat_ceiling: quant(s.agentHeat),
    incident_cap: quant(s.incidentCap),
    ladder: { k: g.k, e: r12(g.e), strikes: g.strikes, restarts: g.restarts, promotions },
    layers: Object.fromEntries(
      Object.entries(s.parts).map(([k, v]) => [
        k,
        {
          trust: quant(v.T),
          r: r12(v.r),
          s: r12(v.s),
          failure_bound: r12(failUpper(v.r, v.s, cfg.Z2)),
          heat_ceiling: quant(v.heat),
          freshness_ceiling: quant(v.fresh),
        },
      ]),
    ),
  }
}
