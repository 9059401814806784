/**
 * Rows of the table of mutants that are about a hostile world: without each of these defences whoever only asks could harm, or something
 * would vanish unseen. SECURITY.md names the threats.
 */

const HOSTILE = (name) => `test/hostile/${name}.test.ts`

/** What a request only claims. */
const CLAIMING = [
  [
    'claims: a claimed environment, session or purpose is compared both ways',
    'risk/readings.ts',
    'oneOf([null, context[name]])',
    'oneOf([context[name]])',
    'test/risk/readings.test.ts',
    '',
  ],
  [
    'claims: what claims change of trust is compared both ways',
    'risk/readings.ts',
    'trust === null ? {} : apart(',
    'trust !== undefined ? {} : apart(',
    'test/risk/readings.test.ts',
    '',
  ],
  [
    'claims: a claimed classification is one of several',
    'risk/readings.ts',
    "['classification', oneOf(sorted)]",
    "['classification', oneOf(sorted.slice(0, 1))]",
    HOSTILE('claimed-public'),
    '',
  ],
]

/** What would disappear, or hide. */
const VANISHING = [
  [
    'log: a value that is gone is a finding',
    'audit/verify-values.ts',
    "findings.add({ kind: 'value_gone', leafIndex, id, message })",
    'void [findings, leafIndex, id, message]',
    'test/audit/verify-values.test.ts',
    '',
  ],
  [
    'log: no older state than the head in the second place',
    'stores/sqlite/start-checks.ts',
    '  if (head.size > size) {\n    const message = `The log in',
    '  if (head.size < 0) {\n    const message = `The log in',
    'test/faults/store-start.test.ts',
    '',
  ],
  [
    'log: no start without the second place’s file',
    'stores/sqlite/start-checks.ts',
    'if (isNew) return',
    'if (isNew || size >= 0) return',
    'test/faults/store-start.test.ts',
    '',
  ],
  [
    'data directory: corrected where others can read it',
    'stores/sqlite/store-files.ts',
    "if ((found & OTHERS_MODE_MASK) === 0 || process.platform === 'win32') return",
    'if (found !== -1) return',
    HOSTILE('readable-by-others'),
    'that was there with mode',
  ],
  [
    'data directory: never a shared one',
    'stores/sqlite/store-files.ts',
    'if ((found & STICKY) !== 0)',
    'if (found === -1)',
    HOSTILE('readable-by-others'),
    'is refused where everybody',
  ],
  [
    'log: what is too large for a leaf is refused before it is applied',
    'stores/seal.ts',
    'leafBytesBound(text, [...sensitive, ...masked]) > LEAF_BYTES_MAX',
    'text.length < 0',
    HOSTILE('fences-the-store'),
    'by ',
  ],
]

/** A store that begins anew. */
const HEALING = [
  [
    'healing: only a log that holds what was acknowledged',
    'stores/sqlite/start-checks.ts',
    'if (now < size)',
    'if (now < 0)',
    'test/faults/healing.test.ts',
    'stays fenced where the log',
  ],
  [
    'healing: not for a cause that stays',
    'stores/sqlite/healing-store.ts',
    'if (!isPassing) return',
    '',
    'test/faults/healing.test.ts',
    'stays fenced until a restart',
  ],
]

/** What would take the process's time. */
const OCCUPYING = [
  [
    'bodies: the names on the way to values are bounded',
    [
      ['format/strict-json.ts', 'if (count.pathChars > count.limits.pathCharsMax) return false', ''],
      ['format/json-reader.ts', 'if (cursor.pathChars > cursor.limits.pathCharsMax) return failPaths(cursor, start)', ''],
    ],
    HOSTILE('occupies-the-process'),
    'is refused where pointers',
  ],
]

/** Web pages. */
const BROWSERS = [
  [
    'pages: another origin is refused without a credential',
    'http/origin.ts',
    'if (!isForeign && !isCrossSite(request)) return undefined',
    'if (request !== undefined) return undefined',
    'test/http/origin.test.ts',
    '',
  ],
  [
    'pages: a name that is rebound to loopback is refused',
    'http/origin.ts',
    'if (host !== undefined && isForeignHost(host, site))',
    'if (host === undefined)',
    'test/http/origin.test.ts',
    '',
  ],
]

