import { readFileSync } from 'node:fs'

import tseslint from 'typescript-eslint'

import limitExceptions from './scripts/limit-exceptions.cjs'
import { PURE } from './scripts/rooms.cjs'

/** Names a pure folder may not mention: I/O, clock, randomness, process, console, timers. */
const IMPURE_GLOBALS = [
  'process',
  'console',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'crypto',
  'performance',
  'Buffer',
].map((name) => ({ name, message: 'Pure folders import no I/O, clock, randomness, process or console (docs/architecture.md).' }))

/** What git ignores, as eslint spells it: with a slash in front it is at the root, otherwise anywhere. */
const GIT_IGNORES = readFileSync(new URL('.gitignore', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => (/\/./u.test(line) ? line.replace(/^\//u, '') : `**/${line}`))

export default tseslint.config(
  { ignores: [...GIT_IGNORES, 'bundles'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts', 'vitest.config.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
    },
  },
  {
    files: PURE.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS, { name: 'Date', message: 'Time comes in as a value.' }],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'Randomness comes in as a value.' }],
      'no-restricted-syntax': ['error', { selector: ':function[async=true]', message: 'Pure folders are synchronous.' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', 250],
      'max-lines-per-function': ['error', 40],
      'max-params': ['error', 4],
      'max-depth': ['error', 4],
    },
  },
  ...Object.entries(limitExceptions.files).map(([file, { rules }]) => ({
    files: [file],
    rules: Object.fromEntries(rules.map((rule) => [rule, 'off'])),
  })),
  {
    files: ['test/**/*.ts', 'vitest.config.ts'],
    rules: {
      'no-restricted-exports': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
)
