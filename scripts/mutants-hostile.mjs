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

export const HOSTILE_MUTANTS = [...CLAIMING, ...VANISHING, ...OCCUPYING, ...BROWSERS]