/** Whoever shows no credential. */
const [STRANGER, STRANGER_HTTP] = [HOSTILE('stranger'), HOSTILE('stranger-http')]
const STRANGERS = [
  [
    'strangers: their decisions have no effects',
    'decisions/live-decisions.ts',
    'if (decided.facts.caller.vouched === false) return ofStranger(approval, seconds)',
    '',
    STRANGER,
    'leaves every document as it is',
  ],
  [
    'strangers: hold no new agent back',
    'decisions/live-decisions.ts',
    'context.caller.credential === null ? null : newAgentOwner(context, view)',
    'newAgentOwner(context, view)',
    STRANGER,
    'a new name of an owner',
  ],
  [
    'strangers: a new agent that would be held is denied',
    'decisions/facts.ts',
    '...newAgentContainments(context, view),',
    '',
    STRANGER,
    'a new name of an owner',
  ],
  [
    'strangers: are answered lower',
    'decisions/rules/meet-inputs.ts',
    '...(facts.caller.vouched === false ? { unvouched: true as const } : {}),',
    '',
    STRANGER,
    'reads on what is not sensitive',
  ],
  [
    'strangers: used-up budgets hold them',
    'decisions/rules/guardrail-budgets.ts',
    'return unvouched === undefined ? of :',
    'return unvouched !== undefined ? of :',
    STRANGER,
    'a budget that is used up',
  ],
  [
    'strangers: observing lifts nothing',
    'pdp/lifted-terms.ts',
    'switchedOffTerm() : unvouchedTerm(inputs)',
    'switchedOffTerm() : undefined',
    STRANGER,
    'terms that are only observed',
  ],
  [
    'strangers: nobody learns from their decisions',
    'evidence/judged-decision.ts',
    'if (caller.vouched !== false) return',
    'return',
    STRANGER,
    'teach nothing about the agent',
  ],
  [
    'strangers: their request is another',
    'decisions/decision-context.ts',
    'context.caller.credential === null)',
    'false)',
    STRANGER,
    'lift nothing for a credential',
  ],
  [
    'strangers: open few approvals',
    'decisions/rules/approval-facts.ts',
    'if (unvouched === true) return open.length >= open_unvouched_max',
    'if (unvouched === true) return false',
    STRANGER,
    'are asked about so many',
  ],
  [
    'strangers: fill no list of an agent',
    'decisions/rules/approval-facts.ts',
    'others.filter((each) => each.unvouched === unvouched)',
    'others',
    STRANGER,
    'are asked about so many',
  ],
  [
    'strangers: nobody vouches beyond loopback',
    'http/listen.ts',
    '  refuseVouchedBeyond(config.http)\n',
    '',
    STRANGER_HTTP,
    'is refused on',
  ],
  [
    'strangers: an unvouched listener vouches for nothing',
    'access/caller.ts',
    '    if (standing[member].length > 0)\n      context',
    '    if (standing[member].length > 99)\n      context',
    STRANGER_HTTP,
    'is not believed',
  ],
  [
    'strangers: share a rate',
    'http/rate-limit.ts',
    "caller.credential === null ? 'anonymous' : written",
    'written',
    STRANGER_HTTP,
    'lets all strangers together',
  ],
  [
    'strangers: deny refuses them',
    'http/server.ts',
    "address.loopback && config.anonymous !== 'deny'",
    'address.loopback',
    STRANGER_HTTP,
    'answers 401',
  ],
]

/** What would take memory. */
const HOLDING = [
  [
    'memory: one request of a connection at a time',
    'http/connection/in-sequence.ts',
    'if (waiting === undefined) {',
    'if (waiting !== null) {',
    HOSTILE('holds-memory'),
    'are answered one after the other',
  ],
  [
    'memory: one caller holds a quarter',
    'http/connection/byte-budget.ts',
    ' || own > bytesMax * SOURCE_SHARE',
    '',
    HOSTILE('holds-memory'),
    'of one caller take a quarter',
  ],
  [
    'memory: unread answers have a time',
    'http/connection/unread-answers.ts',
    "setTimeout(() => cutFor('http.unread_seconds_max'), ",
    'setTimeout(() => undefined, ',
    HOSTILE('holds-memory'),
    'are cut when their time is over',
  ],
  [
    'memory: connections of one address',
    'http/connection/connection-limits.ts',
    'if (count <= limits.connections_per_address_max) return',
    'if (count > 0) return',
    HOSTILE('holds-memory'),
    'from one address are limited',
  ],
  [
    'memory: entries of one upload',
    'http/opa/decision-logs.ts',
    'if (entries > ENTRIES_MAX)',
    'if (entries < 0)',
    HOSTILE('holds-memory'),
    'of very many empty entries',
  ],
  [
    'memory: pages of the log by bytes',
    'reports/read-log.ts',
    'if (bytes > PAGE_BYTES_MAX && found.length > 0)',
    'if (bytes < 0)',
    'test/reports/read-log.test.ts',
    'ends a page where',
  ],
]

