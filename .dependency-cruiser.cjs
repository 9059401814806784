/** The layers of docs/architecture.md: imports go down only, adapters never import each other. */
const ADAPTERS = [
  'rego',
  'stores',
  'audit',
  'signals',
  'opa',
  'http',
  'grpc',
  'mcp',
  'console',
  'cli',
  'webhooks',
  'monitoring',
  'identity',
]
/** The one exception: the durable stores write the tree that `audit/` defines. */
const ALSO = { stores: ['audit'] }
/** Each folder and what it may import besides itself. */
const MAY_IMPORT = {
  model: [],
  lattice: ['model'],
  trust: ['model'],
  detect: ['model'],
  risk: ['model', 'lattice'],
  pdp: ['model', 'lattice', 'trust', 'risk'],
  workflows: ['model', 'lattice', 'trust', 'risk', 'pdp'],
  service: ['model', 'lattice', 'trust', 'detect', 'risk', 'pdp', 'workflows'],
  simulation: ['model', 'lattice', 'trust', 'detect', 'risk', 'pdp', 'workflows', 'service'],
}
const BELOW_ADAPTERS = [...Object.keys(MAY_IMPORT)]
const layer = (name, below) => ({
  name: `${name}-imports-down-only`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: [`^src/${name}/`, ...below.map((folder) => `^src/${folder}/`)] },
})
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: ['\\.d\\.ts$'] }, to: {} },
    {
      name: 'no-dead-modules',
      comment: 'every module is reached from the command, the library or a thread',
      severity: 'error',
      from: { path: '^src/(main|index|stores/sqlite/writer-worker|simulation/lives-worker)\\.ts$' },
      to: {
        path: '^src/',
        pathNot: '^src/(main|index|stores/sqlite/writer-worker|simulation/lives-worker)\\.ts$',
        reachable: false,
      },
    },
    {
      name: 'dependencies-are-declared',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(MAY_IMPORT).map(([name, below]) => layer(name, below)),
    ...ADAPTERS.map((name) => layer(name, [...BELOW_ADAPTERS, ...(ALSO[name] ?? [])])),
    {
      name: 'pure-folders-import-no-io',
      severity: 'error',
      from: { path: '^src/(lattice|trust|detect|pdp|workflows)/' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
}
