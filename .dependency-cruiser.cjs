const { MAY_IMPORT, PURE, SETTINGS } = require('./scripts/rooms.cjs')

/** Where a thread or the program begins. */
const ENTRIES =
  '^src/(main|index|stores/sqlite/writer-worker|labs/trust-worlds/lives-worker|app/mutants/mutants-worker|app/reader/reader-worker)\\.ts$'
const room = ([name, below]) => ({
  name: `${name}-imports-down-only`,
  severity: 'error',
  from: { path: `^src/${name}/`, pathNot: SETTINGS },
  to: { path: '^src/', pathNot: [`^src/${name}/`, SETTINGS, ...below.map((folder) => `^src/${folder}/`)] },
})
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: ['\\.d\\.ts$'] }, to: {} },
    {
      name: 'no-dead-modules',
      comment: 'every module is reached from the command, the library or a thread',
      severity: 'error',
      from: { path: ENTRIES },
      to: { path: '^src/', pathNot: ENTRIES, reachable: false },
    },
    {
      name: 'dependencies-are-declared',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(MAY_IMPORT).map(room),
    {
      name: 'settings-are-leaves',
      comment: 'a settings file imports words and other settings only, so that every room may import it',
      severity: 'error',
      from: { path: SETTINGS },
      to: { path: '^src/', pathNot: [SETTINGS, '^src/(format|model|trust|catalogue|access|detect|pdp|ledger|events)/'] },
    },
    {
      name: 'labs-are-loaded-when-asked-for',
      comment: 'the evaluation of the trust model is no part of the running service: types, or a dynamic import',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/labs/' },
      to: { path: '^src/labs/', dependencyTypesNot: ['type-only', 'dynamic-import'] },
    },
    {
      name: 'pure-folders-import-no-io',
      severity: 'error',
      from: { path: `^src/(${PURE.join('|')})/` },
      to: { dependencyTypes: ['core', 'npm'], pathNot: 'node_modules/zod' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
}