/** What would take the turns of others, or end a parser. */
const TURNS = [
  [
    'turns: one tenant leaves room for others',
    'access/fair-queue.ts',
    'of.running >= this.#bounds.ofTenantMax || next === undefined',
    'next === undefined',
    'test/access/fair-queue.test.ts',
    'leaves room for others',
  ],
  [
    'turns: over tenants',
    'access/fair-queue.ts',
    'this.#tenants.delete(tenant)\n      this.#tenants.set(tenant, of)',
    'this.#tenants.set(tenant, of)',
    'test/access/fair-queue.test.ts',
    'takes turns over tenants',
  ],
  [
    'turns: the line of a credential is bounded',
    'access/fair-queue.ts',
    'line.waiting.length >= this.#bounds.waitingMax',
    'false',
    'test/access/fair-queue.test.ts',
    'refuses what is too much',
  ],
  [
    'turns: histories of a tenant leave room',
    'reports/trust-history/trust-history.ts',
    'ofTenantMax: HISTORIES_OF_TENANT_MAX',
    'ofTenantMax: HISTORIES_AT_A_TIME_MAX',
    HOSTILE('fair'),
    'leaves the reads and decisions',
  ],
  [
    'turns: reloads that wait are limited',
    'policy/policies-in-force.ts',
    'if (asked > RELOADS_WAITING_MAX) {',
    'if (asked < 0) {',
    'test/policy/reloads.test.ts',
    'wait for the one under way',
  ],
  [
    'parsers: nesting of YAML is refused',
    'format/yaml-document.ts',
    'if (!(error instanceof RangeError)) throw error',
    'throw error',
    HOSTILE('parsers'),
    '',
  ],
  [
    'parsers: collections as keys of YAML are refused',
    'format/yaml-document.ts',
    '    refuseCollectionKeys(document)\n',
    '',
    HOSTILE('parsers'),
    '',
  ],
]

/** Whose name it is. */
const NAMES = [
  [
    'names: no person of an issuer is called like somebody known',
    'identity/token-caller.ts',
    "if (issuer.subject === 'human' && circumstances.isTaken(subject))",
    'if (subject === null)',
    HOSTILE('names'),
    'gains nothing by the name',
  ],
  [
    'names: two issuers of people of one tenant',
    'access/source-conflicts.ts',
    'if (!isShared) return []',
    'if (isShared || !isShared) return []',
    HOSTILE('names'),
    'is no trust in the people',
  ],
  [
    'names: kinds are compared',
    'access/actor-name.ts',
    '(kindOf(one) === undefined || kindOf(other) === undefined) && nameOfActor(one) === nameOfActor(other)',
    'nameOfActor(one) === nameOfActor(other)',
    HOSTILE('names'),
    'is not the one who asked',
  ],
  [
    'names: a name without a kind is of any',
    'access/actor-name.ts',
    '(kindOf(one) === undefined || kindOf(other) === undefined) && nameOfActor(one) === nameOfActor(other)',
    'false',
    'test/approvals/approval-rules.test.ts',
    'of an older record goes on',
  ],
  [
    'turns: readings and batches wait in turns',
    'http/lanes.ts',
    'return queues[lane].run(caller, inTurn, left)',
    'return inTurn()',
    'test/http/lanes.test.ts',
    'hold up neither decisions nor',
  ],
  [
    'turns: work stands back for decisions',
    'access/give-way.ts',
    'const leftMs = deciding === 0 ? 0 : first.sinceMs + STAND_BACK_MS_MAX - performance.now()',
    'const leftMs = 0',
    'test/access/give-way.test.ts',
    'stands back while a decision is under way',
  ],
  [
    'turns: refusals are held back',
    'http/connection/slow-refusals.ts',
    'return waitMs <= 0 ? undefined',
    'return waitMs <= 1e9 ? undefined',
    'test/http/slow-refusals.test.ts',
    'are answered at once until',
  ],
  [
    'turns: reading aside is noted in the log',
    'app/reader/read-aside.ts',
    'for (const detail of answer.notes) await deps.noteRead(exchange.caller, detail)',
    '',
    'test/app/reader.test.ts',
    'answers what was acknowledged before',
  ],
  [
    'turns: reading stops for who left',
    'app/reader/reading-store.ts',
    'currentReading().left.throwIfAborted()',
    '',
    'test/app/reader.test.ts',
    'reads no further for who has left',
  ],
  [
    'turns: made-up agents push out no known one',
    'stores/sqlite/document-table.ts',
    'if (found === undefined) absent.set(name, true)',
    'if (found === undefined) recent.set(name, null)',
    'test/stores/document-table.test.ts',
    'that are not there push out none',
  ],
  [
    'turns: Retry-After',
    'http/problems.ts',
    "const SOON: readonly ProblemCode[] = ['rate_limited', 'not_ready', 'deadline']",
    'const SOON: readonly ProblemCode[] = []',
    'test/http/lanes.test.ts',
    'hold up neither decisions nor',
  ],
  [
    'witness: what it signs is verified',
    'witness/add-checkpoint.ts',
    'if (first === undefined) return failed',
    'if (false) return failed',
    'test/witness/add-checkpoint.test.ts',
    '',
  ],
  [
    'witness: a larger log than ours is found',
    'witness/ask-witness.ts',
    "if (growth === undefined) return { kind: 'larger', size: old, own: store.size() }",
    "if (growth === undefined) return { kind: 'refuses' }",
    'test/hostile/witness.test.ts',
    'is not put back to an older state',
  ],
  ['chain: one person at most', 'access/parties.ts', "problems.push('several_people')", '[]', 'test/access/parties.test.ts', ''],
]

export const HOSTILE_MUTANTS = [
  ...CLAIMING,
  ...VANISHING,
  ...HEALING,
  ...OCCUPYING,
  ...BROWSERS,
  ...STRANGERS,
  ...HOLDING,
  ...TURNS,
  ...NAMES,
]
