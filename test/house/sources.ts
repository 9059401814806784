import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, resolve } from 'node:path'

import ts from 'typescript'

/** The root of the repository. */
export const REPOSITORY = resolve(import.meta.dirname, '..', '..')

/** A name that a file exports by declaring it; re-exports are none. */
export type Export = { readonly name: string; readonly file: string; readonly isType: boolean }

const files = readdirSync(join(REPOSITORY, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(REPOSITORY, join(entry.parentPath, entry.name)))
  .sort()
const trees = files.map((file) => ({
  file,
  tree: ts.createSourceFile(file, readFileSync(join(REPOSITORY, file), 'utf8'), ts.ScriptTarget.Latest),
}))

/** Every file of `src`, by its path in the repository. */
export function sourceFiles(): readonly string[] {
  return files
}

/** The rooms: the top-level folders of `src`. */
export function rooms(): readonly string[] {
  return [...new Set(files.filter((file) => file.split('/').length > 2).map(roomOf))]
}

/** The room of a file; of `src/main.ts` and `src/index.ts` their own name. */
export function roomOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.ts$/u, '')
}

/** What every file of `src` declares and exports. */
export function exportsInSource(): readonly Export[] {
  return trees.flatMap(({ file, tree }) => {
    const exported = tree.statements.filter(isExported)
    const types = new Set(exported.filter(ts.isTypeAliasDeclaration).flatMap(declaredNames))
    return [...new Set(exported.flatMap(declaredNames))].map((name) => ({ name, file, isType: types.has(name) }))
  })
}

/** Every file that may use an export, with the words in it. */
export function usingFiles(): readonly { readonly file: string; readonly words: ReadonlySet<string> }[] {
  return ['src', 'test', 'scripts', 'bin'].flatMap((folder) =>
    readdirSync(join(REPOSITORY, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(?:ts|mjs|js)$/u.test(entry.name))
      .map((entry) => relative(REPOSITORY, join(entry.parentPath, entry.name)))
      .map((file) => ({ file, words: new Set(readFileSync(join(REPOSITORY, file), 'utf8').match(/\w+/gu)) })),
  )
}

/** The names of `src` that scripts, benchmarks and `bin` import, from the sources or from what they compile to. */
export function scriptImports(): readonly { readonly from: string; readonly to: string; readonly name: string }[] {
  return usingFiles()
    .filter(({ file }) => !file.startsWith('src/') && !file.endsWith('.ts'))
    .flatMap(({ file }) => {
      const text = readFileSync(join(REPOSITORY, file), 'utf8')
      return [...text.matchAll(/^import \{([^}]+)\} from '(\.[^']+)'/gmu)].flatMap(([, names = '', target = '']) => {
        const to = posix.join(dirname(file), target).replace(/^dist\/(.*)\.js$/u, 'src/$1.ts')
        return to.startsWith('src/') ? importedNames(names).map((name) => ({ from: file, to, name })) : []
      })
    })
}

/** `a, type B, c as d` → a, B, c. */
function importedNames(list: string): readonly string[] {
  return list.split(',').flatMap((part) => /(?:type )?(\w+)/u.exec(part.trim())?.[1] ?? [])
}

/** Which file of `src` imports which. */
export function importsInSource(): readonly { readonly from: string; readonly to: string }[] {
  return trees.flatMap(({ file, tree }) =>
    tree.statements.flatMap((statement) => {
      if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return []
      const target = statement.moduleSpecifier
      if (target === undefined || !ts.isStringLiteral(target) || !target.text.startsWith('.')) return []
      return [{ from: file, to: posix.join(dirname(file), target.text) }]
    }),
  )
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : []
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
}

function declaredNames(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []))
  const { name } = statement as { readonly name?: ts.Node }
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : []
}
